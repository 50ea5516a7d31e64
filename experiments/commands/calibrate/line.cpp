#include "calibration/elements/linear_fit.hpp"
#include "core/error.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/results/files/column_file.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/views/linear_fit_view.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

Shown do_line(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string path = operand(line, 0, "a CSV with two columns, x then y");
  at_most_operands(line, 1);
  const std::vector<TableColumn> table = read_columns(path);
  require(table.size() == 2, "{}: {} columns, a line has two (x, y)", path, table.size());
  const LinearFit fit = fit_line(table[0].values, table[1].values);
  Shown result = linear_fit_view(fit);
  result.text = fmt::format("{} over {}\n", table[1].name, table[0].name) + result.text;
  return result;
}

}  // namespace

extern const Command calibrate_line_command{
    .name = "calibrate line",
    .operand = "detector-or-converter.csv",
    .summary = "slope and offset of a detector or converter",
    .options = {},
    .run = do_line};

}  // namespace lightloom::experiments
