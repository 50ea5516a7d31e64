#include "calibration/measurement/data_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

/// The first few of a list of places, then how many more.
class Places {
 public:
  void add(const std::string& place) {
    ++count_;
    if (count_ <= 3) text_ += (count_ > 1 ? "; " : "") + place;
  }
  [[nodiscard]] bool any() const { return count_ > 0; }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::string text() const {
    return count_ > 3 ? fmt::format("{}; and {} more", text_, count_ - 3) : text_;
  }

 private:
  std::size_t count_ = 0;
  std::string text_;
};

std::string place(const Measurements& data, std::size_t index) {
  const std::size_t block = data.block(), ports = static_cast<std::size_t>(data.inputs.ports);
  return fmt::format("setting {}, input {}, detector {}", index / block, index % block / ports,
                     index % ports);
}

bool sizes_fit(const ChipShape& shape, const Measurements& data, DataReport& report) {
  const auto complain = [&](bool wrong, std::string text) {
    if (wrong) report.errors.push_back({DataFault::sizes, std::move(text)});
  };
  complain(data.settings < 1, "no settings");
  complain(
      data.inputs.ports != shape.ports(),
      fmt::format("the readings have {} ports, the mesh has {}", data.inputs.ports, shape.ports()));
  const std::size_t settings = static_cast<std::size_t>(std::max(data.settings, 1));
  complain(data.voltages.size() != settings * static_cast<std::size_t>(shape.heater_count()),
           fmt::format("{} voltages for {} settings of a mesh with {} heaters",
                       data.voltages.size(), data.settings, shape.heater_count()));
  complain(data.inputs.fields.size() != data.block(), "the input vectors are not (inputs, ports)");
  complain(data.readings.size() != settings * data.block(),
           fmt::format("{} readings for {} settings, {} inputs and {} detectors",
                       data.readings.size(), data.settings, data.inputs.count, data.inputs.ports));
  complain(!data.monitor.empty() && data.monitor.size() != settings,
           fmt::format("{} monitor values for {} settings", data.monitor.size(), data.settings));
  return report.errors.empty();
}

void check_numbers(const Measurements& data, DataReport& report) {
  Places readings, voltages, negative_volts, negative, monitors;
  for (std::size_t i = 0; i < data.readings.size(); ++i) {
    const double y = data.readings[i];
    if (!std::isfinite(y)) readings.add(place(data, i));
    if (y < -8 * data.noise.thermal - 0.02) negative.add(place(data, i));
  }
  const std::size_t heaters = data.voltages.size() / static_cast<std::size_t>(data.settings);
  for (std::size_t i = 0; i < data.voltages.size(); ++i) {
    const std::string where = fmt::format("setting {}, heater {}", i / heaters, i % heaters);
    if (!std::isfinite(data.voltages[i])) voltages.add(where);
    if (data.voltages[i] < 0) negative_volts.add(where);
  }
  for (std::size_t s = 0; s < data.monitor.size(); ++s)
    if (!(data.monitor[s] > 0) || !std::isfinite(data.monitor[s]))
      monitors.add(fmt::format("setting {}", s));
  if (readings.any())
    report.errors.push_back(
        {DataFault::not_finite,
         fmt::format("{} readings are not finite ({})", readings.count(), readings.text())});
  if (voltages.any())
    report.errors.push_back(
        {DataFault::not_finite,
         fmt::format("{} voltages are not finite ({})", voltages.count(), voltages.text())});
  if (monitors.any())
    report.errors.push_back(
        {DataFault::not_finite, fmt::format("{} monitor values are not positive ({})",
                                            monitors.count(), monitors.text())});
  if (negative.any())
    report.errors.push_back(
        {DataFault::negative_power,
         fmt::format("{} powers are negative far beyond their noise ({}): is the dark reading "
                     "subtracted twice, or the unit a logarithm?",
                     negative.count(), negative.text())});
  if (negative_volts.any())
    report.warnings.push_back(fmt::format("{} voltages are negative ({}); only V^2 counts",
                                          negative_volts.count(), negative_volts.text()));
}

/// A detector that reads its own greatest value again and again is at its end.
void check_saturation(const Measurements& data, DataReport& report) {
  const auto ports = static_cast<std::size_t>(data.inputs.ports);
  for (std::size_t p = 0; p < ports; ++p) {
    double greatest = -INFINITY;
    std::size_t count = 0, at_end = 0;
    for (std::size_t i = p; i < data.readings.size(); i += ports)
      greatest = std::max(greatest, data.readings[i]);
    for (std::size_t i = p; i < data.readings.size(); i += ports, ++count)
      at_end += data.readings[i] == greatest ? 1u : 0u;
    if (at_end >= 3 && greatest > 0)
      report.errors.push_back(
          {DataFault::saturation,
           fmt::format("detector {} is saturated: {} of {} readings are exactly {:.6g}", p, at_end,
                       count, greatest)});
    if (greatest <= 5 * data.noise.thermal)
      report.errors.push_back(
          {DataFault::darkness, fmt::format("detector {} sees no light in any setting", p)});
  }
}

void check_inputs(const Measurements& data, DataReport& report) {
  const auto ports = static_cast<std::size_t>(data.inputs.ports);
  for (int k = 0; k < data.inputs.count; ++k) {
    double sent = 0, most = 0;
    for (std::size_t p = 0; p < ports; ++p)
      sent += std::norm(data.inputs.fields[static_cast<std::size_t>(k) * ports + p]);
    for (int s = 0; s < data.settings; ++s) {
      double sum = 0;
      for (std::size_t p = 0; p < ports; ++p)
        sum += data.readings_of(s)[static_cast<std::size_t>(k) * ports + p];
      most = std::max(most, sum / data.source(s));
    }
    if (most < 1e-3 * sent)
      report.errors.push_back(
          {DataFault::darkness, fmt::format("input {}: its light reaches no detector", k)});
    if (most > 3 * sent)
      report.errors.push_back(
          {DataFault::units,
           fmt::format("input {}: detectors read {:.3g} times the light sent in; readings are in "
                       "units of a full-scale input",
                       k, most / std::max(sent, 1e-300))});
  }
}

void check_settings(const ChipShape& shape, const Measurements& data, DataReport& report) {
  Places constant, repeated;
  const int heaters = shape.heater_count();
  for (int h = 0; h < heaters; ++h) {
    const auto heater = static_cast<std::size_t>(h);
    bool moves = false;
    for (int s = 1; s < data.settings; ++s)
      moves = moves || data.voltages_of(s)[heater] != data.voltages_of(0)[heater];
    if (!moves) constant.add(heater_name(shape.topology, h));
  }
  for (int s = 1; s < data.settings; ++s) {
    const std::span<const double> now = data.voltages_of(s), before = data.voltages_of(s - 1);
    if (std::equal(now.begin(), now.end(), before.begin()))
      repeated.add(fmt::format("settings {} and {}", s - 1, s));
  }
  if (static_cast<int>(constant.count()) == heaters)
    report.errors.push_back(
        {DataFault::static_voltages,
         "all voltages are the same in all settings: static data cannot separate heater laws"});
  else if (constant.any())
    report.warnings.push_back(fmt::format("constant voltage: {}", constant.text()));
  if (repeated.any())
    report.warnings.push_back(fmt::format("the same voltages twice in a row: {}", repeated.text()));
  const std::size_t unknowns =
      6 * static_cast<std::size_t>(shape.cells()) + 3 * static_cast<std::size_t>(shape.ports());
  const std::size_t count = data.readings.size();
  const std::size_t wanted = (5 * unknowns + data.block() - 1) / data.block();
  if (count < unknowns)
    report.errors.push_back(
        {DataFault::few_settings,
         fmt::format("too few settings: {} readings for about {} unknowns (measure at least {} "
                     "settings with all inputs, better {})",
                     count, unknowns, wanted, 2 * wanted)});
  else if (count < 5 * unknowns)
    report.warnings.push_back(fmt::format(
        "few settings: {} readings for about {} unknowns; {} settings would give 5 each", count,
        unknowns, wanted));
}

/// Detectors (or inputs) of the model and of the data that are held against one another.
struct Pairing {
  bool detectors;
  std::size_t of_model, of_data;
};

double chi2(const Measurements& data, const std::vector<double>& model, const Pairing& pairing) {
  const auto [detectors, of_model, of_data] = pairing;
  const auto ports = static_cast<std::size_t>(data.inputs.ports), block = data.block();
  const std::size_t length = detectors ? static_cast<std::size_t>(data.inputs.count) : ports;
  double sum = 0;
  std::size_t count = 0;
  for (std::size_t s = 0; s < static_cast<std::size_t>(data.settings); ++s) {
    for (std::size_t i = 0; i < length; ++i, ++count) {
      const std::size_t m = s * block + (detectors ? i * ports + of_model : of_model * ports + i);
      const std::size_t d = s * block + (detectors ? i * ports + of_data : of_data * ports + i);
      const double source = data.source(static_cast<int>(s));
      const double r = (data.readings[d] / source - model[m]) / data.noise.sigma(model[m]);
      sum += std::min(r * r, 1e6);
    }
  }
  return sum / static_cast<double>(count);
}

void swaps_along(const Measurements& data, const std::vector<double>& model, bool detectors,
                 std::vector<std::string>& found) {
  const auto count = static_cast<std::size_t>(detectors ? data.inputs.ports : data.inputs.count);
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = a + 1; b < count; ++b) {
      const double straight =
          std::min(chi2(data, model, {detectors, a, a}), chi2(data, model, {detectors, b, b}));
      if (straight < 4) continue;
      const double crossed =
          std::max(chi2(data, model, {detectors, a, b}), chi2(data, model, {detectors, b, a}));
      if (crossed < 0.25 * straight)
        found.push_back(fmt::format(
            "{} {} and {} seem swapped (chi^2 per reading {:.3g} as they are, {:.3g} exchanged)",
            detectors ? "detectors" : "inputs", a, b, straight, crossed));
    }
  }
}

}  // namespace

std::vector<std::string> texts_of(const std::vector<DataError>& errors,
                                  std::initializer_list<DataFault> allowed) {
  std::vector<std::string> texts;
  for (const DataError& error : errors)
    if (std::find(allowed.begin(), allowed.end(), error.fault) == allowed.end())
      texts.push_back(error.text);
  return texts;
}

DataReport check_data(const ChipShape& shape, const Measurements& data) {
  DataReport report;
  if (!sizes_fit(shape, data, report)) return report;
  check_numbers(data, report);
  check_saturation(data, report);
  check_inputs(data, report);
  check_settings(shape, data, report);
  return report;
}

void refuse_bad_data(const ChipShape& shape, const Measurements& data) {
  const DataReport report = check_data(shape, data);
  std::string text = "calibrate: these measurements cannot be fitted";
  for (const DataError& error : report.errors) text += "\n  " + error.text;
  if (!report.errors.empty()) throw Error(text);
}

std::vector<std::string> find_swaps(const ChipShape& shape, const Measurements& data,
                                    std::span<const double> parameters) {
  std::vector<double> model(data.readings.size());
  for (int s = 0; s < data.settings; ++s)
    predict({shape, parameters}, data.voltages_of(s), data.inputs,
            {model.data() + static_cast<std::size_t>(s) * data.block(), data.block()});
  std::vector<std::string> found;
  swaps_along(data, model, true, found);
  swaps_along(data, model, false, found);
  return found;
}

}  // namespace lightloom::calibration
