#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/studies/validation/validation_output.hpp"
#include "experiments/studies/validation/validation_pages.hpp"

namespace lightloom::experiments {
namespace {

Shown do_validate(const CommandLine& line, ProgressSink& progress) {
  require(line.settings.empty() || line.operands.size() == 1,
          "--set changes the card of one chip (name that card)");
  const std::vector<std::string> files = line.outputs();
  require_outputs(line, files);
  const Validation found =
      validate(line.operands.empty() ? shipped_chips() : line.operands,
               {.settings = line.settings,
                .networks = line.has("networks") ? Networks::run : Networks::recorded,
                .results = line.has("results") ? line.value("results") : ""},
               progress);
  Shown result{.json = to_json(found), .text = validation_text(found)};
  if (!line.output.empty()) {
    write_file(line.output, validation_page(found));
    result.json["page"] = line.output;
    result.text += fmt::format("page: {}\n", line.output);
  }
  if (line.has("markdown")) {
    write_file(line.value("markdown"), validation_markdown(found));
    result.json["markdown"] = line.value("markdown");
    result.text += fmt::format("document: {}\n", line.value("markdown"));
  }
  return result;
}

}  // namespace

extern const Command validate_command{
    .name = "validate",
    .operand = "[chip.yaml...]",
    .summary =
        "published chips: predicted beside measured, for every card of a chip or those named",
    .endings = page_endings,
    .options = {{"markdown", "FILE", "the document too", {".md"}},
                {"networks", "",
                 "also what runs trained networks, where their files are; else the cards' record"},
                {"results", "FOLDER",
                 "numbers from the results files there that the cards' commands wrote"}},
    .run = do_validate};

}  // namespace lightloom::experiments
