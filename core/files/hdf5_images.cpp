#include "core/files/hdf5_images.hpp"

#include <filesystem>

#include "core/error.hpp"
#include "core/files/hdf5_handle.hpp"
#include "core/files/hdf5_input.hpp"

namespace lightloom {
namespace {

constexpr hsize_t most_values = hsize_t{1} << 34;

/// Its sides; as many elements as the file could hold, so that a header that lies allocates
/// nothing.
std::vector<std::int64_t> shape_of(hid_t set, const std::string& name, const std::string& path) {
  const Hdf5Handle space = hdf5_opened(H5Dget_space(set), H5Sclose, path);
  const int rank = H5Sget_simple_extent_ndims(space);
  require(rank >= 1 && rank <= 4, "'{}': '{}' has {} axes", path, name, rank);
  hsize_t sides[4] = {};
  H5Sget_simple_extent_dims(space, sides, nullptr);
  hsize_t count = 1;
  for (int axis = 0; axis < rank; ++axis) {
    require(sides[axis] <= most_values && count <= most_values / std::max<hsize_t>(1, sides[axis]),
            "'{}': '{}' is too large", path, name);
    count *= sides[axis];
  }
  return {sides, sides + rank};
}

template <class T>
Hdf5Array<T> read_set(hid_t file, const std::string& name, hid_t type, const std::string& path) {
  require(H5Lexists(file, name.c_str(), H5P_DEFAULT) > 0,
          "'{}' holds no data set '{}' (images and labels are needed)", path, name);
  const Hdf5Handle set = hdf5_data_set(file, name, path);
  const Hdf5Handle stored = hdf5_opened(H5Dget_type(set), H5Tclose, path);
  const bool whole = H5Tget_class(stored) == H5T_INTEGER;
  require(
      whole && (sizeof(T) > 1 || (H5Tget_size(stored) == 1 && H5Tget_sign(stored) == H5T_SGN_NONE)),
      "'{}': the elements of '{}' are not {}", path, name, sizeof(T) > 1 ? "integers" : "uint8");
  Hdf5Array<T> array{.shape = shape_of(set, name, path), .values = {}};
  std::size_t count = 1;
  for (const std::int64_t side : array.shape) count *= static_cast<std::size_t>(side);
  array.values.resize(count);
  require(count == 0 || H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, array.values.data()) >= 0,
          "'{}': '{}' cannot be read (cut off or damaged?)", path, name);
  return array;
}

Hdf5Images images_in(const std::string& path) {
  const Hdf5Quiet quiet;
  const Hdf5Handle file = hdf5_input(path);
  return {read_set<std::uint8_t>(file, "images", H5T_NATIVE_UINT8, path),
          read_set<std::int64_t>(file, "labels", H5T_NATIVE_INT64, path)};
}

}  // namespace

Hdf5Images read_hdf5_images(const std::string& path) {
  std::error_code ignored;
  require(std::filesystem::is_regular_file(path, ignored),
          "cannot read '{}' (the file is missing or not readable)", path);
  return images_in(path);
}

}  // namespace lightloom
