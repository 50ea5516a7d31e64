#include <chrono>

#include "calibration/calibrate.hpp"
#include "calibration/calibration_card.hpp"
#include "calibration/fit/fit_result.hpp"
#include "calibration/fit/posterior.hpp"
#include "calibration/measurement/measurements_file.hpp"
#include "calibration/model/chip_card.hpp"
#include "calibration/model/device_card.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/results/files/build_info.hpp"
#include "experiments/results/fit_page.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/studies/accuracy/calibrated_chips.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

constexpr double normal_95 = 1.959963985;  // quantile of the normal distribution

Json parameter_json(const ChipShape& shape, int parameter, double value, double sigma) {
  return {{"name", shape.parameters.name(parameter)},
          {"kind", kind_name(shape.parameters.kind_of(parameter))},
          {"value", value},
          {"sigma", sigma},
          {"interval", {value - normal_95 * sigma, value + normal_95 * sigma}},
          {"unit", kind_unit(shape.parameters.kind_of(parameter))}};
}

Json parameters_json(const ChipShape& shape, const FitResult& fit) {
  Json list = Json::array();
  for (const int p : fit.free.parameters)
    list.push_back(parameter_json(shape, p, fit.parameters[static_cast<std::size_t>(p)],
                                  fit.sigma[static_cast<std::size_t>(p)]));
  return list;
}

Json worst_json(const ChipShape& shape, const Calibration& found) {
  Json list = Json::array();
  for (const OddDevice& device : found.worst) {
    Json one = parameter_json(shape, device.parameter, device.value, device.sigma);
    one["deviation"] = device.deviation;
    list.push_back(std::move(one));
  }
  return list;
}

Json names_json(const ChipShape& shape, const std::vector<int>& parameters) {
  Json list = Json::array();
  for (const int p : parameters) list.push_back(shape.parameters.name(p));
  return list;
}

Json stages_json(const FitResult& fit) {
  Json list = Json::array();
  for (const StageReport& stage : fit.stages)
    list.push_back({{"name", stage.name},
                    {"iterations", stage.iterations},
                    {"inner_iterations", stage.inner_iterations},
                    {"chi2_per_reading", stage.chi2_per_reading},
                    {"seconds", stage.seconds},
                    {"converged", stage.converged},
                    {"message", stage.message}});
  return list;
}

Json correlations_json(const ChipShape& shape, const FitResult& fit) {
  Json list = Json::array();
  for (const Correlation& pair : fit.correlations)
    list.push_back({{"first", shape.parameters.name(pair.first)},
                    {"second", shape.parameters.name(pair.second)},
                    {"value", pair.value}});
  return list;
}

Json fit_json(const ChipShape& shape, const Calibration& found) {
  const FitResult& fit = found.fit;
  return {{"modes", shape.ports()},
          {"converged", fit.converged},
          {"chi2_per_dof", fit.chi2_per_dof()},
          {"chi2", fit.chi2},
          {"dof", fit.dof},
          {"readings", fit.readings},
          {"outliers", fit.outliers},
          {"held_out",
           {{"readings", fit.held_out.readings},
            {"rms", fit.held_out.rms},
            {"expected_rms", fit.held_out.expected_rms},
            {"chi2_per_reading", fit.held_out.chi2_per_reading}}},
          {"free_parameters", fit.free.size()},
          {"unknowns", found.visibility.unknowns},
          {"rank", found.visibility.rank},
          {"null_dimension", found.visibility.unknowns - found.visibility.rank},
          {"null_directions", found.visibility.null_directions},
          {"undetermined", found.visibility.unexplained},
          {"dead", names_json(shape, fit.dead)},
          {"warnings", found.warnings},
          {"notes", fit.notes},
          {"needed", found.needed},
          {"worst_devices", worst_json(shape, found)},
          {"correlations", correlations_json(shape, fit)},
          {"residual_rms",
           {{"by_detector", found.residuals.by_detector},
            {"by_input", found.residuals.by_input},
            {"by_setting", found.residuals.by_setting}}},
          {"residual_histogram", found.residuals.histogram},
          {"stages", stages_json(fit)},
          {"parameters", parameters_json(shape, fit)}};
}

std::string worst_text(const ChipShape& shape, const Calibration& found) {
  TextTable table({"farthest from the design", "value", "sigma", "", "off by"});
  for (const OddDevice& device : found.worst)
    table.row({shape.parameters.name(device.parameter), fmt::format("{:.4g}", device.value),
               fmt::format("{:.2g}", device.sigma),
               kind_unit(shape.parameters.kind_of(device.parameter)),
               fmt::format("{:+.1f} spreads", device.deviation)});
  return table.text();
}

std::string fit_text(const ChipShape& shape, const Calibration& found, double seconds) {
  const FitResult& fit = found.fit;
  TextTable table({fmt::format("{} ports, {} MZIs", shape.ports(), shape.cells()), ""});
  table.row({"readings fitted", fmt::format("{}", fit.readings)});
  table.row({"free parameters", fmt::format("{}", fit.free.size())});
  table.row({"unknowns the data determine",
             fmt::format("{} of {}", found.visibility.rank, found.visibility.unknowns)});
  table.row({"chi^2 per degree of freedom", fmt::format("{:.4f}", fit.chi2_per_dof())});
  if (fit.held_out.readings > 0) {
    table.row({"held-out readings", fmt::format("{}", fit.held_out.readings)});
    table.row({"their RMS over the noise, with what is expected of it",
               fmt::format("{:.3f} ({:.3f})", fit.held_out.rms, fit.held_out.expected_rms)});
    table.row({"their chi^2 with the uncertainty of the prediction",
               fmt::format("{:.3f}", fit.held_out.chi2_per_reading)});
  }
  table.row({"converged", fit.converged ? "yes" : "no"});
  table.row({"time", fmt::format("{:.1f} s", seconds)});
  std::string text = table.text() + "\n" + worst_text(shape, found);
  const auto add = [&](const char* what, const std::vector<std::string>& lines) {
    if (!lines.empty()) text += fmt::format("\n{}\n  {}\n", what, fmt::join(lines, "\n  "));
  };
  add("no power tells", found.visibility.null_directions);
  add("said of the data and the fit", found.warnings);
  add("notes", fit.notes);
  add("more data needed", found.needed);
  return text;
}

/// A fit with what went into it; `card` is its resolved card.
struct FittedDevice {
  const ChipShape& shape;
  const Measurements& data;
  const Calibration& found;
  const Tree& card;
};

/// The device card, with how it came about.
std::string device_text(const CommandLine& line, const FittedDevice& fitted) {
  const auto& [shape, data, found, card] = fitted;
  Tree device = device_card(shape, found.fit.parameters, found.fit.sigma);
  Tree& origin = device.at_or_add("calibration");
  origin.at_or_add("command") = Tree::of(line.text);
  origin.at_or_add("program_version") = Tree::of(std::string(build_info().version));
  origin.at_or_add("git_revision") = Tree::of(std::string(build_info().git_revision));
  origin.at_or_add("settings") = Tree::of(static_cast<double>(data.settings));
  origin.at_or_add("chi2_per_dof") = Tree::of(found.fit.chi2_per_dof());
  origin.at_or_add("held_out_chi2") = Tree::of(found.fit.held_out.chi2_per_reading);
  origin.at_or_add("converged") = Tree::of(std::string(found.fit.converged ? "true" : "false"));
  Tree& noise = origin.at_or_add("noise");
  noise.at_or_add("thermal") = Tree::of(data.noise.thermal);
  noise.at_or_add("shot") = Tree::of(data.noise.shot);
  noise.at_or_add("relative") = Tree::of(data.noise.relative);
  origin.at_or_add("card") = card;
  return to_yaml(device);
}

/// Where the fit starts, or nothing: the sweeps of the data then.
std::vector<double> given_start(const CommandLine& line, const ChipShape& shape) {
  if (!line.has("start")) return {};
  return parameters_of_card(shape, load_yaml(line.value("start")));
}

Shown do_fit(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string path = operand(line, 0, "measurements (.h5 or .csv)");
  at_most_operands(line, 1);
  if (!line.output.empty()) require_writable(line.output);
  for (const char* file : {"report", "posterior"})
    if (line.has(file)) require_writable(line.value(file));
  const Measurements data = read_measurements(path);
  Tree given = Tree::mapping();
  if (line.has("card"))
    given = load_card(line.value("card"), line.settings);
  else
    for (const std::string& setting : line.settings)
      apply_setting(given, setting, "./command-line");
  Tree resolved;
  const CalibrationCard card = card_for(data, std::move(given), &resolved);
  const ChipShape shape = chip_shape(card.chip);
  const auto begin = std::chrono::steady_clock::now();
  const Calibration found = calibrate(shape, data, card.fit, given_start(line, shape));
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  Shown result{.json = fit_json(shape, found), .text = fit_text(shape, found, seconds)};
  result.json["seconds"] = seconds;
  if (line.has("report")) {
    write_file(line.value("report"), calibration_page(shape, found, path));
    result.json["report"] = line.value("report");
    result.text += fmt::format("\nreport: {}\n", line.value("report"));
  }
  if (line.has("posterior")) {
    std::vector<std::vector<double>> samples;
    const auto count = static_cast<std::uint32_t>(line.number("samples", 32, 1));
    for (std::uint32_t sample = 0; sample < count; ++sample)
      samples.push_back(sample_posterior(found.fit, line.seed.value_or(0), sample));
    write_posterior(line.value("posterior"), samples);
    result.json["posterior"] = line.value("posterior");
    result.text +=
        fmt::format("\n{} chips drawn from the fit: {}\n", count, line.value("posterior"));
  }
  if (line.output.empty()) return result;
  write_file(line.output, device_text(line, {shape, data, found, resolved}));
  result.json["device"] = line.output;
  result.text += fmt::format("\ndevice card: {}\n", line.output);
  return result;
}

}  // namespace

extern const Command calibrate_fit_command{
    .name = "calibrate fit",
    .operand = "data.h5",
    .summary = "a device from its readings",
    .endings = card_endings,
    .options = {{"card", "FILE", "chip, laboratory and fit sections of a calibration card"},
                {"start", "FILE", "start from this device card instead of sweeps"},
                {"posterior", "FILE", "chips drawn from what the fit leaves open (for `run`)",
                 results_endings},
                {"samples", "N", "how many of them (32)"},
                {"report", "FILE", "a page with residuals, correlations and worst devices",
                 page_endings}},
    .run = do_fit};

}  // namespace lightloom::experiments
