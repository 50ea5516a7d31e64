#pragma once

#include <cstdint>
#include <type_traits>

#include "core/files/hdf5_handle.hpp"

namespace lightloom {

/// Text of variable length in UTF-8.
inline Hdf5Handle hdf5_text_type() {
  Hdf5Handle type = hdf5_made(H5Tcopy(H5T_C_S1), H5Tclose, "make a text type");
  hdf5_check(H5Tset_size(type, H5T_VARIABLE), "make a text type");
  hdf5_check(H5Tset_cset(type, H5T_CSET_UTF8), "make a text type");
  return type;
}

/// The type in memory of double, float or std::int64_t; the library owns it.
template <class T>
hid_t hdf5_number_type() {
  static_assert(std::is_same_v<T, double> || std::is_same_v<T, float> ||
                std::is_same_v<T, std::int64_t>);
  if constexpr (std::is_same_v<T, double>) return H5T_NATIVE_DOUBLE;
  if constexpr (std::is_same_v<T, float>) return H5T_NATIVE_FLOAT;
  return H5T_NATIVE_INT64;
}

}  // namespace lightloom
