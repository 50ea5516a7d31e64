#include <array>
#include <fstream>

#include "core/archives/byte_stream.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/files/file_kind.hpp"
#include "nn/data/array_set.hpp"
#include "nn/data/readers.hpp"

namespace lightloom::nn {
namespace {

/// Appends one record's pixels, from channel-major to channels last.
void append_pixels(const std::uint8_t* planes, const MapShape& image,
                   LargeVector<std::uint8_t>& pixels) {
  const int area = image.height * image.width;
  for (int p = 0; p < area; ++p) {
    for (int c = 0; c < image.channels; ++c) pixels.push_back(planes[c * area + p]);
  }
}

void append_records(const std::string& path, const DatasetShape& expected, std::size_t label_bytes,
                    ImageSet& set) {
  const std::size_t record = label_bytes + static_cast<std::size_t>(set.image.size());
  const auto stream = open_stream(path);
  std::vector<std::uint8_t> one(record);
  std::size_t number = 0;
  for (std::size_t got = 0; (got = stream->some(one)) > 0; ++number) {
    const std::string kind = kind_of_file(path);
    require(got == record, "'{}' is not a whole number of {}-byte {} records ({})", path, record,
            expected.name,
            kind.empty() || kind == "a gzip file" ? "truncated or another format"
                                                  : "it looks like " + kind);
    const std::uint8_t label = one[label_bytes - 1];
    require(label < expected.classes,
            "'{}' holds label {} in record {} (past the {} classes of {}{})", path, label, number,
            expected.classes, expected.name, kind.empty() ? "" : ": it looks like " + kind);
    set.labels.push_back(label);
    append_pixels(one.data() + label_bytes, set.image, set.pixels);
  }
  require(number > 0, "'{}' holds no {} records", path, expected.name);
}

bool is_pickle(const std::string& path) {
  std::array<char, 2> start{};
  std::ifstream(path, std::ios::binary).read(start.data(), 2);
  // PROTO and a protocol; a record begins with a label below 128.
  return static_cast<unsigned char>(start[0]) == 0x80 && start[1] >= 2 && start[1] <= 5;
}

/// The Python version of a file: a dict of data (count, 3072), channel by channel, and labels.
void append_pickle(const std::string& path, const DatasetShape& expected, ImageSet& set) {
  constexpr std::size_t largest = std::size_t{1} << 31;
  const std::string bytes = read_file(path, "CIFAR file", largest);
  const Pickle pickle = read_pickle(bytes, path);
  const PickleValue* data = pickle.top->find("data");
  const PickleValue* labels = pickle.top->find(expected.classes > 20 ? "fine_labels" : "labels");
  if (labels == nullptr) labels = pickle.top->find("labels");
  require(data != nullptr && labels != nullptr,
          "'{}' is a Python pickle without the keys data and labels of {} (a file of another data "
          "set, as batches.meta is?)",
          path, expected.name);
  NumberRows images = rows_of(*data, path), answers = rows_of(*labels, path);
  DatasetShape planes = expected;
  planes.reading.layout = SampleOrder::channels_first;
  const ImageSet part =
      read_arrays({[&] {
                    return ArrayPair{std::move(images), [&] { return std::move(answers); }};
                  }},
                  planes);
  require(part.values.empty(), "'{}' holds pixels that are no uint8", path);
  set.pixels.insert(set.pixels.end(), part.pixels.begin(), part.pixels.end());
  set.labels.insert(set.labels.end(), part.labels.begin(), part.labels.end());
}

/// Records of `label_bytes` labels (the last one counts) and 3072 pixels, channel by channel, or
/// the pickles of the same.
template <std::size_t label_bytes>
ImageSet read_records(const std::vector<std::string>& paths, const DatasetShape& expected) {
  ImageSet set{.image = expected.image, .pixels = {}, .labels = {}};
  give_no_labels(expected, set);
  for (const std::string& path : paths) {
    if (is_pickle(path))
      append_pickle(path, expected, set);
    else
      append_records(path, expected, label_bytes, set);
  }
  return set;
}

}  // namespace

Reader cifar10_reader() {
  return {.format = "CIFAR-10 records",
          .read = read_records<1>,
          .published = {{"cifar10",
                         {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                          "data_batch_4.bin", "data_batch_5.bin"},
                         {"test_batch.bin"},
                         {"cifar-10-batches-bin", "cifar-10-batches-py"}}}};
}

Reader cifar100_reader() {
  return {.format = "CIFAR-100 records",
          .read = read_records<2>,
          .published = {
              {"cifar100", {"train.bin"}, {"test.bin"}, {"cifar-100-binary", "cifar-100-python"}}}};
}

}  // namespace lightloom::nn
