#include "experiments/commands/experiment/sweep_files.hpp"

#include <fmt/format.h>

#include <sstream>
#include <vector>

#include "core/files/atomic_file.hpp"
#include "core/files/labelled_bytes.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/results/files/provenance.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/studies/accuracy/image_use.hpp"

namespace lightloom::experiments {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Json axes_json(const SweepGrid& grid) {
  Json axes = Json::object();
  for (const SweepAxis& axis : grid.axes) {
    Json& json = axes[axis.name] = {{"key", axis.key}, {"unit", axis.unit}};
    if (axis.range)
      json.update({{"from", axis.range->from}, {"to", axis.range->to}});
    else
      json["size"] = axis.values.size();
  }
  return axes;
}

}  // namespace

std::string page_of(const CommandLine& line, const std::string& results) {
  const std::string page = line.value("report", report_path(results));
  return page == "none" ? "" : page;
}

SweepFiles sweep_files(const CommandLine& line, const std::string& name, const SweepPart& part) {
  SweepFiles places{.results = line.output};
  if (places.results.empty())
    places.results = part.whole() ? name + ".h5" : part_path(name + ".h5", part);
  if (part.whole() || line.has("report")) places.page = page_of(line, places.results);
  require_outputs(line, {places.results, places.page});
  return places;
}

Shown write_sweep(const Labelled& table, const SweepGrid& grid, const SweepFiles& places) {
  write_packed(places.results, table);
  if (!places.page.empty()) write_file(places.page, report_page(table));
  Shown result;
  result.json = {{"results", places.results},
                 {"report", places.page.empty() ? Json() : Json(places.page)},
                 {"points", grid.points()},
                 {"axes", axes_json(grid)}};
  result.text = fmt::format("\n\nresults: {}\n", places.results);
  if (!places.page.empty()) result.text += fmt::format("report:  {}\n", places.page);
  if (const auto chose = lines_of(text_attribute(table, "images_chose")); !chose.empty()) {
    result.json["images_chose"] = chose;
    result.text += images_chose_text(chose) + "\n";
  }
  return result;
}

}  // namespace lightloom::experiments
