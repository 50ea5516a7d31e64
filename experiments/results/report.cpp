#include "experiments/results/report.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/parallel.hpp"
#include "experiments/results/embedded.hpp"
#include "experiments/results/files/provenance.hpp"
#include "experiments/results/html_text.hpp"
#include "experiments/results/page_data.hpp"
#include "experiments/results/page_values.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;

Json to_json(const Values& values) {
  return std::visit([](const auto& list) { return Json(list); }, values);
}

/// The template with every {{name}} replaced in one pass, so that a text containing {{...}} stays
/// as it is.
std::string fill(std::string_view page,
                 const std::vector<std::pair<std::string_view, std::string_view>>& parts) {
  std::string filled;
  while (!page.empty()) {
    const std::size_t open = page.find("{{");
    filled += page.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = page.find("}}", open);
    const std::string_view name = page.substr(open + 2, close - open - 2);
    for (const auto& [key, value] : parts)
      if (key == name) filled += value;
    page.remove_prefix(close + 2);
  }
  return filled;
}

}  // namespace

namespace {

Json json_with(const Labelled& data, Json (*of_values)(const Values&)) {
  Json json{{"attributes", Json::object()}, {"axes", Json::array()}, {"variables", Json::array()}};
  for (const auto& [name, value] : data.attributes)
    std::visit([&, key = name](const auto& held) { json["attributes"][key] = held; }, value);
  for (const Axis& axis : data.axes)
    json["axes"].push_back({{"name", axis.name},
                            {"unit", axis.unit},
                            {"long_name", axis.long_name},
                            {"values", of_values(axis.values)}});
  std::vector<Json> values(data.variables.size());
  parallel_for_dynamic(static_cast<std::ptrdiff_t>(values.size()), [&](std::ptrdiff_t i) {
    const auto k = static_cast<std::size_t>(i);
    values[k] = of_values(data.variables[k].values);
  });
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Variable& variable = data.variables[i];
    json["variables"].push_back({{"name", variable.name},
                                 {"axes", variable.axes},
                                 {"unit", variable.unit},
                                 {"long_name", variable.long_name},
                                 {"values", std::move(values[i])}});
  }
  return json;
}

}  // namespace

Json to_json(const Labelled& data) {
  return json_with(data, [](const Values& values) { return to_json(values); });
}

std::string report_page(const Labelled& data) {
  const std::string title = html_text(text_attribute(data, "title") + " · lightloom");
  const std::string json = script_json(json_with(page_data(data), page_values));
  return fill(embedded::page_template, {{"title", title},
                                        {"style", embedded::page_style},
                                        {"data", json},
                                        {"chart_library", embedded::chart_library},
                                        {"data_script", embedded::page_data_script},
                                        {"chart_script", embedded::page_chart_script},
                                        {"sweep_chart_script", embedded::page_sweep_chart_script},
                                        {"parts_script", embedded::page_parts_script},
                                        {"zoom_script", embedded::page_zoom_script},
                                        {"tiles_script", embedded::page_tiles_script},
                                        {"mesh_script", embedded::page_mesh_script},
                                        {"sweep_page_script", embedded::page_sweep_script},
                                        {"curves_script", embedded::page_curves_script},
                                        {"page_script", embedded::page_script}});
}

std::string report_path(const std::string& results) {
  const fs::path path(results);
  return (path.parent_path() /
          (path.stem() == "results" ? "report.html" : path.stem().string() + ".html"))
      .string();
}

}  // namespace lightloom::experiments
