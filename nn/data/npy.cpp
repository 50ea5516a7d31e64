#include <algorithm>
#include <array>

#include "core/error.hpp"
#include "nn/data/array_set.hpp"
#include "nn/data/readers.hpp"

namespace lightloom::nn {
namespace {

bool is_archive(const std::string& path) { return path.ends_with(".npz"); }

/// Names that images and answers go by in one file: those of the part, plain ones, other parts'.
struct PairNames {
  std::string images, answers;
};

std::vector<PairNames> pair_names(Part part) {
  // The last pair is what numpy.savez calls arrays without names.
  static constexpr std::array<std::pair<const char*, const char*>, 14> plain{
      {{"images", "labels"},
       {"x", "y"},
       {"X", "y"},
       {"X", "Y"},
       {"image", "label"},
       {"data", "labels"},
       {"data", "label"},
       {"data", "targets"},
       {"data", "target"},
       {"inputs", "targets"},
       {"inputs", "labels"},
       {"features", "labels"},
       {"features", "targets"},
       {"arr_0", "arr_1"}}};
  std::vector<PairNames> names;
  const auto add = [&](const std::string& of) {
    for (const auto& [images, answers] : plain) {
      names.push_back({std::string(images) + "_" + of, std::string(answers) + "_" + of});
      names.push_back({of + "_" + images, of + "_" + answers});
    }
  };
  const std::vector<std::string> parts = part_names(part);
  add(parts.front());
  for (const auto& [images, answers] : plain) names.push_back({images, answers});
  for (std::size_t other = 1; other < parts.size(); ++other) add(parts[other]);
  return names;
}

/// The first pair of names whose images are among `there`.
PairNames find_names(const std::vector<std::string>& there, const DatasetShape& expected,
                     const std::string& path) {
  const auto has = [&](const std::string& name) {
    return std::find(there.begin(), there.end(), name) != there.end();
  };
  for (const PairNames& names : pair_names(expected.reading.part))
    if (has(names.images) && (expected.task == Task::autoencoder || has(names.answers)))
      return names;
  throw Error(
      fmt::format("'{}' holds the arrays {} (images and their answers go by the names "
                  "images and labels, x and y, x_train and y_train, data and labels)",
                  path, fmt::join(there, ", ")));
}

ArrayPair archived_pair(const std::string& path, const DatasetShape& expected) {
  const PairNames names = find_names(archived_arrays(path), expected, path);
  return {rows_of(open_archived_array(path, names.images)),
          [path, names] { return rows_of(open_archived_array(path, names.answers)); }};
}

/// .npz archives hold a pair each; .npy files come as images and answers in turn, or as images
/// alone where these answer for themselves.
ArrayPairs array_pairs(const std::vector<std::string>& paths, const DatasetShape& expected) {
  ArrayPairs pairs;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const std::string& images = paths[i];
    if (is_archive(images)) {
      pairs.push_back([images, expected] { return archived_pair(images, expected); });
      continue;
    }
    if (expected.task == Task::autoencoder) {
      pairs.push_back([images] { return ArrayPair{rows_of(open_array(images)), {}}; });
      continue;
    }
    require(++i < paths.size() && !is_archive(paths[i]),
            "a data set of NumPy files lists images and {} in turn ('{}' has none behind it)",
            expected.task == Task::regression ? "targets" : "labels", images);
    pairs.push_back([images, answers = paths[i]] {
      return ArrayPair{rows_of(open_array(images)),
                       [answers] { return rows_of(open_array(answers)); }};
    });
  }
  return pairs;
}

}  // namespace

Reader npy_reader() {
  return {.format = "NumPy files",
          .read =
              [](const std::vector<std::string>& paths, const DatasetShape& expected) {
                return read_arrays(array_pairs(paths, expected), expected);
              },
          .takes =
              [](const std::string& path) {
                return path.ends_with(".npy") || path.ends_with(".npy.gz") || is_archive(path);
              },
          .look =
              [](const std::vector<std::string>& paths, const DatasetShape& known) {
                return look_at_arrays(array_pairs(paths, known), known);
              }};
}

}  // namespace lightloom::nn
