#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/archives/array_file.hpp"
#include "core/files/hdf5_numbers.hpp"
#include "nn/files/pickle.hpp"

namespace lightloom::nn {

/// An array of a file of any format, to be read front to back.
struct NumberRows {
  std::string path;  // and the array's name in it, for sentences
  NumberType type;
  std::vector<std::int64_t> shape;
  /// Fills with the next numbers in C order, whole rows along the first axis.
  std::function<void(std::span<double> rows)> next;
  /// Throws `Error` when more follows the last row than the shape speaks of; null: nothing can.
  std::function<void()> finish = {};

  [[nodiscard]] std::size_t count() const;  // along the first axis
  [[nodiscard]] std::size_t row() const;    // numbers in one row
};

NumberRows rows_of(ArrayFile array);
NumberRows rows_of(Hdf5Numbers numbers, const std::string& path);
/// A pickled NumPy array, or a list of numbers. Throws `Error` for anything else. The pickle must
/// outlive the rows.
NumberRows rows_of(const PickleValue& value, const std::string& path);

/// All numbers that are left, as many as the file really holds.
std::vector<double> rest_of(NumberRows& rows);

}  // namespace lightloom::nn
