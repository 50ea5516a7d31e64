#pragma once

namespace lightloom::fuzz {

/// Demands at its end that HDF5 holds as many open files, groups, data sets, types and attributes
/// as at its start.
class NoIdentifiersLeft {
 public:
  NoIdentifiersLeft();
  ~NoIdentifiersLeft();
  NoIdentifiersLeft(const NoIdentifiersLeft&) = delete;
  NoIdentifiersLeft& operator=(const NoIdentifiersLeft&) = delete;

 private:
  long long before_;
};

}  // namespace lightloom::fuzz
