#include "experiments/results/report.hpp"

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/results/files/provenance.hpp"
#include "experiments/results/shown.hpp"

namespace lightloom::experiments {
namespace {

Shown do_report(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string results = only_operand(line, "a results file");
  const std::string output = line.output.empty() ? report_path(results) : line.output;
  require_outputs(line, {output});
  const Labelled data = read_labelled(results);
  const std::string page = report_page(data);
  write_file(output, page);
  Shown result;
  result.json = {{"report", output},
                 {"results", results},
                 {"title", text_attribute(data, "title")},
                 {"bytes", page.size()}};
  result.text = fmt::format("report: {}\n", output);
  return result;
}

}  // namespace

extern const Command report_command{.name = "report",
                                    .operand = "results.h5",
                                    .summary = "results as one self-contained HTML page",
                                    .endings = page_endings,
                                    .options = {},
                                    .run = do_report};

}  // namespace lightloom::experiments
