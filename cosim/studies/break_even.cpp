#include "cosim/studies/break_even.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "cosim/generator/generator_table.hpp"

namespace lightloom::cosim {
namespace {

struct QuantityName {
  Quantity quantity;
  std::string_view name, unit;
};
constexpr QuantityName names[] = {{Quantity::bandwidth, "bandwidth", "1"},
                                  {Quantity::settle_time, "settle", "ns"},
                                  {Quantity::batch, "batch", "images"},
                                  {Quantity::generator_rate, "generator_rate", "MAC/ns"},
                                  {Quantity::generator_energy, "generator_energy", "pJ/MAC"}};

/// Whether the generator has more than the electronic unit: its rates and energies are then turned
/// together.
bool turned_as_a_whole(const CostInput& input) {
  return input.generator.present() && input.generator.kind != electronic_name;
}

double get(const CostInput& input, Quantity quantity) {
  switch (quantity) {
    case Quantity::bandwidth:
      return input.schedule.bandwidth_scale;
    case Quantity::settle_time:
      return input.core.cost.settle_ns;
    case Quantity::batch:
      return input.batch;
    case Quantity::generator_rate:
      return turned_as_a_whole(input) ? input.generator.rate_scale
                                      : input.generator.electronic.macs_per_ns;
    case Quantity::generator_energy:
      return turned_as_a_whole(input) ? input.generator.energy_scale
                                      : input.generator.electronic.mac_pJ;
  }
  return 0;
}

void set(CostInput& input, Quantity quantity, double value) {
  switch (quantity) {
    case Quantity::bandwidth:
      input.schedule.bandwidth_scale = value;
      break;
    case Quantity::settle_time:
      input.core.cost.settle_ns = value;
      break;
    case Quantity::batch:
      input.batch = static_cast<int>(std::lround(value));
      break;
    case Quantity::generator_rate:
      (turned_as_a_whole(input) ? input.generator.rate_scale
                                : input.generator.electronic.macs_per_ns) = value;
      break;
    case Quantity::generator_energy:
      (turned_as_a_whole(input) ? input.generator.energy_scale
                                : input.generator.electronic.mac_pJ) = value;
      break;
  }
}

class Solver {
 public:
  Solver(const CostInput& ours, const CostInput& baseline, Quantity quantity, Metric metric)
      : ours_(ours), baseline_(baseline), quantity_(quantity), metric_(metric) {}

  BreakEvenPoint at(double value) {
    set(ours_, quantity_, value);
    set(baseline_, quantity_, value);
    return {value, measure(ours_), measure(baseline_)};
  }

  double refine(BreakEvenPoint low, BreakEvenPoint high) {
    const bool whole = quantity_ == Quantity::batch;
    while (whole ? high.value - low.value > 1 : high.value > low.value * (1 + 1e-4)) {
      const double middle =
          whole ? std::floor((low.value + high.value) / 2) : std::sqrt(low.value * high.value);
      const BreakEvenPoint point = at(middle);
      ((point.gain() > 1) == (low.gain() > 1) ? low : high) = point;
    }
    return high.value;
  }

 private:
  [[nodiscard]] double measure(const CostInput& input) const {
    const CostReport report = simulate_cost(input);
    return metric_ == Metric::time ? report.time_ns : total(report.energy_pJ);
  }

  CostInput ours_, baseline_;
  Quantity quantity_;
  Metric metric_;
};

std::vector<double> values_of(Quantity quantity, BreakEvenRange range) {
  std::vector<double> values;
  const double ratio = range.high / range.low;
  for (int i = 0; i < range.points; ++i) {
    double value =
        range.low *
        std::pow(ratio, range.points > 1 ? static_cast<double>(i) / (range.points - 1) : 0.0);
    if (quantity == Quantity::batch) value = std::round(value);
    if (values.empty() || value > values.back()) values.push_back(value);
  }
  return values;
}

}  // namespace

std::string_view quantity_name(Quantity quantity) {
  return names[static_cast<std::size_t>(quantity)].name;
}
std::string_view quantity_unit(const CostInput& ours, Quantity quantity) {
  const bool of_generator =
      quantity == Quantity::generator_rate || quantity == Quantity::generator_energy;
  if (of_generator && turned_as_a_whole(ours)) return "1";
  return names[static_cast<std::size_t>(quantity)].unit;
}

Quantity quantity_named(const std::string& name) {
  for (const QuantityName& known : names)
    if (name == known.name) return known.quantity;
  throw Error(
      fmt::format("break-even quantity '{}' is unknown (known: bandwidth, settle, batch, "
                  "generator_rate, generator_energy)",
                  name));
}

BreakEvenRange default_range(const CostInput& ours, Quantity quantity) {
  const double value = get(ours, quantity);
  switch (quantity) {
    case Quantity::bandwidth:
      return {0.01, 100};
    case Quantity::settle_time:
      return {0.1, 1e5};
    case Quantity::batch:
      return {1, 1024, 11};
    case Quantity::generator_rate:
    case Quantity::generator_energy:
      return {std::max(value, 1e-6) * 1e-3, std::max(value, 1e-6) * 1e3};
  }
  return {0.01, 100};
}

BreakEven find_break_even(const CostInput& ours, const CostInput& baseline,
                          const BreakEvenQuestion& question) {
  const auto& [quantity, metric, range] = question;
  require(range.low > 0 && range.high > range.low && range.points >= 2,
          "break-even range from {} to {} with {} points is empty (both ends above 0, at least 2 "
          "points)",
          range.low, range.high, range.points);
  BreakEven result{.quantity = quantity, .metric = metric, .card_value = get(ours, quantity)};
  Solver solver(ours, baseline, quantity, metric);
  for (const double value : values_of(quantity, range)) {
    result.sweep.push_back(solver.at(value));
    const std::size_t n = result.sweep.size();
    if (n < 2) continue;
    const BreakEvenPoint &low = result.sweep[n - 2], &high = result.sweep[n - 1];
    if ((low.gain() > 1) != (high.gain() > 1)) result.crossings.push_back(solver.refine(low, high));
  }
  return result;
}

}  // namespace lightloom::cosim
