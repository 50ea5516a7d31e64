#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "nn/data/array_set.hpp"
#include "nn/data/images/picture.hpp"
#include "nn/data/readers.hpp"

namespace lightloom::nn {
namespace {

namespace fs = std::filesystem;

/// Names of folders, or of files, without those that systems leave behind (.DS_Store, Thumbs.db).
std::vector<fs::path> sorted(const fs::path& folder, bool folders) {
  std::vector<fs::path> found;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(".") || name == "Thumbs.db" || name == "desktop.ini") continue;
    if (folders ? entry.is_directory() : entry.is_regular_file()) found.push_back(entry.path());
  }
  require(!failed, "cannot read the folder '{}'", folder.string());
  std::sort(found.begin(), found.end());
  return found;
}

Picture fitted_picture(const std::string& path, const DatasetShape& expected) {
  const MapShape& map = expected.image;
  Picture picture = with_channels(read_picture(path), map.channels);
  if (expected.reading.resize > 0)
    return centre_crop(resized(picture, expected.reading.resize, path), map.height, map.width,
                       path);
  require(picture.height == map.height && picture.width == map.width,
          "'{}' is {} pixels high and {} wide where {} needs {} and {} (set dataset.resize: {} to "
          "scale the shorter side and take the middle, or give the data set a name of its own)",
          path, picture.height, picture.width, expected.name, map.height, map.width,
          std::max(map.height, map.width));
  return picture;
}

std::vector<fs::path> class_folders(const std::string& path, const DatasetShape& expected) {
  std::vector<fs::path> classes = sorted(path, true);
  if (expected.task == Task::autoencoder && classes.empty()) classes.push_back(path);
  require(expected.task != Task::classes || static_cast<int>(classes.size()) == expected.classes,
          "'{}' has {} folders where {} has {} classes (one folder of images each, in the order "
          "of their names)",
          path, classes.size(), expected.name, expected.classes);
  return classes;
}

/// One folder of images for each class, in the order of their names.
ImageSet read_folders(const std::vector<std::string>& paths, const DatasetShape& expected) {
  require(expected.task != Task::regression,
          "folders of images have classes, not numbers to predict (list arrays in dataset.train)");
  ImageSet set{.image = expected.image, .pixels = {}, .labels = {}};
  give_no_labels(expected, set);
  require(set.image.channels == 1 || set.image.channels == 3,
          "{} has {} channels (folders of images give 1 or 3)", expected.name, set.image.channels);
  for (const std::string& path : paths) {
    const std::vector<fs::path> classes = class_folders(path, expected);
    for (std::size_t label = 0; label < classes.size(); ++label) {
      for (const fs::path& image : sorted(classes[label], false)) {
        const Picture picture = fitted_picture(image.string(), expected);
        set.pixels.insert(set.pixels.end(), picture.samples.begin(), picture.samples.end());
        set.labels.push_back(
            static_cast<std::uint16_t>(expected.task == Task::classes ? label : 0));
      }
    }
  }
  return set;
}

/// The size of the first image, unless it is scaled, and the number of folders.
DatasetShape look_at_folders(const std::vector<std::string>& paths, const DatasetShape& known) {
  DatasetShape found = known;
  std::vector<fs::path> classes = sorted(paths.front(), true);
  if (known.classes == 0) found.classes = static_cast<int>(classes.size());
  if (classes.empty()) classes.push_back(paths.front());
  const std::vector<fs::path> images = sorted(classes.front(), false);
  require(!images.empty(), "'{}' holds no images", classes.front().string());
  const Picture first = look_at_picture(images.front().string());
  const int side = known.reading.resize;
  if (known.image.height == 0) found.image.height = side > 0 ? side : first.height;
  if (known.image.width == 0) found.image.width = side > 0 ? side : first.width;
  if (known.image.channels == 0) found.image.channels = first.channels;
  if (known.task == Task::autoencoder) found.classes = static_cast<int>(found.image.size());
  return found;
}

}  // namespace

Reader folder_reader() {
  return {.format = "folders of images",
          .read = read_folders,
          .takes =
              [](const std::string& path) {
                std::error_code unknown;
                return fs::is_directory(path, unknown);
              },
          .look = look_at_folders};
}

}  // namespace lightloom::nn
