#include "experiments/sweep/merge.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/experiment/sweep_files.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/sweep/sweep_comparison.hpp"
#include "experiments/sweep/sweep_table.hpp"

namespace lightloom::experiments {
namespace {

Shown do_merge(const CommandLine& line, ProgressSink& /*progress*/) {
  require(!line.operands.empty(), "lightloom merge needs the files of a sweep's parts");
  require(!line.output.empty(), "lightloom merge needs --output, the file for all points");
  require(line.settings.empty(), "--set belongs to a card, not to files of results");
  MergedSweep merged = merge_sweeps(line.operands);
  const SweepFiles where = sweep_files(line, "", {});
  const std::size_t done = count_done(merged.table), points = merged.grid.points();
  if (done < points && !line.has("incomplete"))
    throw Failure(fmt::format(
        "the files hold {} of {} points; the first that is missing is {} (compute the other parts, "
        "or write what is there with --incomplete, which `lightloom sweep` goes on with)",
        done, points, merged.grid.describe(first_missing(merged.table))));
  compare_with_first(merged.table, merged.grid);
  Shown result = write_sweep(merged.table, merged.grid, where);
  result.text = fmt::format("{} of {} points from {} files", done, points, line.operands.size()) +
                result.text;
  result.json["done"] = done;
  return result;
}

}  // namespace

extern const Command merge_command{.name = "merge",
                                   .operand = "parts...",
                                   .summary = "the parts of a sweep as one file",
                                   .endings = results_endings,
                                   .options = {{"incomplete", "", "also where points are missing"},
                                               {"report", "FILE", page_help, page_or_none}},
                                   .run = do_merge};

}  // namespace lightloom::experiments
