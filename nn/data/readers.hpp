#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nn/data/image_set.hpp"
#include "nn/graph/dataset_shape.hpp"

namespace lightloom::nn {

/// A data set's own files, as its authors publish them.
struct PublishedFiles {
  std::string_view dataset;
  std::vector<std::string> train, test;
  std::vector<std::string> folders = {};  // below the root, where archives unpack to
};

/// A format that data sets come in. Each is one file of this folder and one row of the table.
struct Reader {
  std::string_view format;  // in sentences: "NumPy files"
  /// Reads files of the format, all of one part of a data set of the expected shape. Missing or
  /// broken files are an `Error`.
  ImageSet (*read)(const std::vector<std::string>& paths, const DatasetShape& expected);
  /// Whether a file that a card lists is of this format, whatever the data set; null: the format
  /// serves its own data sets alone.
  bool (*takes)(const std::string& path) = nullptr;
  std::vector<PublishedFiles> published = {};  // data sets that come in it
  /// What the files say of the sides and counts that `known` leaves open (0), read from headers and
  /// labels; null: nothing.
  DatasetShape (*look)(const std::vector<std::string>& paths, const DatasetShape& known) = nullptr;
};

/// The one table of readers.
const std::vector<Reader>& readers();

/// Who reads a list of files that any data set may come in; nullptr: they are of its own kind.
const Reader* general_reader(const std::vector<std::string>& paths);

/// Who reads the files that a data set's authors publish, and those files; nullptrs: nobody.
struct OwnReader {
  const Reader* reader = nullptr;
  const PublishedFiles* files = nullptr;
};
OwnReader own_reader(std::string_view dataset);

/// "NumPy files, HDF5 files or folders of images": what any data set may come in.
std::string general_formats();

}  // namespace lightloom::nn
