#include "cosim/studies/break_even.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

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

/// Both sides at any value of the quantity; remembers what it has worked out.
class Solver {
 public:
  Solver(const CostInput& ours, const CostInput& baseline, const BreakEvenQuestion& question)
      : ours_(ours), baseline_(baseline), question_(question) {}

  BreakEvenPoint at(double value) {
    set(ours_, question_.quantity, value);
    set(baseline_, question_.quantity, value);
    const BreakEvenPoint point{value, measure(ours_), measure(baseline_)};
    seen_[value] = point;
    return point;
  }

  /// The two neighbours between which `holds` changes, given values on either side of the change.
  template <class Holds>
  std::pair<BreakEvenPoint, BreakEvenPoint> refine(BreakEvenPoint low, BreakEvenPoint high,
                                                   Holds holds) {
    const bool whole = question_.quantity == Quantity::batch;
    while (whole ? high.value - low.value > 1 : high.value > low.value * (1 + 1e-4)) {
      const double middle =
          whole ? std::floor((low.value + high.value) / 2) : std::sqrt(low.value * high.value);
      const BreakEvenPoint point = at(middle);
      (holds(point) == holds(low) ? low : high) = point;
    }
    return {low, high};
  }

  [[nodiscard]] std::vector<BreakEvenPoint> seen() const {
    std::vector<BreakEvenPoint> points;
    for (const auto& [value, point] : seen_) points.push_back(point);
    return points;
  }

 private:
  [[nodiscard]] double measure(const CostInput& input) const {
    const CostReport report = simulate_cost(input);
    return question_.metric == Metric::time ? report.time_ns : total(report.energy_pJ);
  }

  CostInput ours_, baseline_;
  const BreakEvenQuestion& question_;
  std::map<double, BreakEvenPoint> seen_;
};

/// The stretches over which the sides are equal, from all points that the search for crossings has
/// looked at: a crossing too steep for the range's points is among them.
std::vector<EqualStretch> equal_stretches(Solver& solver, double tolerance) {
  const auto equal = [&](const BreakEvenPoint& point) {
    return std::abs(point.gain() - 1) <= tolerance;
  };
  std::vector<EqualStretch> found;
  const std::vector<BreakEvenPoint> points = solver.seen();
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool now = equal(points[i]), before = i > 0 && equal(points[i - 1]);
    if (now && i == 0) found.push_back({points[i].value, points[i].value});
    if (now && before) found.back().to = points[i].value;
    if (i == 0 || now == before) continue;
    const auto [low, high] = solver.refine(points[i - 1], points[i], equal);
    if (now)
      found.push_back({high.value, points[i].value});
    else
      found.back().to = low.value;
  }
  return found;
}

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
  const auto& [quantity, metric, range, tolerance] = question;
  require(range.low > 0 && range.high > range.low && range.points >= 2,
          "break-even range from {} to {} with {} points is empty (both ends above 0, at least 2 "
          "points)",
          range.low, range.high, range.points);
  require(tolerance >= 0, "break-even tolerance {} is negative", tolerance);
  BreakEven result{.quantity = quantity,
                   .metric = metric,
                   .card_value = get(ours, quantity),
                   .tolerance = tolerance};
  Solver solver(ours, baseline, question);
  const auto pays = [](const BreakEvenPoint& point) { return point.gain() > 1; };
  for (const double value : values_of(quantity, range)) {
    result.sweep.push_back(solver.at(value));
    const std::size_t n = result.sweep.size();
    if (n < 2) continue;
    const BreakEvenPoint &low = result.sweep[n - 2], &high = result.sweep[n - 1];
    if (pays(low) != pays(high))
      result.crossings.push_back(solver.refine(low, high, pays).second.value);
  }
  result.equal = equal_stretches(solver, tolerance);
  return result;
}

std::vector<BreakEvenAnswer> break_even_answers(const BreakEven& found) {
  constexpr double wide = 1.1;
  std::vector<BreakEvenAnswer> answers;
  for (const EqualStretch& stretch : found.equal)
    if (stretch.to > wide * stretch.from) answers.push_back({stretch});
  const std::size_t stretches = answers.size();
  for (const double value : found.crossings) {
    const auto end = answers.begin() + static_cast<std::ptrdiff_t>(stretches);
    if (std::none_of(answers.begin(), end,
                     [&](const BreakEvenAnswer& each) { return each.at.holds(value); }))
      answers.push_back({{value, value}});
  }
  std::sort(answers.begin(), answers.end(), [](const BreakEvenAnswer& a, const BreakEvenAnswer& b) {
    return a.at.from < b.at.from;
  });
  return answers;
}

}  // namespace lightloom::cosim
