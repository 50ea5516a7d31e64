#include <fmt/format.h>

#include "core/error.hpp"
#include "core/files/hdf5_numbers.hpp"
#include "nn/data/array_set.hpp"
#include "nn/data/readers.hpp"

namespace lightloom::nn {
namespace {

/// Where images and answers may lie: under the part's names, plain ones, those of other parts.
std::vector<std::string> set_names(Part part, const std::vector<std::string>& plain) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& of) {
    for (const std::string& name : plain)
      names.insert(names.end(), {fmt::format("{}_{}", name, of), fmt::format("{}_{}", of, name),
                                 fmt::format("{}/{}", of, name)});
  };
  const std::vector<std::string> parts = part_names(part);
  add(parts.front());
  names.insert(names.end(), plain.begin(), plain.end());
  for (std::size_t other = 1; other < parts.size(); ++other) add(parts[other]);
  return names;
}

ArrayPair hdf5_pair(const std::string& path, Part part) {
  const std::vector<std::string> images = set_names(part, {"images", "x", "X", "image", "data",
                                                           "inputs", "features"}),
                                 answers = set_names(
                                     part, {"labels", "y", "Y", "label", "targets", "target"});
  return {rows_of(open_hdf5_numbers(path, images), path),
          [path, answers] { return rows_of(open_hdf5_numbers(path, answers), path); }};
}

ArrayPairs hdf5_pairs(const std::vector<std::string>& paths, const DatasetShape& expected) {
  ArrayPairs pairs;
  for (const std::string& path : paths)
    pairs.push_back([path, part = expected.reading.part] { return hdf5_pair(path, part); });
  return pairs;
}

}  // namespace

Reader hdf5_reader() {
  return {
      .format = "HDF5 files",
      .read =
          [](const std::vector<std::string>& paths, const DatasetShape& expected) {
            return read_arrays(hdf5_pairs(paths, expected), expected);
          },
      .takes =
          [](const std::string& path) { return path.ends_with(".h5") || path.ends_with(".hdf5"); },
      .look =
          [](const std::vector<std::string>& paths, const DatasetShape& known) {
            return look_at_arrays(hdf5_pairs(paths, known), known);
          }};
}

}  // namespace lightloom::nn
