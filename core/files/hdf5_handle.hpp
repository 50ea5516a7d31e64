#pragma once

#include <hdf5.h>

#include <string>

#include "core/error.hpp"

namespace lightloom {

/// Owns an HDF5 identifier. A negative one is an error of the library and owns nothing; who opens
/// knows what to say then.
class Hdf5Handle {
 public:
  Hdf5Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Hdf5Handle() {
    if (id_ >= 0) close_(id_);
  }
  Hdf5Handle(const Hdf5Handle&) = delete;
  Hdf5Handle& operator=(const Hdf5Handle&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

/// One of a file being read: an identifier that cannot be opened is an `Error` that names the file.
class Hdf5ReadHandle : public Hdf5Handle {
 public:
  Hdf5ReadHandle(hid_t id, herr_t (*close)(hid_t), const std::string& path)
      : Hdf5Handle(id, close) {
    require(id >= 0, "'{}' cannot be read as HDF5 (cut off or damaged?)", path);
  }
};

}  // namespace lightloom
