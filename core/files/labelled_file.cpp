#include <hdf5.h>
#include <hdf5_hl.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <functional>
#include <type_traits>

#include "core/error.hpp"
#include "core/files/hdf5_guard.hpp"
#include "core/files/hdf5_handle.hpp"
#include "core/files/labelled.hpp"

namespace lightloom {
namespace {

namespace fs = std::filesystem;

/// Owns an identifier. A negative one is an error of the library.
class Handle : public Hdf5Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t), const char* what) : Hdf5Handle(id, close) {
    if (id < 0) throw Failure(fmt::format("HDF5 cannot {}", what));
  }
};

void check(herr_t status, const char* what) {
  if (status < 0) throw Failure(fmt::format("HDF5 cannot {}", what));
}

void silence() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

Handle text_type() {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "make a text type");
  check(H5Tset_size(type, H5T_VARIABLE), "make a text type");
  check(H5Tset_cset(type, H5T_CSET_UTF8), "make a text type");
  return {H5Tcopy(type), H5Tclose, "make a text type"};
}

template <class T>
hid_t number_type() {
  if constexpr (std::is_same_v<T, double>) return H5T_NATIVE_DOUBLE;
  if constexpr (std::is_same_v<T, float>) return H5T_NATIVE_FLOAT;
  return H5T_NATIVE_INT64;
}

Handle space_of(const std::vector<hsize_t>& shape) {
  return {shape.empty() ? H5Screate(H5S_SCALAR)
                        : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr),
          H5Sclose, "make a data space"};
}

void write_attribute(hid_t object, const std::string& name, const std::string& text) {
  const Handle type = text_type();
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose, "make a data space");
  const Handle attribute(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT),
                         H5Aclose, "write an attribute");
  const char* pointer = text.c_str();
  check(H5Awrite(attribute, type, &pointer), "write an attribute");
}

template <class T>
void write_attribute(hid_t object, const std::string& name, T number) {
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose, "make a data space");
  const Handle attribute(
      H5Acreate2(object, name.c_str(), number_type<T>(), space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
      "write an attribute");
  check(H5Awrite(attribute, number_type<T>(), &number), "write an attribute");
}

hid_t write_dataset(hid_t file, const std::string& name, const Values& values,
                    const std::vector<hsize_t>& shape) {
  const Handle space = space_of(shape);
  const Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "set up an array");
  check(H5Pset_obj_track_times(creation, false), "set up an array");  // equal data, equal bytes
  return std::visit(
      [&]<class T>(const std::vector<T>& list) {
        constexpr bool text = std::is_same_v<T, std::string>;
        const Handle type =
            text ? text_type() : Handle(H5Tcopy(number_type<T>()), H5Tclose, "copy a type");
        const hid_t set =
            H5Dcreate2(file, name.c_str(), type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
        if (set < 0) throw Failure(fmt::format("HDF5 cannot create the array '{}'", name));
        if (list.empty()) return set;
        if constexpr (text) {
          std::vector<const char*> pointers;
          for (const std::string& item : list) pointers.push_back(item.c_str());
          check(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()),
                "write an array");
        } else {
          check(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, list.data()), "write an array");
        }
        return set;
      },
      values);
}

void describe_dataset(hid_t set, const std::string& unit, const std::string& long_name) {
  if (!unit.empty()) write_attribute(set, "units", unit);
  if (!long_name.empty()) write_attribute(set, "long_name", long_name);
}

void write_axes(hid_t file, const Labelled& data) {
  for (const Axis& axis : data.axes) {
    const Handle set(write_dataset(file, axis.name, axis.values, {size_of(axis.values)}), H5Dclose,
                     "create an axis");
    describe_dataset(set, axis.unit, axis.long_name);
    check(H5DSset_scale(set, axis.name.c_str()), "mark a dimension scale");
  }
}

void write_variable(hid_t file, const Labelled& data, const Variable& variable) {
  std::vector<hsize_t> shape;
  for (const std::string& name : variable.axes) shape.push_back(size_of(data.axis(name)->values));
  const Handle set(write_dataset(file, variable.name, variable.values, shape), H5Dclose,
                   "create an array");
  describe_dataset(set, variable.unit, variable.long_name);
  for (std::size_t i = 0; i < variable.axes.size(); ++i) {
    const Handle scale(H5Dopen2(file, variable.axes[i].c_str(), H5P_DEFAULT), H5Dclose,
                       "open an axis");
    check(H5DSattach_scale(set, scale, static_cast<unsigned>(i)), "attach a dimension scale");
  }
}

void write_whole(const std::string& path, const Labelled& data) {
  const Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose, "set up a file");
  check(H5Pset_link_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED),
        "set up a file");
  const Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation, H5P_DEFAULT), H5Fclose,
                    "create the file");
  write_attribute(file, "schema_version", schema_version);
  for (const auto& [name, value] : data.attributes) {
    if (name == "schema_version") continue;
    std::visit([&](const auto& content) { write_attribute(file, name, content); }, value);
  }
  write_axes(file, data);
  for (const Variable& variable : data.variables) write_variable(file, data, variable);
  check(H5Fflush(file, H5F_SCOPE_GLOBAL), "write the file to disk");
}

// ---- reading ----

[[noreturn]] void damaged(const std::string& path, const std::string& why) {
  throw Error(fmt::format("{}: not a complete results file of lightloom ({})", path, why));
}

/// Opens `id` or reports a damaged file.
Handle opened(hid_t id, herr_t (*close)(hid_t), const std::string& path, const char* what) {
  if (id < 0) damaged(path, fmt::format("cannot open {}", what));
  return {id, close, what};
}

std::vector<std::string> take_texts(hid_t type, hid_t space, std::size_t count,
                                    const std::string& path,
                                    const std::function<herr_t(void*)>& read) {
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
  const Handle type = opened(H5Dget_type(set), H5Tclose, path, "a type");
  const Handle space = opened(H5Dget_space(set), H5Sclose, path, "a shape");
  shape = shape_of(space, path);
  const std::size_t count = backed_elements(set, type, shape, path);
  const auto read_numbers = [&]<class T>(std::vector<T> list) -> Values {
    list.resize(count);
    if (count > 0 && H5Dread(set, number_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, list.data()) < 0)
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
      const Handle memory = text_type();
      return take_texts(
          H5Tis_variable_str(type) > 0 ? static_cast<hid_t>(memory) : static_cast<hid_t>(type),
          space, count, path,
          [&](void* out) { return H5Dread(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, out); });
    }
    default:
      damaged(path, "an array of an unknown type");
  }
}

std::variant<std::string, double, std::int64_t> read_attribute(hid_t object,
                                                               const std::string& name,
                                                               const std::string& path) {
  const Handle attribute =
      opened(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, path, "an attribute");
  const Handle type = opened(H5Aget_type(attribute), H5Tclose, path, "a type");
  const Handle space = opened(H5Aget_space(attribute), H5Sclose, path, "a shape");
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
      const Handle memory = text_type();
      return take_texts(memory, space, 1, path,
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

std::vector<std::string> names_of_datasets(hid_t file, const std::string& path) {
  H5G_info_t info;
  if (H5Gget_info(file, &info) < 0) damaged(path, "cannot list its arrays");
  const Handle root = opened(H5Gopen2(file, "/", H5P_DEFAULT), H5Gclose, path, "its root");
  const Handle creation = opened(H5Gget_create_plist(root), H5Pclose, path, "its properties");
  unsigned flags = 0;
  const bool ordered =
      H5Pget_link_creation_order(creation, &flags) >= 0 && (flags & H5P_CRT_ORDER_INDEXED) != 0;
  const H5_index_t by = ordered ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
  std::vector<std::string> names;
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    std::array<char, 1024> name{};
    if (H5Lget_name_by_idx(file, ".", by, H5_ITER_INC, i, name.data(), name.size(), H5P_DEFAULT) <
        0)
      damaged(path, "cannot list its arrays");
    H5O_info_t object;
    if (H5Oget_info_by_name2(file, name.data(), &object, H5O_INFO_BASIC, H5P_DEFAULT) < 0)
      damaged(path, fmt::format("cannot open '{}'", name.data()));
    if (object.type == H5O_TYPE_DATASET) names.emplace_back(name.data());
  }
  return names;
}

/// Names of the scales attached to each dimension; empty when a dimension has none.
std::vector<std::string> axes_of(hid_t set, std::size_t rank) {
  const auto first = [](hid_t, unsigned, hid_t scale, void* out) -> herr_t {
    std::array<char, 1024> name{};
    if (H5Iget_name(scale, name.data(), name.size()) > 0)
      *static_cast<std::string*>(out) = name[0] == '/' ? name.data() + 1 : name.data();
    return 1;
  };
  std::vector<std::string> axes(rank);
  for (std::size_t i = 0; i < rank; ++i) {
    int index = 0;
    H5DSiterate_scales(set, static_cast<unsigned>(i), &index, first, &axes[i]);
  }
  return axes;
}

void read_dataset(hid_t file, const std::string& name, const std::string& path, Labelled& data) {
  const Handle set = opened(H5Dopen2(file, name.c_str(), H5P_DEFAULT), H5Dclose, path, "an array");
  std::vector<hsize_t> shape;
  Values values = read_values(set, path, shape);
  const std::string unit = text_attribute(set, "units", path);
  const std::string long_name = text_attribute(set, "long_name", path);
  if (H5DSis_scale(set) > 0 && shape.size() == 1) {
    data.axes.push_back({name, std::move(values), unit, long_name});
    return;
  }
  data.variables.push_back({name, axes_of(set, shape.size()), std::move(values), unit, long_name});
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
  for (const Variable& variable : data.variables) {
    std::size_t size = 1;
    for (const std::string& name : variable.axes) {
      const Axis* axis = data.axis(name);
      if (axis == nullptr)
        damaged(path, fmt::format("array '{}' lies along an unknown axis", variable.name));
      size *= size_of(axis->values);
    }
    if (size != size_of(variable.values))
      damaged(path, fmt::format("array '{}' does not fit its axes", variable.name));
  }
}

}  // namespace

void require_writable(const std::string& path) {
  const fs::path target(path);
  std::error_code ignored;
  require(!path.empty(), "the output path is empty (name a file)");
  require(!fs::is_directory(target, ignored), "output '{}' is a folder (name a file in it)", path);
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  require(fs::is_directory(folder, ignored),
          "output '{}': the folder '{}' does not exist (create it first)", path, folder.string());
  require(access(folder.c_str(), W_OK) == 0, "output '{}': the folder '{}' is not writable", path,
          folder.string());
  require(!fs::exists(target, ignored) || access(path.c_str(), W_OK) == 0,
          "output '{}' exists and is not writable (choose another name)", path);
}

void write_labelled(const std::string& path, const Labelled& data) {
  silence();
  require_writable(path);
  const std::string partial = fmt::format("{}.partial-{}", path, getpid());
  try {
    write_whole(partial, data);
    fs::rename(partial, path);
  } catch (...) {
    std::error_code ignored;
    fs::remove(partial, ignored);
    throw;
  }
}

namespace {

Labelled read_whole(const std::string& path) {
  silence();
  const htri_t format = H5Fis_hdf5(path.c_str());
  require(format > 0, "{}: not an HDF5 file (or cut off at the start)", path);
  const Handle file = opened(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, path,
                             "it (cut off or damaged)");
  check_schema(file, path);
  Labelled data;
  read_attributes(file, path, data);
  for (const std::string& name : names_of_datasets(file, path))
    read_dataset(file, name, path, data);
  check_shapes(data, path);
  return data;
}

}  // namespace

Labelled read_labelled(const std::string& path) {
  std::error_code ignored;
  require(fs::exists(path, ignored), "results file '{}' does not exist", path);
  require(!fs::is_directory(path, ignored), "results file '{}' is a folder", path);
  require(access(path.c_str(), R_OK) == 0,
          "results file '{}' cannot be read (check its permissions)", path);
  if (!survives_reading(path, [&] { read_whole(path); }))
    damaged(path, "the HDF5 library fails on it");
  return read_whole(path);
}

}  // namespace lightloom
