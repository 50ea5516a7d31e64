#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "calibration/data_check.hpp"

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
    predict_at(shape_, parameters_, phases, data_.inputs, model);
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

}  // namespace

std::vector<std::string> find_swapped_heaters(const ChipShape& shape, const Measurements& data,
                                              std::span<const double> parameters, double floor) {
  const Misfit misfit(shape, data, parameters, floor);
  const auto heaters = static_cast<std::size_t>(shape.heater_count());
  std::vector<double> gain(heaters);
  const double straight = exchanged(misfit, 0, 0);
#pragma omp parallel for schedule(dynamic)
  for (std::size_t h = 0; h < heaters; ++h) gain[h] = straight - freed(misfit, h);
  std::vector<std::size_t> order(heaters);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return gain[a] > gain[b]; });
  order.resize(std::min(order.size(), suspects));
  std::vector<std::string> found;
  for (std::size_t i = 0; i < order.size(); ++i) {
    // A pair needs only one of its heaters among the suspects.
    for (std::size_t other = 0; other < heaters; ++other) {
      const auto at = std::find(order.begin(), order.end(), other) - order.begin();
      if (at <= static_cast<std::ptrdiff_t>(i)) continue;
      const double crossed = exchanged(misfit, order[i], other);
      if (crossed < 0.5 * straight)
        found.push_back(
            fmt::format("the voltages of heaters {} and {} seem swapped (misfit {:.3g} "
                        "as they are, {:.3g} exchanged)",
                        std::min(order[i], other), std::max(order[i], other), straight, crossed));
    }
  }
  return found;
}

}  // namespace lightloom::calibration
