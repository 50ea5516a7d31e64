#include "core/files/hdf5_input.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "core/error.hpp"
#include "core/files/hdf5_numbers.hpp"
#include "core/files/labelled.hpp"
#include "core/matrices/hdf5_matrix.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom {
namespace {

constexpr hsize_t sides[2] = {2, 2};

/// A file with one data set "matrix" made with these properties; written unless `empty`.
std::string file_with(const std::string& name, hid_t creation, bool empty = false) {
  std::string path = scratch_path(name).string();
  const Hdf5Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
  const Hdf5Handle space(H5Screate_simple(2, sides, nullptr), H5Sclose);
  const Hdf5Handle set(
      H5Dcreate2(file, "matrix", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, creation, H5P_DEFAULT),
      H5Dclose);
  const double values[4] = {1, 2, 3, 4};
  if (!empty) H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  return path;
}

std::string refused(const std::string& path) {
  try {
    read_hdf5_matrix({path});
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Hdf5Input, ElementsOfOtherFilesAreNotRead) {
  const std::string secret = scratch_path("secret").string();
  std::ofstream(secret) << std::string(32, 's');
  const Hdf5Handle outside(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_external(outside, secret.c_str(), 0, 32);
  const std::string external = file_with("external.h5", outside, true);
  EXPECT_NE(refused(external).find("in other files"), std::string::npos) << refused(external);

  const std::string plain = file_with("plain.h5", H5P_DEFAULT);
  EXPECT_EQ(refused(plain), "");
  const Hdf5Handle made_up(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  const Hdf5Handle space(H5Screate_simple(2, sides, nullptr), H5Sclose);
  H5Pset_virtual(made_up, space, plain.c_str(), "matrix", space);
  const std::string virtually = file_with("virtual.h5", made_up, true);
  EXPECT_NE(refused(virtually).find("in other files"), std::string::npos) << refused(virtually);
}

TEST(Hdf5Input, LinksToOtherFilesAreNotFollowed) {
  const std::string plain = file_with("plain.h5", H5P_DEFAULT),
                    path = scratch_path("links.h5").string();
  {
    const Hdf5Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT),
                          H5Fclose);
    H5Lcreate_external(plain.c_str(), "/matrix", file, "matrix", H5P_DEFAULT, H5P_DEFAULT);
  }
  EXPECT_NE(refused(path).find("link to another file"), std::string::npos) << refused(path);
  EXPECT_THROW(open_hdf5_numbers(path, {"matrix"}), Error);
}

TEST(Hdf5Input, ElementsThatWereNeverWrittenAreNoZeros) {
  const std::string path = file_with("empty.h5", H5P_DEFAULT, true);
  EXPECT_NE(refused(path).find("never written"), std::string::npos) << refused(path);
}

}  // namespace
}  // namespace lightloom
