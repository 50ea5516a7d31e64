#include <fmt/format.h>

#include "calibration/elements/linear_fit.hpp"
#include "calibration/tables/value_tables.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/views/linear_fit_view.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

/// A column as "voltage_V (V)".
std::string shown(const LabColumn& column, const char* otherwise) {
  const std::string name = column.name.empty() ? otherwise : column.name;
  return column.unit.empty() ? name : fmt::format("{} ({})", name, column.unit);
}

Shown do_line(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string path = operand(line, 0, "a table with two columns, x then y");
  at_most_operands(line, 1);
  const LineTable table = line_table(read_lab_table(read_file(path, "table"), path),
                                     {.x = line.value("x", ""),
                                      .y = line.value("y", ""),
                                      .x_unit = line.value("x-unit", ""),
                                      .y_unit = line.value("y-unit", "")});
  const LinearFit fit = fit_line(table.x.values, table.y.values);
  Shown result = linear_fit_view(fit);
  result.json["x"] = {{"column", table.x.name}, {"unit", table.x.unit}};
  result.json["y"] = {{"column", table.y.name}, {"unit", table.y.unit}};
  result.json["notes"] = table.notes;
  result.text = fmt::format("{} over {}\n", shown(table.y, "y"), shown(table.x, "x")) + result.text;
  for (const std::string& note : table.notes) result.text += "note: " + note + "\n";
  return result;
}

}  // namespace

extern const Command calibrate_line_command{
    .name = "calibrate line",
    .operand = "detector-or-converter.csv",
    .summary = "slope and offset of a detector or converter",
    .options = {{"x", "COLUMN", "the column of x, by name or number"},
                {"y", "COLUMN", "the column of y, by name or number"},
                {"x-unit", "UNIT", "mW, dBm, V ...: instead of what the file says"},
                {"y-unit", "UNIT", "V, mA, nm ...: instead of what the file says"}},
    .run = do_line};

}  // namespace lightloom::experiments
