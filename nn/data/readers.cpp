#include "nn/data/readers.hpp"

namespace lightloom::nn {

// One function per format, in a file of its own: a new one is declared and listed here.
Reader idx_reader();
Reader cifar10_reader();
Reader cifar100_reader();
Reader npy_reader();
Reader hdf5_reader();
Reader svhn_reader();
Reader folder_reader();

const std::vector<Reader>& readers() {
  static const std::vector<Reader> all{idx_reader(),   cifar10_reader(), cifar100_reader(),
                                       npy_reader(),   hdf5_reader(),    svhn_reader(),
                                       folder_reader()};
  return all;
}

}  // namespace lightloom::nn
