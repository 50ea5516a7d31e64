#include "core/files/hdf5_numbers.hpp"

#include <fmt/ranges.h>

#include <filesystem>
#include <memory>

#include "core/error.hpp"
#include "core/files/hdf5_handle.hpp"
#include "core/files/hdf5_input.hpp"

namespace lightloom {
namespace {

constexpr int most_axes = 8;
constexpr hsize_t most_values = hsize_t{1} << 48;

std::vector<std::int64_t> shape_of(hid_t set, const std::string& name, const std::string& path) {
  const Hdf5Handle space = hdf5_opened(H5Dget_space(set), H5Sclose, path);
  const int rank = H5Sget_simple_extent_ndims(space);
  require(rank >= 1 && rank <= most_axes, "'{}': '{}' has {} axes", path, name, rank);
  hsize_t sides[most_axes] = {};
  H5Sget_simple_extent_dims(space, sides, nullptr);
  hsize_t count = 1;
  for (int axis = 0; axis < rank; ++axis) {
    require(sides[axis] <= most_values && count <= most_values / std::max<hsize_t>(1, sides[axis]),
            "'{}': '{}' is too large", path, name);
    count *= sides[axis];
  }
  return {sides, sides + rank};
}

void give_type(hid_t set, const std::string& path, Hdf5Numbers& numbers) {
  const Hdf5Handle type = hdf5_opened(H5Dget_type(set), H5Tclose, path);
  const H5T_class_t kind = H5Tget_class(type);
  require(kind == H5T_INTEGER || kind == H5T_FLOAT,
          "'{}': the elements of '{}' are no real numbers (integers and floats are read)", path,
          numbers.name);
  numbers.width = static_cast<int>(H5Tget_size(type));
  numbers.kind = kind == H5T_FLOAT ? 'f' : H5Tget_sign(type) == H5T_SGN_NONE ? 'u' : 'i';
}

/// A filter that is not there is named: the reader would fail with "cannot be read" only.
void require_filters(hid_t set, const std::string& name, const std::string& path) {
  constexpr H5Z_filter_t lzf = 32000;
  const Hdf5Handle creation = hdf5_opened(H5Dget_create_plist(set), H5Pclose, path);
  const int filters = H5Pget_nfilters(creation);
  for (int number = 0; number < filters; ++number) {
    unsigned flags = 0, settings = 0;
    std::size_t none = 0;
    char text[64] = {};
    const H5Z_filter_t filter = H5Pget_filter2(creation, static_cast<unsigned>(number), &flags,
                                               &none, nullptr, sizeof text, text, &settings);
    require(
        filter >= 0 && H5Zfilter_avail(filter) > 0,
        "'{}': '{}' is packed by {}, which this program has not (save it with "
        "compression='gzip', or h5repack -f GZIP=4)",
        path, name,
        filter == lzf ? "LZF, a filter of h5py" : fmt::format("the filter {} '{}'", filter, text));
  }
}

/// One open data set and how far it is read.
class RowReader {
 public:
  RowReader(Hdf5Handle file, Hdf5Handle set, const std::string& path, const Hdf5Numbers& numbers)
      : file_(std::move(file)), set_(std::move(set)), path_(path), name_(numbers.name) {
    sides_.assign(numbers.shape.begin(), numbers.shape.end());
    for (std::size_t axis = 1; axis < sides_.size(); ++axis) row_ *= sides_[axis];
  }

  void read(std::span<double> rows) {
    if (rows.empty()) return;
    const hsize_t count = row_ == 0 ? 0 : rows.size() / row_;
    require(count * row_ == rows.size() && count <= sides_[0] - row_number_,
            "'{}': '{}' ends too early", path_, name_);
    std::vector<hsize_t> first(sides_.size(), 0), extent(sides_);
    first[0] = row_number_;
    extent[0] = count;
    const Hdf5Quiet quiet;
    const Hdf5Handle space = hdf5_opened(H5Dget_space(set_), H5Sclose, path_);
    const Hdf5Handle memory = hdf5_opened(
        H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr), H5Sclose, path_);
    const bool read =
        H5Sselect_hyperslab(space, H5S_SELECT_SET, first.data(), nullptr, extent.data(), nullptr) >=
            0 &&
        H5Dread(set_, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, rows.data()) >= 0;
    require(read, "'{}': '{}' cannot be read (cut off or damaged?)", path_, name_);
    row_number_ += count;
  }

 private:
  Hdf5Handle file_, set_;
  std::string path_, name_;
  std::vector<hsize_t> sides_;
  hsize_t row_ = 1, row_number_ = 0;
};

/// Whether all groups on the way to it and the data set itself are there.
bool holds(hid_t file, const std::string& name, const std::string& path) {
  for (std::size_t slash = name.find('/'); slash != std::string::npos;
       slash = name.find('/', slash + 1)) {
    const std::string group = name.substr(0, slash);
    if (H5Lexists(file, group.c_str(), H5P_DEFAULT) <= 0) return false;
    const Hdf5Handle object = hdf5_object(file, group, path);
    if (object < 0 || H5Iget_type(object) != H5I_GROUP) return false;
  }
  return H5Lexists(file, name.c_str(), H5P_DEFAULT) > 0 && hdf5_is_data_set(file, name, path);
}

std::vector<std::string> names_in(hid_t file) {
  std::vector<std::string> names;
  constexpr std::size_t most = 12;
  const auto add = [](hid_t, const char* name, const H5L_info_t*, void* list) -> herr_t {
    auto& all = *static_cast<std::vector<std::string>*>(list);
    if (all.size() < most) all.push_back(fmt::format("'{}'", name));
    return 0;
  };
  H5Literate(file, H5_INDEX_NAME, H5_ITER_INC, nullptr, add, &names);
  return names;
}

Hdf5Handle opened_file(const std::string& path) {
  std::error_code ignored;
  require(std::filesystem::is_regular_file(path, ignored),
          "cannot read '{}' (the file is missing or not readable)", path);
  return hdf5_input(path);
}

}  // namespace

Hdf5Numbers open_hdf5_numbers(const std::string& path, const std::vector<std::string>& names) {
  const Hdf5Quiet quiet;
  Hdf5Handle file = opened_file(path);
  for (const std::string& name : names) {
    if (!holds(file, name, path)) continue;
    Hdf5Handle set = hdf5_data_set(file, name, path);
    Hdf5Numbers numbers{.name = name, .shape = shape_of(set, name, path), .next = {}};
    give_type(set, path, numbers);
    require_filters(set, name, path);
    const auto reader = std::make_shared<RowReader>(std::move(file), std::move(set), path, numbers);
    numbers.next = [reader](std::span<double> rows) { reader->read(rows); };
    return numbers;
  }
  const std::vector<std::string> there = names_in(file);
  constexpr std::size_t most = 4;  // to be named
  throw Error(fmt::format("'{}' holds none of the data sets {}{} (it holds {})", path,
                          fmt::join(std::span(names).first(std::min(most, names.size())), ", "),
                          names.size() > most ? ", ..." : "",
                          there.empty() ? "nothing" : fmt::format("{}", fmt::join(there, ", "))));
}

bool has_hdf5_set(const std::string& path, const std::string& name) {
  const Hdf5Quiet quiet;
  return holds(opened_file(path), name, path);
}

}  // namespace lightloom
