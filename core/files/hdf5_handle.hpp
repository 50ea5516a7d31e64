#pragma once

#include <hdf5.h>

#include <mutex>
#include <string>
#include <utility>

#include "core/error.hpp"

namespace lightloom {

/// One thread at a time is in HDF5, which as most systems have it is not made for several. Every
/// function of ours that calls it holds one.
inline std::recursive_mutex& hdf5_mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

/// Owns an HDF5 identifier; a negative one owns nothing.
class Hdf5Handle {
 public:
  Hdf5Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Hdf5Handle() {
    if (id_ < 0) return;
    const std::lock_guard alone(hdf5_mutex());
    close_(id_);
  }
  Hdf5Handle(Hdf5Handle&& other) noexcept
      : id_(std::exchange(other.id_, hid_t{-1})), close_(other.close_) {}
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  Hdf5Handle(const Hdf5Handle&) = delete;
  Hdf5Handle& operator=(const Hdf5Handle&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

/// An identifier made while writing; a negative one is a `Failure` that says what cannot be done.
inline Hdf5Handle hdf5_made(hid_t id, herr_t (*close)(hid_t), const char* what) {
  if (id < 0) throw Failure(fmt::format("HDF5 cannot {}", what));
  return {id, close};
}

/// An identifier of a file being read; a negative one is an `Error` that names the file.
inline Hdf5Handle hdf5_opened(hid_t id, herr_t (*close)(hid_t), const std::string& path) {
  require(id >= 0, "'{}' cannot be read as HDF5 (cut off or damaged?)", path);
  return {id, close};
}

/// Throws `Failure` for a negative status.
inline void hdf5_check(herr_t status, const char* what) {
  if (status < 0) throw Failure(fmt::format("HDF5 cannot {}", what));
}

/// Keeps other threads of ours out of HDF5 while it lives, and HDF5 from printing its error stack,
/// and gives back to the host program what it had set before.
class Hdf5Quiet {
 public:
  Hdf5Quiet() {
    H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~Hdf5Quiet() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }
  Hdf5Quiet(const Hdf5Quiet&) = delete;
  Hdf5Quiet& operator=(const Hdf5Quiet&) = delete;

 private:
  std::lock_guard<std::recursive_mutex> alone_{hdf5_mutex()};
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

}  // namespace lightloom
