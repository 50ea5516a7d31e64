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
  H5open();
  before_ = open_identifiers();
}

NoIdentifiersLeft::~NoIdentifiersLeft() {
  demand(open_identifiers() == before_, "identifiers of HDF5 are left open");
}

}  // namespace lightloom::fuzz
