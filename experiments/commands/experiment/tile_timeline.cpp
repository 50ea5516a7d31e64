#include "experiments/commands/experiment/tile_timeline.hpp"

#include <fmt/format.h>

#include "core/files/labelled.hpp"
#include "experiments/commands/card_input.hpp"
#include "experiments/from_cards/timeline_card.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/shown.hpp"

namespace lightloom::experiments {

void write_tile_timeline(const CommandLine& line, ProgressSink& progress, Shown& result) {
  const std::string path = line.value("timeline");
  const Labelled tiles =
      timeline_card({.card = load_given_card(line), .command = line.text, .progress = &progress},
                    line.value("timeline-of"));
  if (path.ends_with(".html"))
    write_file(path, report_page(tiles));
  else
    write_labelled(path, tiles);
  result.json["timeline"] = path;
  result.text += fmt::format("\ntimeline: {}\n", path);
}

}  // namespace lightloom::experiments
