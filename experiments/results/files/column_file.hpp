#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "calibration/elements/linear_fit.hpp"

namespace lightloom::experiments {

/// Reads a CSV whose first line names its columns; `#` begins a comment. Every value is a finite
/// number. Throws `Error` naming file and line.
std::vector<calibration::TableColumn> read_columns(const std::string& path);

/// The column of a name. Throws `Error` naming `path` and the columns there are.
const std::vector<double>& column_named(const std::vector<calibration::TableColumn>& table,
                                        const std::string& path, std::string_view name);

}  // namespace lightloom::experiments
