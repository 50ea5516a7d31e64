// Single elements and tables measured alone: one CSV with named columns each.
#include <charconv>
#include <cmath>
#include <fstream>
#include <numbers>
#include <sstream>

#include "calibration/elements/drift_fit.hpp"
#include "calibration/elements/fringe.hpp"
#include "calibration/elements/linear_fit.hpp"
#include "calibration/elements/ring_fit.hpp"
#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/files/labelled.hpp"
#include "experiments/commands/calibrate/calibrate.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::stringstream stream(line);
  for (std::string cell; std::getline(stream, cell, ',');) {
    const auto from = cell.find_first_not_of(" \t\r"), to = cell.find_last_not_of(" \t\r");
    cells.push_back(from == std::string::npos ? "" : cell.substr(from, to - from + 1));
  }
  return cells;
}

/// A CSV whose first line names its columns; `#` begins a comment.
std::vector<TableColumn> read_table(const std::string& path) {
  std::ifstream file(path);
  require(file.good(), "'{}' does not exist or cannot be read", path);
  std::vector<TableColumn> columns;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const std::vector<std::string> cells = cells_of(line);
    if (cells.empty() || line[0] == '#' || (cells.size() == 1 && cells[0].empty())) continue;
    if (columns.empty()) {
      for (const std::string& cell : cells) columns.push_back({cell, {}});
      continue;
    }
    require(cells.size() == columns.size(), "{}:{}: {} values for {} columns", path, number,
            cells.size(), columns.size());
    for (std::size_t c = 0; c < cells.size(); ++c) {
      double value = 0;
      const char* begin = cells[c].data();
      const auto [end, error] = std::from_chars(begin, begin + cells[c].size(), value);
      require(error == std::errc() && end == begin + cells[c].size() && std::isfinite(value),
              "{}:{}: '{}' in column '{}' is not a number", path, number, cells[c],
              columns[c].name);
      columns[c].values.push_back(value);
    }
  }
  require(!columns.empty() && !columns[0].values.empty(), "{}: no rows", path);
  return columns;
}

const std::vector<double>& column(const std::vector<TableColumn>& table, const std::string& path,
                                  const std::string& name) {
  for (const TableColumn& one : table)
    if (one.name == name) return one.values;
  std::vector<std::string> names;
  for (const TableColumn& one : table) names.push_back(one.name);
  throw Error(fmt::format("{}: no column '{}' (it has {})", path, name, fmt::join(names, ", ")));
}

std::string problems_text(const std::vector<std::string>& problems) {
  std::string text;
  for (const std::string& problem : problems) text += "problem: " + problem + "\n";
  return text;
}

FringeLaw law_of(const std::string& name) {
  if (name == "quadratic") return FringeLaw::quadratic;
  if (name == "self-heating") return FringeLaw::self_heating;
  if (name == "cubic") return FringeLaw::cubic;
  throw Error(fmt::format("--law {}: must be quadratic, self-heating or cubic", name));
}

std::string coefficients_text(const LinearFit& fit) {
  TextTable table({"coefficient", "value", "sigma", "95 % from", "to"});
  for (const Coefficient& one : fit.coefficients)
    table.row({one.name, fmt::format("{:.6g}", one.value), fmt::format("{:.2g}", one.sigma),
               fmt::format("{:.6g}", one.low), fmt::format("{:.6g}", one.high)});
  return table.text() + fmt::format("RMS {:.4g}, largest residual {:.4g}, R^2 {:.6f}\n", fit.rms,
                                    fit.greatest, fit.r_squared);
}

Json linear_json(const LinearFit& fit) {
  Json json{{"coefficients", Json::object()},    {"rms", fit.rms},
            {"largest_residual", fit.greatest},  {"r_squared", fit.r_squared},
            {"degrees_of_freedom", fit.freedom}, {"problems", fit.problems}};
  for (const Coefficient& one : fit.coefficients)
    json["coefficients"][one.name] = {
        {"value", one.value}, {"sigma", one.sigma}, {"interval", {one.low, one.high}}};
  return json;
}

}  // namespace

CommandResult calibrate_fringe(const CommandLine& line) {
  const std::string path = calibrate_operand(line, 1, "a CSV with the columns voltage_V,power");
  at_most_operands(line, 1);
  const std::vector<TableColumn> table = read_table(path);
  FringeOptions options{.law = law_of(line.value("law", "quadratic"))};
  if (line.has("pi-voltage")) {
    const double volts = calibrate_number(line, "pi-voltage", 0, 1e-6);
    const double gamma = std::numbers::pi / (volts * volts);
    options.gamma_low = 0.7 * gamma;
    options.gamma_high = 1.3 * gamma;
  }
  const FringeFit fit =
      fit_fringe(column(table, path, "voltage_V"), column(table, path, "power"), options);
  CommandResult result;
  result.json = {{"gamma", fit.gamma},
                 {"gamma_sigma", fit.gamma_sigma},
                 {"gamma2", fit.gamma2},
                 {"gamma2_sigma", fit.gamma2_sigma},
                 {"phase_rad", fit.phase_rad},
                 {"phase_sigma", fit.phase_sigma},
                 {"pi_voltage_V", std::sqrt(std::numbers::pi / fit.gamma)},
                 {"visibility", fit.visibility},
                 {"offset", fit.mean - fit.amplitude},
                 {"mean", fit.mean},
                 {"amplitude", fit.amplitude},
                 {"cubic", fit.cubic},
                 {"rms", fit.rms},
                 {"problems", fit.problems}};
  result.text = fmt::format(
      "gamma {:.6g} +- {:.2g} rad/V^2 (V_pi {:.4f} V)\nphi_0 {:.4f} +- {:.2g} rad\nvisibility "
      "{:.4f}, RMS {:.3g}\n{}",
      fit.gamma, fit.gamma_sigma, std::sqrt(std::numbers::pi / fit.gamma), fit.phase_rad,
      fit.phase_sigma, fit.visibility, fit.rms, problems_text(fit.problems));
  return result;
}

CommandResult calibrate_ring(const CommandLine& line) {
  const std::string path = calibrate_operand(line, 1, "a CSV with the columns wavelength_nm,power");
  at_most_operands(line, 1);
  const std::vector<TableColumn> table = read_table(path);
  const RingFit fit = fit_ring(column(table, path, "wavelength_nm"), column(table, path, "power"));
  CommandResult result;
  result.json = {{"port", fit.dips ? "through" : "drop"},
                 {"baseline", fit.baseline},
                 {"fsr_nm", fit.fsr_nm},
                 {"fsr_sigma", fit.fsr_sigma},
                 {"finesse", fit.finesse},
                 {"rms", fit.rms},
                 {"resonances", Json::array()},
                 {"problems", fit.problems}};
  TextTable lines({"resonance", "+-", "width", "+-", "Q", "depth"});
  for (const Resonance& one : fit.resonances) {
    result.json["resonances"].push_back({{"centre_nm", one.centre_nm},
                                         {"centre_sigma", one.centre_sigma},
                                         {"width_nm", one.width_nm},
                                         {"width_sigma", one.width_sigma},
                                         {"quality", one.quality},
                                         {"quality_sigma", one.quality_sigma},
                                         {"depth", one.depth}});
    lines.row({fmt::format("{:.5f} nm", one.centre_nm), fmt::format("{:.1g}", one.centre_sigma),
               fmt::format("{:.5f} nm", one.width_nm), fmt::format("{:.1g}", one.width_sigma),
               fmt::format("{:.0f}", one.quality), fmt::format("{:.4f}", one.depth)});
  }
  result.text = lines.text() + fmt::format("free spectral range {:.4f} nm, finesse {:.2f}\n{}",
                                           fit.fsr_nm, fit.finesse, problems_text(fit.problems));
  return result;
}

CommandResult calibrate_line(const CommandLine& line) {
  const std::string path = calibrate_operand(line, 1, "a CSV with two columns, x then y");
  at_most_operands(line, 1);
  const std::vector<TableColumn> table = read_table(path);
  require(table.size() == 2, "{}: {} columns, a line has two (x, y)", path, table.size());
  const LinearFit fit = fit_line(table[0].values, table[1].values);
  return {.json = linear_json(fit),
          .text = fmt::format("{} over {}\n", table[1].name, table[0].name) +
                  coefficients_text(fit) + problems_text(fit.problems)};
}

/// Where a value comes from, beside what the section says of its other values.
void set_source(Tree& card, const std::string& section, const std::string& name,
                const std::string& text) {
  const Tree* at = &card;
  for (std::string rest = section; at != nullptr && !rest.empty();) {
    const auto dot = rest.find('.');
    at = at->find(rest.substr(0, dot));
    rest = dot == std::string::npos ? "" : rest.substr(dot + 1);
  }
  const std::string source = section.empty() ? "source" : section + ".source";
  const Tree* found = at == nullptr ? nullptr : at->find("source");
  if (found != nullptr && found->kind == Tree::Kind::scalar) {
    const Tree whole = *found;
    set_at(card, source, Tree::mapping(), ".");
    set_at(card, source + ".others", whole, ".");
  }
  set_at(card, source + "." + name, Tree::of(text), ".");
}

/// `--into card.yaml --section path -o mine.yaml`: the card with the coefficients in the place of
/// its own, each under the name of its column. Cards that it names are written out, so that it
/// stands anywhere.
void write_energies(const CommandLine& line, const std::string& table, const LinearFit& fit,
                    CommandResult& result) {
  require(line.has("into"),
          "lightloom calibrate energy -o needs --into card.yaml (the card whose energies the "
          "coefficients replace, each named as its column)");
  require(fit.problems.empty(), "{}: {} (nothing written)", table, fmt::join(fit.problems, "; "));
  Tree card = load_card(line.value("into"), {});
  const std::string section = line.value("section", "");
  for (const auto& coefficient : fit.coefficients) {
    require(coefficient.value >= 0, "{}: the coefficient of '{}' is negative ({:.4g})", table,
            coefficient.name, coefficient.value);
    set_at(card, section.empty() ? coefficient.name : section + "." + coefficient.name,
           Tree::of(coefficient.value), ".");
    set_source(card, section, coefficient.name,
               fmt::format("measured: lightloom calibrate energy {} (+- {:.2g})", table,
                           coefficient.sigma));
  }
  write_text(line.output, to_yaml(card));
  result.json["card"] = line.output;
  result.text += fmt::format("card: {}\n", line.output);
}

CommandResult calibrate_energy(const CommandLine& line) {
  const std::string path =
      calibrate_operand(line, 1, "a CSV with a column for each counted event and one of energies");
  at_most_operands(line, 1);
  if (!line.output.empty()) require_writable(line.output);
  std::vector<TableColumn> table = read_table(path);
  const std::string target = line.value("target", table.back().name);
  const std::vector<double> energy = column(table, path, target);
  std::erase_if(table, [&](const TableColumn& one) { return one.name == target; });
  const LinearFit fit = fit_linear(table, energy, RowWeights::relative);
  CommandResult result{
      .json = linear_json(fit),
      .text = fmt::format("{} = sum of coefficients times columns, by relative errors\n", target) +
              coefficients_text(fit) + problems_text(fit.problems)};
  if (!line.output.empty()) write_energies(line, path, fit, result);
  return result;
}

CommandResult calibrate_drift(const CommandLine& line) {
  const std::string path = calibrate_operand(line, 1, "a CSV with the columns time_s,value");
  at_most_operands(line, 1);
  const std::vector<TableColumn> table = read_table(path);
  const std::vector<double>& time = column(table, path, "time_s");
  require(time.size() > 1, "{}: one row", path);
  const double interval = (time.back() - time.front()) / static_cast<double>(time.size() - 1);
  for (std::size_t i = 1; i < time.size(); ++i)
    require(std::abs(time[i] - time[i - 1] - interval) < 0.05 * interval,
            "{}: the readings are not at equal intervals (row {}: {} s after the one before, the "
            "mean is {} s)",
            path, i, time[i] - time[i - 1], interval);
  const DriftFit fit = fit_drift(interval, column(table, path, "value"));
  const double limit = calibrate_number(line, "limit", 0, 0);
  const double after = limit > 0 && fit.good() ? recalibrate_after_s(fit, limit) : NAN;
  CommandResult result;
  result.json = {{"sigma", fit.sigma},
                 {"sigma_error", fit.sigma_error},
                 {"time_constant_s", fit.time_constant_s},
                 {"time_constant_error", fit.time_constant_error},
                 {"noise", fit.noise},
                 {"recalibrate_after_s", std::isfinite(after) ? Json(after) : Json()},
                 {"problems", fit.problems}};
  result.text = fmt::format(
      "spread {:.4g} +- {:.2g}, time constant {:.4g} +- {:.2g} s, noise {:.3g}\n", fit.sigma,
      fit.sigma_error, fit.time_constant_s, fit.time_constant_error, fit.noise);
  if (limit > 0 && fit.good())
    result.text += std::isfinite(after)
                       ? fmt::format("within {} for {:.4g} s after a calibration\n", limit, after)
                       : fmt::format("never beyond {}\n", limit);
  result.text += problems_text(fit.problems);
  return result;
}

}  // namespace lightloom::experiments
