#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "nn/data/readers.hpp"

namespace lightloom::nn {
namespace {

/// Appends one record's pixels, from channel-major to channels last.
void append_pixels(const std::uint8_t* planes, const MapShape& image,
                   std::vector<std::uint8_t>& pixels) {
  const int area = image.height * image.width;
  for (int p = 0; p < area; ++p) {
    for (int c = 0; c < image.channels; ++c) pixels.push_back(planes[c * area + p]);
  }
}

void append_file(const std::string& path, const DatasetShape& expected, std::size_t label_bytes,
                 ImageSet& set) {
  std::error_code failed;
  const auto bytes = std::filesystem::file_size(path, failed);
  std::ifstream file(path, std::ios::binary);
  require(!failed && file.good(), "cannot read '{}' (the file is missing or not readable)", path);
  const std::size_t record = label_bytes + static_cast<std::size_t>(set.image.size());
  require(
      bytes > 0 && bytes % record == 0,
      "'{}' is not a whole number of {}-byte {} records (truncated, compressed or another format)",
      path, record, expected.name);
  std::vector<std::uint8_t> one(record);
  for (std::size_t r = 0; r < bytes / record; ++r) {
    file.read(reinterpret_cast<char*>(one.data()), static_cast<std::streamsize>(record));
    require(file.good(), "'{}' ends too early (the file is truncated)", path);
    const std::uint8_t label = one[label_bytes - 1];
    require(label < expected.classes,
            "'{}' holds label {} in record {} (past the {} classes of {})", path, label, r,
            expected.classes, expected.name);
    set.labels.push_back(label);
    append_pixels(one.data() + label_bytes, set.image, set.pixels);
  }
}

/// Records of `label_bytes` labels (the last one counts) and 3072 pixels, channel by channel.
template <std::size_t label_bytes>
ImageSet read_records(const std::vector<std::string>& paths, const DatasetShape& expected) {
  ImageSet set{.image = expected.image};
  for (const std::string& path : paths) append_file(path, expected, label_bytes, set);
  return set;
}

}  // namespace

Reader cifar10_reader() {
  return {.format = "CIFAR-10 records",
          .read = read_records<1>,
          .published = {{"cifar10",
                         {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                          "data_batch_4.bin", "data_batch_5.bin"},
                         {"test_batch.bin"}}}};
}

Reader cifar100_reader() {
  return {.format = "CIFAR-100 records",
          .read = read_records<2>,
          .published = {{"cifar100", {"train.bin"}, {"test.bin"}}}};
}

}  // namespace lightloom::nn
