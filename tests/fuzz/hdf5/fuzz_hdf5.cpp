// HDF5 files of others: whole ones with data sets of every type, shape, storage and link, as the
// input says, read in every way that we have. What damaged bytes do to the library is the matter of
// fuzz_hdf5_damaged.
#include <fuzzer/FuzzedDataProvider.h>
#include <hdf5.h>
#include <hdf5_hl.h>

#include <array>
#include <functional>

#include "core/error.hpp"
#include "core/files/hdf5_handle.hpp"
#include "core/files/labelled.hpp"
#include "core/matrices/hdf5_matrix.hpp"
#include "tests/fuzz/base/fuzzer.hpp"
#include "tests/fuzz/hdf5/identifiers.hpp"
#include "tests/fuzz/images/images.hpp"

namespace lightloom::fuzz {
namespace {

constexpr std::array names{"matrix", "real",  "imaginary", "imag", "images",
                           "labels", "other", "x",         "group"};
constexpr std::array attributes{"schema_version", "units", "long_name", "kind", "other"};

Hdf5Handle pair_type(FuzzedDataProvider& from) {
  Hdf5Handle pair(H5Tcreate(H5T_COMPOUND, 16), H5Tclose);
  const hid_t part = from.ConsumeBool() ? H5T_NATIVE_DOUBLE : H5T_NATIVE_FLOAT;
  H5Tinsert(pair, "r", 0, part);
  H5Tinsert(pair, from.ConsumeBool() ? "i" : "j", 8, from.ConsumeBool() ? part : H5T_NATIVE_SHORT);
  return pair;
}

Hdf5Handle text_type(std::size_t size) {
  Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, size);
  return type;
}

Hdf5Handle other_type(FuzzedDataProvider& from) {
  const hsize_t two = 2;
  switch (from.ConsumeIntegralInRange(0, 6)) {
    case 0:
      return pair_type(from);
    case 1:
      return text_type(H5T_VARIABLE);
    case 2:
      return text_type(5);
    case 3:
      return {H5Tcreate(H5T_OPAQUE, 3), H5Tclose};
    case 4:
      return {H5Tarray_create2(H5T_NATIVE_INT, 1, &two), H5Tclose};
    case 5:
      return {H5Tvlen_create(H5T_NATIVE_FLOAT), H5Tclose};
    default:
      return {H5Tenum_create(H5T_NATIVE_INT8), H5Tclose};
  }
}

Hdf5Handle any_type(FuzzedDataProvider& from) {
  const hid_t numbers[] = {H5T_NATIVE_DOUBLE, H5T_NATIVE_FLOAT,  H5T_IEEE_F64BE,
                           H5T_NATIVE_INT64,  H5T_NATIVE_UINT64, H5T_NATIVE_UINT8,
                           H5T_NATIVE_INT8,   H5T_STD_I16BE,     H5T_NATIVE_LDOUBLE};
  if (from.ConsumeBool()) return other_type(from);
  return {H5Tcopy(numbers[from.ConsumeIntegralInRange<std::size_t>(0, std::size(numbers) - 1)]),
          H5Tclose};
}

/// A scalar, nothing, or up to five axes, of which some are long; at most 2^50 elements, as the
/// library's own count of them runs over. Long ones may grow: the list of chunks of a fixed number
/// would be written in full.
Hdf5Handle any_space(FuzzedDataProvider& from, int& rank, hsize_t* sides) {
  rank = from.ConsumeIntegralInRange(-1, 5);
  if (rank < 0) return {H5Screate(H5S_NULL), H5Sclose};
  int left = 50;
  bool any_long = false;
  const hsize_t unlimited[] = {H5S_UNLIMITED, H5S_UNLIMITED, H5S_UNLIMITED, H5S_UNLIMITED,
                               H5S_UNLIMITED};
  for (int i = 0; i < rank; ++i) {
    const bool is_long = from.ConsumeIntegralInRange(0, 9) == 0;
    const int bits = is_long ? from.ConsumeIntegralInRange(0, left) : 0;
    sides[i] = is_long ? hsize_t{1} << bits : from.ConsumeIntegralInRange<hsize_t>(0, 3);
    left -= is_long ? bits : 2;
    left = std::max(left, 0);
    any_long = any_long || is_long;
  }
  return {rank == 0 ? H5Screate(H5S_SCALAR)
                    : H5Screate_simple(rank, sides, any_long ? unlimited : nullptr),
          H5Sclose};
}

/// Writes nothing, or the first element, or all of a few.
void write_some(FuzzedDataProvider& from, hid_t set, hid_t space, hid_t type) {
  const std::size_t size = H5Tget_size(type);
  const hssize_t points = H5Sget_simple_extent_npoints(space);
  if (from.ConsumeBool() || points < 1 || size == 0 || size > 64) return;
  if (H5Tdetect_class(type, H5T_VLEN) > 0 || H5Tis_variable_str(type) > 0) {
    std::vector<hvl_t> nothing(static_cast<std::size_t>(std::min<hssize_t>(points, 64)));
    if (points <= 64) H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, nothing.data());
    return;
  }
  const int rank = H5Sget_simple_extent_ndims(space);
  std::vector<std::uint8_t> element = from.ConsumeBytes<std::uint8_t>(size);
  if (points <= 64) {
    element.resize(size * static_cast<std::size_t>(points));
    H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, element.data());
    return;
  }
  element.resize(size);
  const std::array<hsize_t, 5> start{}, one{1, 1, 1, 1, 1};
  const Hdf5Handle at(H5Scopy(space), H5Sclose),
      single(H5Screate_simple(rank, one.data(), nullptr), H5Sclose);
  H5Sselect_hyperslab(at, H5S_SELECT_SET, start.data(), nullptr, one.data(), nullptr);
  H5Dwrite(set, type, single, at, H5P_DEFAULT, element.data());
}

void add_attribute(FuzzedDataProvider& from, hid_t to) {
  const char* name = from.PickValueInArray(attributes);
  int rank = 0;
  hsize_t sides[5] = {};
  const bool plain = from.ConsumeBool();
  const Hdf5Handle type = plain ? Hdf5Handle(H5Tcopy(H5T_NATIVE_INT64), H5Tclose) : any_type(from);
  const Hdf5Handle space =
      plain ? Hdf5Handle(H5Screate(H5S_SCALAR), H5Sclose) : any_space(from, rank, sides);
  if (H5Sget_simple_extent_npoints(space) > 64) return;
  const Hdf5Handle attribute(H5Acreate2(to, name, type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  if (attribute < 0 || from.ConsumeIntegralInRange(0, 3) == 0) return;
  const std::vector<std::uint8_t> zeros(64 * 64);
  if (H5Tget_size(type) <= 64) H5Awrite(attribute, type, zeros.data());
}

void add_set(FuzzedDataProvider& from, hid_t file) {
  int rank = 0;
  hsize_t sides[5] = {};
  const char* name = from.PickValueInArray(names);
  const Hdf5Handle type = any_type(from), space = any_space(from, rank, sides);
  const Hdf5Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  const int storage = from.ConsumeIntegralInRange(0, 3);
  const bool large = H5Sget_simple_extent_npoints(space) > 4096;
  if (storage == 0 && !large) H5Pset_layout(creation, H5D_COMPACT);
  if (rank > 0 && (storage >= 2 || large)) {
    const hsize_t chunk[] = {2, 2, 2, 2, 2};
    H5Pset_chunk(creation, rank, chunk);
    if (storage == 3) H5Pset_deflate(creation, 9);
  }
  const Hdf5Handle set(H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT),
                       H5Dclose);
  if (set < 0) return;
  write_some(from, set, space, type);
  if (from.ConsumeIntegralInRange(0, 3) == 0) add_attribute(from, set);
  if (rank == 1 && from.ConsumeBool()) H5DSset_scale(set, name);
}

void add_link(FuzzedDataProvider& from, hid_t file) {
  const char* name = from.PickValueInArray(names);
  const char* to = from.PickValueInArray(names);
  switch (from.ConsumeIntegralInRange(0, 3)) {
    case 0:
      H5Lcreate_soft(to, file, name, H5P_DEFAULT, H5P_DEFAULT);
      break;
    case 1:
      H5Lcreate_hard(file, to, file, name, H5P_DEFAULT, H5P_DEFAULT);
      break;
    case 2:
      H5Lcreate_external("input.h5", to, file, name, H5P_DEFAULT, H5P_DEFAULT);
      break;
    default:
      const Hdf5Handle group(H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                             H5Gclose);
      if (group >= 0) H5Lcreate_hard(file, "/", group, "root", H5P_DEFAULT, H5P_DEFAULT);
  }
}

/// Attaches a scale to an axis, where both are there.
void attach(FuzzedDataProvider& from, hid_t file) {
  const char* set_name = from.PickValueInArray(names);
  const char* scale_name = from.PickValueInArray(names);
  for (const char* name : {set_name, scale_name})
    if (H5Lexists(file, name, H5P_DEFAULT) <= 0 || H5Oexists_by_name(file, name, H5P_DEFAULT) <= 0)
      return;
  const Hdf5Handle set(H5Dopen2(file, set_name, H5P_DEFAULT), H5Dclose),
      scale(H5Dopen2(file, scale_name, H5P_DEFAULT), H5Dclose);
  if (set >= 0 && scale >= 0) H5DSattach_scale(set, scale, from.ConsumeIntegralInRange(0u, 2u));
}

/// Put together in memory, then written as a whole.
void make_file(const std::string& path, Input input) {
  FuzzedDataProvider from(input.data(), input.size());
  const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose),
      creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  H5Pset_fapl_core(access, 1 << 16, true);
  if (from.ConsumeBool())
    H5Pset_link_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  if (from.ConsumeBool()) H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
  const Hdf5Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation, access), H5Fclose);
  const std::int64_t version = 1;
  if (from.ConsumeBool())
    H5LTset_attribute_long_long(file, "/", "schema_version",
                                reinterpret_cast<const long long*>(&version), 1);
  const std::function<void(FuzzedDataProvider&, hid_t)> steps[] = {add_set, add_set, add_link,
                                                                   attach, add_attribute};
  for (int i = 0; i < 12 && from.remaining_bytes() > 0; ++i)
    steps[from.ConsumeIntegralInRange<std::size_t>(0, std::size(steps) - 1)](from, file);
}

}  // namespace

void read_input(Input input) {
  const NoIdentifiersLeft guard;
  const Hdf5Quiet quiet;
  const std::string path = "input.h5";
  make_file(path, input);
  const std::function<void()> ways[] = {
      [&] { (void)read_labelled(path); }, [&] { (void)read_hdf5_matrix({path}); },
      [&] { visit_hdf5_matrices(path); },
      [&] { read_images("HDF5 files", {path}, small_images(1)); }};
  for (const auto& read : ways) {
    try {
      read();
    } catch (const Error&) {
    }
  }
}

std::vector<Seed> seeds() {
  std::vector<Seed> all;
  for (std::uint8_t i = 0; i < 16; ++i) {
    Bytes bytes(48);
    for (std::size_t k = 0; k < bytes.size(); ++k)
      bytes[k] = static_cast<std::uint8_t>(37 * (k + 1) * (i + 1));
    all.push_back({"recipe-" + std::to_string(i), bytes});
  }
  return all;
}

}  // namespace lightloom::fuzz
