// Results as files of other programs.
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/results/files/tidy_tables.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/shown.hpp"

namespace lightloom::experiments {
namespace {

std::vector<std::string> arrays_asked_for(const CommandLine& line) {
  std::vector<std::string> patterns;
  if (!line.has("arrays")) return patterns;
  std::istringstream list(line.value("arrays"));
  for (std::string pattern; std::getline(list, pattern, ',');)
    if (!pattern.empty()) patterns.push_back(pattern);
  require(!patterns.empty(),
          "--arrays names no array (names with commas between them; * is any "
          "text)");
  return patterns;
}

/// "x.source-layer.csv" of "x.csv": where a file holds tables along several sets of axes, each has
/// a file of its own.
std::string table_path(const std::string& output, const TidyTable& table) {
  const std::filesystem::path path(output);
  const std::string axes =
      table.axes.empty() ? "scalars" : fmt::format("{}", fmt::join(table.axes, "-"));
  return (path.parent_path() / fmt::format("{}.{}.csv", path.stem().string(), axes)).string();
}

Json table_json(const TidyTable& table, const std::string& file) {
  Json arrays = Json::array();
  for (const Variable* array : table.arrays)
    arrays.push_back(
        {{"name", array->name}, {"unit", array->unit}, {"long_name", array->long_name}});
  return {{"file", file}, {"axes", table.axes}, {"rows", table.rows}, {"arrays", arrays}};
}

/// One file a table; under the output's own name where there is one table.
Shown write_tables(const CommandLine& line, const Labelled& data) {
  const std::vector<TidyTable> tables = tidy_tables(data);
  std::vector<std::string> files;
  for (const TidyTable& table : tables)
    files.push_back(tables.size() == 1 ? line.output : table_path(line.output, table));
  require_outputs(line, files);
  Shown result;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    write_file(files[i], tidy_csv(data, tables[i]));
    result.json["files"].push_back(table_json(tables[i], files[i]));
    result.text += fmt::format("{}: {} rows of {} arrays along ({})\n", files[i], tables[i].rows,
                               tables[i].arrays.size(), fmt::join(tables[i].axes, ", "));
  }
  return result;
}

std::string json_of(const Labelled& data) {
  return to_json(data).dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// The one array that is asked for, without what says where its points are.
const Variable& only_array(const Labelled& data) {
  const std::vector<std::string> places = coordinate_names(data);
  std::vector<const Variable*> arrays;
  for (const Variable& array : data.variables)
    if (data.variables.size() == 1 || std::ranges::find(places, array.name) == places.end())
      arrays.push_back(&array);
  require(arrays.size() == 1, "a .npy file holds one array, not {} (choose it with --arrays NAME)",
          arrays.size());
  return *arrays.front();
}

Shown do_export(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string path = only_operand(line, "a results file");
  require(!line.output.empty(), "lightloom export needs --output, whose ending says the format");
  require(line.settings.empty(), "--set belongs to a card, not to a results file");
  const Labelled data = chosen_arrays(read_labelled(path), arrays_asked_for(line));
  require(!data.variables.empty(), "'{}' holds no array", path);
  if (line.output.ends_with(".csv")) return write_tables(line, data);
  Json names = Json::array();
  if (line.output.ends_with(".npy")) {
    const Variable& array = only_array(data);
    write_file(line.output, npy_of(data, array));
    names.push_back(array.name);
  } else {
    if (line.output.ends_with(".json"))
      write_file(line.output, json_of(data));
    else
      write_labelled(line.output, data);
    for (const Variable& array : data.variables) names.push_back(array.name);
  }
  return {.json = {{"files", {{{"file", line.output}, {"arrays", names}}}}},
          .text = fmt::format("{}: {} arrays\n", line.output, names.size())};
}

}  // namespace

extern const Command export_command{
    .name = "export",
    .operand = "results.h5",
    .summary = "results as CSV, JSON, NumPy array or NetCDF-4",
    .endings = export_endings,
    .options = {{"arrays", "NAME[,...]", "only these arrays; * stands for any text"}},
    .run = do_export};

}  // namespace lightloom::experiments
