#include <hdf5_hl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>

#include "core/files/hdf5_input.hpp"
#include "core/files/hdf5_types.hpp"
#include "core/files/labelled.hpp"

namespace lightloom {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void damaged(const std::string& path, const std::string& why) {
  throw Error(fmt::format("{}: not a complete results file of lightloom ({})", path, why));
}

/// Opens `id` or reports a damaged file.
Hdf5Handle opened(hid_t id, herr_t (*close)(hid_t), const std::string& path, const char* what) {
  if (id < 0) damaged(path, fmt::format("cannot open {}", what));
  return {id, close};
}

/// Texts of a type, as many as a space holds.
struct TextSet {
  hid_t type, space;
  std::size_t count;
};

std::vector<std::string> take_texts(const TextSet& set, const std::string& path,
                                    const std::function<herr_t(void*)>& read) {
  const auto [type, space, count] = set;
  std::vector<std::string> texts(count);
  if (count == 0) return texts;
  if (H5Tis_variable_str(type) <= 0) damaged(path, "a text of fixed length");
  std::vector<char*> pointers(count, nullptr);
  if (read(pointers.data()) < 0) damaged(path, "cannot read a text");
  for (std::size_t i = 0; i < count; ++i) texts[i] = pointers[i] != nullptr ? pointers[i] : "";
  H5Dvlen_reclaim(type, space, H5P_DEFAULT, pointers.data());
  return texts;
}

std::vector<hsize_t> shape_of(hid_t space, const std::string& path) {
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 0 || rank > 32) damaged(path, "an array without a shape");
  std::vector<hsize_t> shape(static_cast<std::size_t>(rank));
  if (rank > 0) H5Sget_simple_extent_dims(space, shape.data(), nullptr);
  return shape;
}

/// Number of elements, refusing arrays that are larger than the file could hold, packed as well as
/// HDF5 can.
std::size_t backed_elements(hid_t set, hid_t type, const std::vector<hsize_t>& shape,
                            const std::string& path) {
  const double most_bytes = 1100.0 * static_cast<double>(fs::file_size(path));
  double claimed = static_cast<double>(H5Tget_size(type));
  std::size_t count = 1;
  for (const hsize_t extent : shape) {
    claimed *= static_cast<double>(extent);
    if (claimed > most_bytes) damaged(path, "an array larger than the file");
    count *= extent;
  }
  if (count > 0 && H5Dget_storage_size(set) == 0) damaged(path, "an array whose data are missing");
  return count;
}

Values read_values(hid_t set, const std::string& path, std::vector<hsize_t>& shape) {
  const Hdf5Handle type = opened(H5Dget_type(set), H5Tclose, path, "a type");
  const Hdf5Handle space = opened(H5Dget_space(set), H5Sclose, path, "a shape");
  shape = shape_of(space, path);
  const std::size_t count = backed_elements(set, type, shape, path);
  const auto read_numbers = [&]<class T>(std::vector<T> list) -> Values {
    list.resize(count);
    if (count > 0 &&
        H5Dread(set, hdf5_number_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, list.data()) < 0)
      damaged(path, "cannot read an array");
    return list;
  };
  switch (H5Tget_class(type)) {
    case H5T_FLOAT:
      return H5Tget_size(type) == 4 ? read_numbers(std::vector<float>{})
                                    : read_numbers(std::vector<double>{});
    case H5T_INTEGER:
      return read_numbers(std::vector<std::int64_t>{});
    case H5T_STRING: {
      const Hdf5Handle memory = hdf5_text_type();
      return take_texts(
          {H5Tis_variable_str(type) > 0 ? static_cast<hid_t>(memory) : static_cast<hid_t>(type),
           space, count},
          path,
          [&](void* out) { return H5Dread(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, out); });
    }
    default:
      damaged(path, "an array of an unknown type");
  }
}

std::variant<std::string, double, std::int64_t> read_attribute(hid_t object,
                                                               const std::string& name,
                                                               const std::string& path) {
  const Hdf5Handle attribute =
      opened(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, path, "an attribute");
  const Hdf5Handle type = opened(H5Aget_type(attribute), H5Tclose, path, "a type");
  const Hdf5Handle space = opened(H5Aget_space(attribute), H5Sclose, path, "a shape");
  if (H5Sget_simple_extent_npoints(space) != 1) return std::string("(array)");
  switch (H5Tget_class(type)) {
    case H5T_FLOAT: {
      double value = 0;
      if (H5Aread(attribute, H5T_NATIVE_DOUBLE, &value) < 0)
        damaged(path, "cannot read an attribute");
      return value;
    }
    case H5T_INTEGER: {
      std::int64_t value = 0;
      if (H5Aread(attribute, H5T_NATIVE_INT64, &value) < 0)
        damaged(path, "cannot read an attribute");
      return value;
    }
    case H5T_STRING: {
      if (H5Tis_variable_str(type) <= 0) return std::string("(text)");
      const Hdf5Handle memory = hdf5_text_type();
      return take_texts({memory, space, 1}, path,
                        [&](void* out) { return H5Aread(attribute, memory, out); })
          .front();
    }
    default:
      return std::string("(other)");
  }
}

std::string text_attribute(hid_t object, const char* name, const std::string& path) {
  if (H5Aexists(object, name) <= 0) return "";
  const auto value = read_attribute(object, name, path);
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? *text : "";
}

/// Attributes of the root group, in name order.
void read_attributes(hid_t file, const std::string& path, Labelled& data) {
  const auto collect = [](hid_t, const char* name, const H5A_info_t*, void* names) -> herr_t {
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
    return 0;
  };
  std::vector<std::string> names;
  hsize_t index = 0;
  if (H5Aiterate2(file, H5_INDEX_NAME, H5_ITER_INC, &index, collect, &names) < 0)
    damaged(path, "cannot list its attributes");
  for (const std::string& name : names) data.attributes[name] = read_attribute(file, name, path);
}

/// All names in the root group, in the order in which they were made where the file keeps it.
std::vector<std::string> names_in(hid_t file, const std::string& path) {
  const Hdf5Handle root = opened(H5Gopen2(file, "/", H5P_DEFAULT), H5Gclose, path, "its root");
  const Hdf5Handle creation = opened(H5Gget_create_plist(root), H5Pclose, path, "its properties");
  unsigned flags = 0;
  const bool ordered =
      H5Pget_link_creation_order(creation, &flags) >= 0 && (flags & H5P_CRT_ORDER_INDEXED) != 0;
  return hdf5_names(root, ordered ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME, path);
}

/// What tells the objects of a file from one another, whatever they are called.
using Place = std::array<std::uint8_t, 16>;

Place place_of(hid_t object) {
  Place place{};
#if H5_VERSION_GE(1, 12, 0)
  H5O_info2_t info;
  if (H5Oget_info3(object, &info, H5O_INFO_BASIC) >= 0)
    std::memcpy(place.data(), &info.token, std::min(place.size(), sizeof info.token));
#else
  H5O_info_t info;
  if (H5Oget_info2(object, &info, H5O_INFO_BASIC) >= 0)
    std::memcpy(place.data(), &info.addr, sizeof info.addr);
#endif
  return place;
}

/// The scales attached to each dimension; zeros where a dimension has none. Not their names: HDF5
/// would look for these in the whole file, for each of them.
std::vector<Place> scales_of(hid_t set, std::size_t rank) {
  const auto first = [](hid_t, unsigned, hid_t scale, void* out) -> herr_t {
    *static_cast<Place*>(out) = place_of(scale);
    return 1;
  };
  std::vector<Place> scales(rank);
  for (std::size_t i = 0; i < rank; ++i) {
    int index = 0;
    H5DSiterate_scales(set, static_cast<unsigned>(i), &index, first, &scales[i]);
  }
  return scales;
}

/// A file while it is read.
struct Reading {
  hid_t file;
  const std::string& path;
  Labelled data;
  std::map<Place, std::string> names;      // of the axes
  std::vector<std::vector<Place>> scales;  // of every variable
};

/// Adds the object `name` to the data if it is an array.
void read_object(Reading& reading, const std::string& name) {
  const std::string& path = reading.path;
  const Hdf5Handle set = hdf5_object(reading.file, name, path);
  if (set < 0) damaged(path, fmt::format("cannot open {}", name));
  if (H5Iget_type(set) != H5I_DATASET) return;
  require_data_set(set, name, path);
  std::vector<hsize_t> shape;
  Values values = read_values(set, path, shape);
  const std::string unit = text_attribute(set, "units", path);
  const std::string long_name = text_attribute(set, "long_name", path);
  if (H5DSis_scale(set) > 0 && shape.size() == 1) {
    reading.names.emplace(place_of(set), name);
    reading.data.axes.push_back({name, std::move(values), unit, long_name});
    return;
  }
  reading.scales.push_back(scales_of(set, shape.size()));
  reading.data.variables.push_back({name, {}, std::move(values), unit, long_name});
}

/// Gives the variables the names of their axes, "" where it is none of the file's.
void name_axes(Reading& reading) {
  for (std::size_t i = 0; i < reading.scales.size(); ++i)
    for (const Place& scale : reading.scales[i]) {
      const auto found = reading.names.find(scale);
      reading.data.variables[i].axes.push_back(found == reading.names.end() ? "" : found->second);
    }
}

void check_schema(hid_t file, const std::string& path) {
  if (H5Aexists(file, "schema_version") <= 0)
    throw Error(fmt::format("{}: an HDF5 file, but not one that lightloom wrote", path));
  const auto version = read_attribute(file, "schema_version", path);
  const auto* number = std::get_if<std::int64_t>(&version);
  if (number == nullptr) damaged(path, "its schema version is not a number");
  require(*number <= schema_version,
          "{}: written by a newer lightloom (its file schema is {}, this program knows {}; update "
          "lightloom)",
          path, *number, schema_version);
}

/// Variables must lie along axes that exist and have their size.
void check_shapes(const Labelled& data, const std::string& path) {
  std::map<std::string_view, std::size_t> sides;
  for (const Axis& axis : data.axes) sides.emplace(axis.name, size_of(axis.values));
  for (const Variable& variable : data.variables) {
    std::size_t size = 1;
    for (const std::string& name : variable.axes) {
      const auto side = sides.find(name);
      if (side == sides.end())
        damaged(path, fmt::format("array '{}' lies along an unknown axis", variable.name));
      size *= side->second;
    }
    if (size != size_of(variable.values))
      damaged(path, fmt::format("array '{}' does not fit its axes", variable.name));
  }
}

Labelled read_whole(const std::string& path) {
  const htri_t format = H5Fis_hdf5(path.c_str());
  require(format > 0, "{}: not an HDF5 file (or cut off at the start)", path);
  require_unlocked(path);
  const Hdf5Handle file = opened(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, path,
                                 "it (cut off or damaged)");
  check_schema(file, path);
  Reading reading{.file = file, .path = path, .data = {}, .names = {}, .scales = {}};
  read_attributes(file, path, reading.data);
  for (const std::string& name : names_in(file, path)) read_object(reading, name);
  name_axes(reading);
  check_shapes(reading.data, path);
  return std::move(reading.data);
}

}  // namespace

Labelled read_labelled(const std::string& path) {
  std::error_code ignored;
  require(fs::exists(path, ignored), "results file '{}' does not exist", path);
  require(!fs::is_directory(path, ignored), "results file '{}' is a folder", path);
  require(access(path.c_str(), R_OK) == 0,
          "results file '{}' cannot be read (check its permissions)", path);
  const Hdf5Quiet quiet;
  return read_whole(path);
}

}  // namespace lightloom
