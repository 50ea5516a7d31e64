#include "calibration/measurement/heater_swaps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "core/parallel.hpp"

namespace lightloom::calibration {
namespace {

constexpr int settings_used = 6;
constexpr int phases_tried = 8;
constexpr std::size_t suspects = 8;

/// Mean of the squared differences, in units of noise and `floor`, each at most 100.
class Misfit {
 public:
  Misfit(const ChipShape& shape, const Measurements& data, std::span<const double> parameters,
         double floor)
      : shape_(shape), data_(data), parameters_(parameters), floor_(floor) {}

  [[nodiscard]] double at_phases(int setting, std::span<const double> phases) const {
    std::vector<double> model(data_.block());
    predict_at({shape_, parameters_}, phases, data_.inputs, model);
    const std::span<const double> measured = data_.readings_of(setting);
    double sum = 0;
    for (std::size_t i = 0; i < model.size(); ++i) {
      const double r = (measured[i] / data_.source(setting) - model[i]) /
                       std::hypot(floor_, data_.noise.sigma(model[i]));
      sum += std::min(r * r, 100.0);
    }
    return sum / static_cast<double>(model.size());
  }
  [[nodiscard]] std::vector<double> phases(std::span<const double> voltages) const {
    std::vector<double> result(voltages.size());
    heater_phases(shape_, parameters_, voltages, result);
    return result;
  }
  [[nodiscard]] int settings() const { return std::min(data_.settings, settings_used); }
  [[nodiscard]] std::span<const double> voltages(int setting) const {
    return data_.voltages_of(setting);
  }

 private:
  const ChipShape& shape_;
  const Measurements& data_;
  std::span<const double> parameters_;
  double floor_;
};

/// Least misfit when one heater's phase is free in every setting.
double freed(const Misfit& misfit, std::size_t heater) {
  double sum = 0;
  for (int s = 0; s < misfit.settings(); ++s) {
    std::vector<double> phases = misfit.phases(misfit.voltages(s));
    double least = misfit.at_phases(s, phases);
    for (int i = 1; i < phases_tried; ++i) {
      phases[heater] += 2 * std::numbers::pi / phases_tried;
      least = std::min(least, misfit.at_phases(s, phases));
    }
    sum += least;
  }
  return sum / misfit.settings();
}

double exchanged(const Misfit& misfit, std::size_t a, std::size_t b) {
  double sum = 0;
  for (int s = 0; s < misfit.settings(); ++s) {
    const std::span<const double> as_given = misfit.voltages(s);
    std::vector<double> voltages(as_given.begin(), as_given.end());
    std::swap(voltages[a], voltages[b]);
    sum += misfit.at_phases(s, misfit.phases(voltages));
  }
  return sum / misfit.settings();
}

struct Swap {
  std::size_t first = 0, second = 0;
  double misfit = 0;  // exchanged
};

/// The best first, and no heater twice: what one true swap mends, pairs with one of its heaters
/// mend in part.
std::vector<Swap> best_of(std::vector<Swap> swaps) {
  std::sort(swaps.begin(), swaps.end(),
            [](const Swap& a, const Swap& b) { return a.misfit < b.misfit; });
  std::vector<Swap> kept;
  for (const Swap& swap : swaps)
    if (std::none_of(kept.begin(), kept.end(), [&](const Swap& better) {
          return swap.first == better.first || swap.first == better.second ||
                 swap.second == better.first || swap.second == better.second;
        }))
      kept.push_back(swap);
  return kept;
}

}  // namespace

std::vector<std::string> find_swapped_heaters(const ChipShape& shape, const Measurements& data,
                                              std::span<const double> parameters, double floor) {
  const Misfit misfit(shape, data, parameters, floor);
  const auto heaters = static_cast<std::size_t>(shape.heater_count());
  std::vector<double> gain(heaters);
  const double straight = exchanged(misfit, 0, 0);
  parallel_for_dynamic(shape.heater_count(), [&](std::ptrdiff_t h) {
    const auto heater = static_cast<std::size_t>(h);
    gain[heater] = straight - freed(misfit, heater);
  });
  std::vector<std::size_t> order(heaters);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return gain[a] > gain[b]; });
  order.resize(std::min(order.size(), suspects));
  std::vector<Swap> swaps;
  for (std::size_t i = 0; i < order.size(); ++i) {
    // A pair needs only one of its heaters among the suspects.
    for (std::size_t other = 0; other < heaters; ++other) {
      const auto at = std::find(order.begin(), order.end(), other) - order.begin();
      if (at <= static_cast<std::ptrdiff_t>(i)) continue;
      const double crossed = exchanged(misfit, order[i], other);
      if (crossed < 0.5 * straight)
        swaps.push_back({std::min(order[i], other), std::max(order[i], other), crossed});
    }
  }
  std::vector<std::string> found;
  for (const Swap& swap : best_of(std::move(swaps)))
    found.push_back(
        fmt::format("the voltages of heaters {} and {} seem swapped (misfit {:.3g} "
                    "as they are, {:.3g} exchanged)",
                    swap.first, swap.second, straight, swap.misfit));
  return found;
}

}  // namespace lightloom::calibration
