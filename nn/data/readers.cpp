#include "nn/data/readers.hpp"

#include <fmt/ranges.h>

namespace lightloom::nn {

// One function per format, in a file of its own: a new one is declared and listed here.
Reader idx_reader();
Reader cifar10_reader();
Reader cifar100_reader();
Reader npy_reader();
Reader hdf5_reader();
Reader svhn_reader();
Reader folder_reader();

const std::vector<Reader>& readers() {
  static const std::vector<Reader> all{idx_reader(),   cifar10_reader(), cifar100_reader(),
                                       npy_reader(),   hdf5_reader(),    svhn_reader(),
                                       folder_reader()};
  return all;
}

const Reader* general_reader(const std::vector<std::string>& paths) {
  if (paths.empty()) return nullptr;
  for (const Reader& reader : readers())
    if (reader.takes != nullptr && reader.takes(paths.front())) return &reader;
  return nullptr;
}

OwnReader own_reader(std::string_view dataset) {
  for (const Reader& reader : readers())
    for (const PublishedFiles& files : reader.published)
      if (files.dataset == dataset) return {&reader, &files};
  return {};
}

std::string general_formats() {
  std::vector<std::string_view> names;
  for (const Reader& reader : readers())
    if (reader.takes != nullptr) names.push_back(reader.format);
  const std::string_view last = names.back();
  names.pop_back();
  return fmt::format("{} or {}", fmt::join(names, ", "), last);
}

}  // namespace lightloom::nn
