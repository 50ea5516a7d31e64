#include <hdf5_hl.h>

#include <algorithm>
#include <map>
#include <span>

#include "core/files/atomic_file.hpp"
#include "core/files/hdf5_types.hpp"
#include "core/files/labelled_bytes.hpp"
#include "core/packing/chunks.hpp"
#include "core/unpacked.hpp"

namespace lightloom {
namespace {

/// How arrays are written.
struct Form {
  hsize_t packed_from = 0;      // numbers of the smallest that is packed; 0: none
  int level = 1;                // deflate's
  bool sorts_integers = false;  // their bytes, by place: counting axes shrink to nothing
};

Form form_of(Deflate deflate) {
  return deflate == Deflate::quick ? Form{.packed_from = 4096, .level = 1}
                                   : Form{.packed_from = 512, .level = 9, .sorts_integers = true};
}

/// An axis lists the arrays along it in an attribute, 16 bytes each. An object of HDF5 1.6, which
/// its successors write too unless more is asked of it (the order of attributes is such), has room
/// for 64 KiB.
constexpr std::size_t most_listed_plainly = 4000;

struct Array {
  const std::string& name;
  const Values& values;
  std::vector<Extent> shape;
  std::size_t along = 0;  // arrays that lie along it, if it is an axis
};

/// As HDF5 counts: of 64 bits, but not the same type with every version.
std::vector<hsize_t> counted(const std::vector<Extent>& sides) {
  return {sides.begin(), sides.end()};
}

Hdf5Handle space_of(const std::vector<Extent>& shape) {
  return hdf5_made(shape.empty() ? H5Screate(H5S_SCALAR)
                                 : H5Screate_simple(static_cast<int>(shape.size()),
                                                    counted(shape).data(), nullptr),
                   H5Sclose, "make a data space");
}

void write_attribute(hid_t object, const std::string& name, const std::string& text) {
  const Hdf5Handle type = hdf5_text_type();
  const Hdf5Handle space = hdf5_made(H5Screate(H5S_SCALAR), H5Sclose, "make a data space");
  const Hdf5Handle attribute =
      hdf5_made(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                "write an attribute");
  const char* pointer = text.c_str();
  hdf5_check(H5Awrite(attribute, type, &pointer), "write an attribute");
}

template <class T>
void write_attribute(hid_t object, const std::string& name, T number) {
  const Hdf5Handle space = hdf5_made(H5Screate(H5S_SCALAR), H5Sclose, "make a data space");
  const Hdf5Handle attribute = hdf5_made(
      H5Acreate2(object, name.c_str(), hdf5_number_type<T>(), space, H5P_DEFAULT, H5P_DEFAULT),
      H5Aclose, "write an attribute");
  hdf5_check(H5Awrite(attribute, hdf5_number_type<T>(), &number), "write an attribute");
}

/// Has an array cut and packed in that form.
void set_chunks(hid_t creation, const ChunkForm& form) {
  hdf5_check(
      H5Pset_chunk(creation, static_cast<int>(form.sides.size()), counted(form.sides).data()),
      "pack an array");
  if (form.shuffles) hdf5_check(H5Pset_shuffle(creation), "pack an array");
  hdf5_check(H5Pset_deflate(creation, static_cast<unsigned>(form.level)), "pack an array");
}

/// As H5Dwrite does, but its chunks are packed by all threads.
void write_chunks(hid_t set, const ArrayBytes& array, const ChunkForm& form) {
  pack_chunks(array, form, [&](const PackedChunk& chunk) {
    hdf5_check(H5Dwrite_chunk(set, H5P_DEFAULT, chunk.filters_left_out,
                              counted(chunk.offset).data(), chunk.bytes.size(), chunk.bytes.data()),
               "write an array");
  });
}

bool is_packed(const Values& values, const Form& form) {
  return form.packed_from > 0 && !std::holds_alternative<std::vector<std::string>>(values) &&
         size_of(values) >= form.packed_from;
}

/// Makes the array `name` and fills it.
Hdf5Handle write_dataset(hid_t file, const Array& array, const Form& form) {
  const auto& [name, values, shape, along] = array;
  const Hdf5Handle space = space_of(shape);
  const Hdf5Handle creation = hdf5_made(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "set up an array");
  hdf5_check(H5Pset_obj_track_times(creation, false),
             "set up an array");  // equal data, equal bytes
  if (along > most_listed_plainly)
    hdf5_check(H5Pset_attr_creation_order(creation, H5P_CRT_ORDER_TRACKED), "set up an array");
  const ChunkForm chunks{
      .sides = is_packed(values, form) ? chunk_sides(shape) : shape,
      .level = form.level,
      .shuffles = form.sorts_integers && std::holds_alternative<std::vector<std::int64_t>>(values)};
  if (is_packed(values, form)) set_chunks(creation, chunks);
  return std::visit(
      [&, &name = name]<class T>(const std::vector<T>& list) {
        constexpr bool text = std::is_same_v<T, std::string>;
        const Hdf5Handle type = [] {
          if constexpr (text)
            return hdf5_text_type();
          else
            return hdf5_made(H5Tcopy(hdf5_number_type<T>()), H5Tclose, "copy a type");
        }();
        Hdf5Handle set = hdf5_made(
            H5Dcreate2(file, name.c_str(), type, space, H5P_DEFAULT, creation, H5P_DEFAULT),
            H5Dclose, "create an array");
        if (list.empty()) return set;
        const auto write = [&](const void* data) {
          hdf5_check(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), "write an array");
        };
        if constexpr (text) {
          std::vector<const char*> pointers;
          for (const std::string& item : list) pointers.push_back(item.c_str());
          write(pointers.data());
        } else if (is_packed(array.values, form)) {
          write_chunks(set, {std::as_bytes(std::span(list)), sizeof(T), array.shape}, chunks);
        } else {
          write(list.data());
        }
        return set;
      },
      values);
}

void describe_dataset(hid_t set, const std::string& unit, const std::string& long_name) {
  if (!unit.empty()) write_attribute(set, "units", unit);
  if (!long_name.empty()) write_attribute(set, "long_name", long_name);
}

/// How many arrays lie along each axis.
std::map<std::string, std::size_t> count_along(const Labelled& data) {
  std::map<std::string, std::size_t> along;
  for (const Variable& variable : data.variables)
    for (const std::string& axis : variable.axes) ++along[axis];
  return along;
}

void write_axes(hid_t file, const Labelled& data, const Form& form) {
  std::map<std::string, std::size_t> along = count_along(data);
  for (const Axis& axis : data.axes) {
    const Hdf5Handle set = write_dataset(
        file, {axis.name, axis.values, {size_of(axis.values)}, along[axis.name]}, form);
    describe_dataset(set, axis.unit, axis.long_name);
    hdf5_check(H5DSset_scale(set, axis.name.c_str()), "mark a dimension scale");
  }
}

void write_variable(hid_t file, const Labelled& data, const Variable& variable, const Form& form) {
  std::vector<Extent> shape;
  for (const std::string& name : variable.axes) shape.push_back(size_of(data.axis(name)->values));
  const Hdf5Handle set = write_dataset(file, {variable.name, variable.values, shape}, form);
  describe_dataset(set, variable.unit, variable.long_name);
  for (std::size_t i = 0; i < variable.axes.size(); ++i) {
    const Hdf5Handle scale =
        hdf5_made(H5Dopen2(file, variable.axes[i].c_str(), H5P_DEFAULT), H5Dclose, "open an axis");
    hdf5_check(H5DSattach_scale(set, scale, static_cast<unsigned>(i)), "attach a dimension scale");
  }
}

/// By how much the memory of a file grows, which is filled with zeros: small files stay small.
std::size_t step_of(const Labelled& data) {
  std::size_t bytes = 0;
  for (const Variable& variable : data.variables) bytes += 8 * size_of(variable.values);
  return std::clamp(bytes, std::size_t{64} << 10, std::size_t{4} << 20);
}

/// A file in memory. On a disk that fills up HDF5 1.10 fails again at the end of the program, and
/// crashes; bytes that we write ourselves fail in order.
Hdf5Handle file_in_memory(hid_t creation, std::size_t step) {
  const Hdf5Handle access = hdf5_made(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "set up a file");
  hdf5_check(H5Pset_fapl_core(access, step, false), "set up a file");
  return hdf5_made(H5Fcreate("lightloom", H5F_ACC_TRUNC, creation, access), H5Fclose,
                   "create a file in memory");
}

std::string image_of(hid_t file) {
  hdf5_check(H5Fflush(file, H5F_SCOPE_GLOBAL), "complete the file");
  const ssize_t size = H5Fget_file_image(file, nullptr, 0);
  if (size < 0) throw Failure("HDF5 cannot complete the file");
  std::string bytes(static_cast<std::size_t>(size), '\0');
  if (H5Fget_file_image(file, bytes.data(), bytes.size()) != size)
    throw Failure("HDF5 cannot complete the file");
  return bytes;
}

std::string bytes_of(const Labelled& data, const Form& form) {
  const Hdf5Quiet quiet;
  const Hdf5Handle creation = hdf5_made(H5Pcreate(H5P_FILE_CREATE), H5Pclose, "set up a file");
  hdf5_check(H5Pset_link_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED),
             "set up a file");
  const Hdf5Handle file = file_in_memory(creation, step_of(data));
  write_attribute(file, "schema_version", schema_version);
  for (const auto& [name, value] : data.attributes) {
    if (name == "schema_version") continue;
    std::visit([&, &name = name](const auto& content) { write_attribute(file, name, content); },
               value);  // clang 14 captures no structured binding by itself
  }
  write_axes(file, data, form);
  for (const Variable& variable : data.variables) write_variable(file, data, variable, form);
  return image_of(file);
}

/// Our own reader, too, takes files that unpack to that much for damaged.
bool unpacks_to_too_much(const std::string& bytes, const Labelled& data) {
  std::size_t largest = 0;
  for (const Variable& variable : data.variables)
    largest = std::max(largest, 8 * size_of(variable.values));
  return largest > most_unpacked(bytes.size());
}

}  // namespace

std::string labelled_bytes(const Labelled& data) { return bytes_of(data, {}); }

void write_labelled(const std::string& path, const Labelled& data) {
  const Hdf5Quiet quiet;
  require_writable(path);
  write_file(path, labelled_bytes(data));
}

void write_packed(const std::string& path, const Labelled& data, Deflate deflate) {
  const Hdf5Quiet quiet;
  require_writable(path);
  if (H5Zfilter_avail(H5Z_FILTER_DEFLATE) <= 0) return write_labelled(path, data);
  const std::string bytes = bytes_of(data, form_of(deflate));
  write_file(path, unpacks_to_too_much(bytes, data) ? labelled_bytes(data) : bytes);
}

}  // namespace lightloom
