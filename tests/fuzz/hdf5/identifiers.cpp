#include "tests/fuzz/hdf5/identifiers.hpp"

#include <hdf5.h>

#include "tests/fuzz/base/fuzzer.hpp"

namespace lightloom::fuzz {
namespace {

long long open_identifiers() {
  return static_cast<long long>(H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_ALL));
}

}  // namespace

NoIdentifiersLeft::NoIdentifiersLeft() {
  // HDF5 makes a table of half a megabyte for every file that is opened; it keeps its memory here.
  static const bool kept = H5open() >= 0 && H5set_free_list_limits(-1, -1, -1, -1, -1, -1) >= 0;
  demand(kept, "HDF5 takes limits of its lists");
  before_ = open_identifiers();
}

NoIdentifiersLeft::~NoIdentifiersLeft() {
  demand(open_identifiers() == before_, "identifiers of HDF5 are left open");
}

}  // namespace lightloom::fuzz
