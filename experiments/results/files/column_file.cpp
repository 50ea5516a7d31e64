#include "experiments/results/files/column_file.hpp"

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/files/csv.hpp"

namespace lightloom::experiments {

using calibration::TableColumn;

std::vector<TableColumn> read_columns(const std::string& path) {
  const std::string text = read_file(path, "table");
  std::vector<TableColumn> columns;
  for (const CsvLine& line : csv_lines(text)) {
    if (columns.empty()) {
      for (const std::string_view cell : line.cells) columns.push_back({std::string(cell), {}});
      continue;
    }
    require(line.cells.size() == columns.size(), "{}:{}: {} values for {} columns", path,
            line.number, line.cells.size(), columns.size());
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const std::optional<double> value = csv_number(line.cells[c]);
      require(value.has_value(), "{}:{}: '{}' in column '{}' is not a number", path, line.number,
              line.cells[c], columns[c].name);
      columns[c].values.push_back(*value);
    }
  }
  require(!columns.empty() && !columns[0].values.empty(), "{}: no rows", path);
  return columns;
}

const std::vector<double>& column_named(const std::vector<TableColumn>& table,
                                        const std::string& path, std::string_view name) {
  for (const TableColumn& one : table)
    if (one.name == name) return one.values;
  std::vector<std::string> names;
  for (const TableColumn& one : table) names.push_back(one.name);
  throw Error(fmt::format("{}: no column '{}' (it has {})", path, name, fmt::join(names, ", ")));
}

}  // namespace lightloom::experiments
