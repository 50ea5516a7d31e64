#pragma once

#include <string>
#include <vector>

#include "nn/data/dataset.hpp"

namespace lightloom::nn {

/// A pair of IDX files, gzipped or not: images (magic 2051) and labels (magic 2049).
ImageSet read_idx(const std::string& images_path, const std::string& labels_path,
                  const DatasetShape& expected);

/// The same for any number of pairs, images and labels in turn.
ImageSet read_idx_pairs(const std::vector<std::string>& paths, const DatasetShape& expected);

/// Files of the binary CIFAR format: records of `label_bytes` labels (the last one counts) and 3072
/// pixels, channel by channel.
ImageSet read_cifar(const std::vector<std::string>& paths, const DatasetShape& expected,
                    int label_bytes);

/// NumPy files in turn: uint8 images (count, height, width, channels) and their integer labels
/// (count).
ImageSet read_npy_pairs(const std::vector<std::string>& paths, const DatasetShape& expected);

/// HDF5 files with the data sets `images`, uint8 (count, height, width, channels), and `labels`
/// (count).
ImageSet read_hdf5(const std::vector<std::string>& paths, const DatasetShape& expected);

/// SVHN's cropped digits: MATLAB files with X, uint8 (height, width, channels, count), and y, 1 to
/// 10, where 10 is the digit zero.
ImageSet read_svhn(const std::vector<std::string>& paths, const DatasetShape& expected);

/// Folders with one folder of images (PNG, binary PPM and PGM, all of the data set's size) for each
/// class, in the order of their names.
ImageSet read_folders(const std::vector<std::string>& paths, const DatasetShape& expected);

/// Generated stroke digits, deterministic from `seed`; `part` tells training (0) from test images
/// (1).
ImageSet make_glyphs(std::size_t count, std::uint64_t seed, std::uint32_t part);

}  // namespace lightloom::nn
