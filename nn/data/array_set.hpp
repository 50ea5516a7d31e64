#pragma once

#include <functional>
#include <string>
#include <vector>

#include "nn/data/image_set.hpp"
#include "nn/files/number_rows.hpp"
#include "nn/graph/dataset_shape.hpp"

namespace lightloom::nn {

/// Images (or rows of numbers) of a file and, unless they answer for themselves, what to say of
/// them.
struct ArrayPair {
  NumberRows images;
  std::function<NumberRows()> answers;  // opened once the images are read
};
using ArrayPairs = std::vector<std::function<ArrayPair()>>;

/// Reads arrays of any format as one part of a data set. Images: (count, height, width, channels),
/// (count, channels, height, width), (count, height, width) of one channel, (count, numbers). Any
/// real type. Answers: labels (count), (count, 1) or one-hot (count, classes); numbers (count) or
/// (count, outputs) of a regression. Throws `Error` for what is ambiguous, with both readings.
ImageSet read_arrays(const ArrayPairs& pairs, const DatasetShape& expected);

/// The shape that the arrays have where `known` leaves it open (a side or count of 0).
DatasetShape look_at_arrays(const ArrayPairs& pairs, const DatasetShape& known);

/// "train", "test", "val": how names say a part, this one first.
std::vector<std::string> part_names(Part part);

/// Throws `Error` unless every label is a class, saying what numbers they are. Appends them.
void append_labels(const std::vector<double>& labels, const std::string& path,
                   const DatasetShape& expected, ImageSet& set);

/// What a part without images' answers needs: zeros as labels, and the outputs of the task.
void give_no_labels(const DatasetShape& expected, ImageSet& set);

}  // namespace lightloom::nn
