#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/files/atomic_file.hpp"  // require_writable goes with write_labelled

namespace lightloom {

/// Contents of an array or attribute.
using Values = std::variant<std::vector<double>, std::vector<float>, std::vector<std::int64_t>,
                            std::vector<std::string>>;

std::size_t size_of(const Values& values);

/// An array with named axes, row-major: the data model of xarray and of our HDF5 files.
struct Variable {
  std::string name;
  std::vector<std::string> axes;  // names of axes, slowest first; empty: a scalar
  Values values;
  std::string unit;       // "" when not applicable; "1" for ratios
  std::string long_name;  // for plots and readers
};

/// A coordinate axis: a one-dimensional variable named like its axis.
struct Axis {
  std::string name;
  Values values;
  std::string unit;
  std::string long_name;
};

/// One results or checkpoint file: labelled axes, arrays over them, text and number attributes.
struct Labelled {
  std::vector<Axis> axes;
  std::vector<Variable> variables;
  std::map<std::string, std::variant<std::string, double, std::int64_t>> attributes;

  [[nodiscard]] const Axis* axis(std::string_view name) const;
  [[nodiscard]] const Variable* variable(std::string_view name) const;
  /// Adds an axis; throws `Error` when one of that name exists.
  Axis& add_axis(Axis axis);
  /// Adds a variable; throws `Error` when its axes are unknown or its size is not their product.
  Variable& add(Variable variable);
};

/// Version of our file layout; a file of a newer one is refused.
inline constexpr std::int64_t schema_version = 1;

/// Writes HDF5 with dimension scales, `units` and `long_name` attributes, so that
/// `xarray.open_dataset(path, engine="h5netcdf")` gives labelled arrays. Writes beside `path` and
/// renames, so an existing file stays whole until the new one is complete. Adds `schema_version`.
/// Throws `Error` if the place cannot be written.
void write_labelled(const std::string& path, const Labelled& data);

/// Reads a file written by `write_labelled`. Throws `Error` for missing, truncated, foreign or
/// newer files.
Labelled read_labelled(const std::string& path);

}  // namespace lightloom
