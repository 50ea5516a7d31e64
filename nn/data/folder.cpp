#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "nn/data/readers.hpp"

#ifdef LIGHTLOOM_HAS_PNG
#include <png.h>
#endif

namespace lightloom::nn {
namespace {

namespace fs = std::filesystem;

void require_size(const std::string& path, std::int64_t height, std::int64_t width,
                  const DatasetShape& expected) {
  require(height == expected.image.height && width == expected.image.width,
          "'{}' is {} pixels high and {} wide where {} needs {} and {} (scale it first)", path,
          height, width, expected.name, expected.image.height, expected.image.width);
}

/// A number of a PNM header; comments run from # to the end of their line.
int header_number(std::ifstream& file, const std::string& path) {
  int number = -1;
  while (file >> std::ws && file.peek() == '#') file.ignore(1 << 16, '\n');
  file >> number;
  require(file.good() && number >= 0, "'{}' is not a binary PGM or PPM image", path);
  return number;
}

/// P5 (grey) or P6 (colour), 8 bits.
void append_pnm(const std::string& path, const DatasetShape& expected, ImageSet& set) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 2> magic{};
  file.read(magic.data(), 2);
  const bool right = magic[0] == 'P' && magic[1] == (expected.image.channels == 1 ? '5' : '6');
  require(file.good() && right, "'{}' is not a binary {} image", path,
          expected.image.channels == 1 ? "PGM" : "PPM");
  const int width = header_number(file, path), height = header_number(file, path);
  require_size(path, height, width, expected);
  require(header_number(file, path) == 255, "'{}' has not 8 bits a channel", path);
  file.ignore(1);
  const std::size_t at = set.pixels.size();
  set.pixels.resize(at + static_cast<std::size_t>(set.image.size()));
  file.read(reinterpret_cast<char*>(set.pixels.data() + at), set.image.size());
  require(file.good(), "'{}' ends too early (the file is truncated)", path);
}

#ifdef LIGHTLOOM_HAS_PNG
/// Any PNG, as grey or RGB of 8 bits.
void append_png(const std::string& path, const DatasetShape& expected, ImageSet& set) {
  struct Image : png_image {
    Image() : png_image{} { version = PNG_IMAGE_VERSION; }
    ~Image() { png_image_free(this); }
  } image;
  require(png_image_begin_read_from_file(&image, path.c_str()) != 0,
          "'{}' cannot be read as PNG ({})", path, static_cast<const char*>(image.message));
  require_size(path, image.height, image.width, expected);
  image.format = expected.image.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  const std::size_t at = set.pixels.size();
  set.pixels.resize(at + static_cast<std::size_t>(set.image.size()));
  const png_color black{0, 0, 0};  // behind transparent pixels
  require(png_image_finish_read(&image, &black, set.pixels.data() + at, 0, nullptr) != 0,
          "'{}' cannot be read as PNG ({})", path, static_cast<const char*>(image.message));
}
#else
void append_png(const std::string& path, const DatasetShape&, ImageSet&) {
  throw Error(fmt::format(
      "cannot read '{}' (this program was built without libpng: install libpng-dev and rebuild)",
      path));
}
#endif

std::vector<fs::path> sorted(const fs::path& folder, bool folders) {
  std::vector<fs::path> found;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    if (entry.path().filename().string().starts_with(".")) continue;
    if (folders ? entry.is_directory() : entry.is_regular_file()) found.push_back(entry.path());
  }
  require(!failed, "cannot read the folder '{}'", folder.string());
  std::sort(found.begin(), found.end());
  return found;
}

void append_image(const std::string& path, const DatasetShape& expected, ImageSet& set) {
  std::string ending = fs::path(path).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (ending == ".png") return append_png(path, expected, set);
  require(ending == ".ppm" || ending == ".pgm", "'{}' is not an image that is read (png, ppm, pgm)",
          path);
  append_pnm(path, expected, set);
}

/// One folder of images (PNG, binary PPM and PGM, all of the data set's size) for each class, in
/// the order of their names.
ImageSet read_folders(const std::vector<std::string>& paths, const DatasetShape& expected) {
  ImageSet set{.image = expected.image};
  for (const std::string& path : paths) {
    const std::vector<fs::path> classes = sorted(path, true);
    require(static_cast<int>(classes.size()) == expected.classes,
            "'{}' has {} folders where {} has {} classes (one folder of images each, in the order "
            "of their names)",
            path, classes.size(), expected.name, expected.classes);
    for (std::size_t label = 0; label < classes.size(); ++label) {
      for (const fs::path& image : sorted(classes[label], false)) {
        append_image(image.string(), expected, set);
        set.labels.push_back(static_cast<std::uint16_t>(label));
      }
    }
  }
  return set;
}

}  // namespace

Reader folder_reader() {
  return {
      .format = "folders of images", .read = read_folders, .takes = [](const std::string& path) {
        std::error_code unknown;
        return fs::is_directory(path, unknown);
      }};
}

}  // namespace lightloom::nn
