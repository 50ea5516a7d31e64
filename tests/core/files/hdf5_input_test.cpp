#include "core/files/hdf5_input.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

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

enum class Chunks { all, first };

/// A file whose data set "matrix" claims rows x 4096 doubles in chunks of `chunk_rows` whole rows:
/// compressed zeros, of which all chunks are there or the first.
std::string claiming_file(const std::string& name, hsize_t rows, hsize_t chunk_rows,
                          Chunks chunks) {
  std::string path = scratch_path(name).string();
  const hsize_t claimed[2] = {rows, 4096}, chunk[2] = {chunk_rows, 4096};
  const Hdf5Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
  const Hdf5Handle space(H5Screate_simple(2, claimed, nullptr), H5Sclose),
      creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_chunk(creation, 2, chunk);
  H5Pset_deflate(creation, 9);
  if (chunks == Chunks::all) H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
  const Hdf5Handle set(
      H5Dcreate2(file, "matrix", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, creation, H5P_DEFAULT),
      H5Dclose);
  const std::vector<double> zeros(chunk_rows * 4096);
  const Hdf5Handle one(H5Screate_simple(2, chunk, nullptr), H5Sclose);
  const hsize_t start[2] = {0, 0};
  H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nullptr, chunk, nullptr);
  H5Dwrite(set, H5T_NATIVE_DOUBLE, one, space, H5P_DEFAULT, zeros.data());
  return path;
}

TEST(Hdf5Input, AnArrayMayClaimAQuarterOfAGigabyteAndNoByteMoreThanItsFileBacks) {
  const auto opens = [](const std::string& path) {
    const Hdf5Handle file = hdf5_input(path);
    (void)hdf5_data_set(file, "matrix", path);
  };
  constexpr hsize_t limit = (hsize_t{256} << 20) / (4096 * sizeof(double)), chunk = 1024;
  EXPECT_NO_THROW(opens(claiming_file("fits.h5", limit, chunk, Chunks::all)));
  const std::string bomb = refused(claiming_file("bomb.h5", limit + chunk, chunk, Chunks::all));
  EXPECT_NE(bomb.find("claims 3.02e+08 bytes"), std::string::npos)
      << bomb;  // (8192 + 1024) x 32768
}

TEST(Hdf5Input, ChunksThatWereNeverWrittenAreNoZeros) {
  EXPECT_EQ(refused(claiming_file("whole.h5", 10, 4, Chunks::all)), "");  // three chunks hold ten
  const std::string partly = refused(claiming_file("partly.h5", 10, 4, Chunks::first));
  EXPECT_NE(partly.find("some of the elements"), std::string::npos) << partly;
  // Millions of small chunks that are not there took gigabytes to list.
  const std::string many = refused(claiming_file("many.h5", hsize_t{1} << 40, 1, Chunks::first));
  EXPECT_NE(many.find("never written"), std::string::npos) << many;
}

TEST(Hdf5Input, AFileThatAnotherProgramWritesIsNotCalledDamaged) {
  const std::string path = file_with("locked.h5", H5P_DEFAULT);
  const int writer = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(flock(writer, LOCK_EX), 0);
  EXPECT_NE(refused(path).find("in another program"), std::string::npos) << refused(path);
  EXPECT_THROW(read_labelled(path), Error);
  ASSERT_EQ(flock(writer, LOCK_SH), 0);  // as a reader
  EXPECT_EQ(refused(path), "");
  close(writer);
}

TEST(Hdf5Input, ElementsThatWereNeverWrittenAreNoZeros) {
  const std::string path = file_with("empty.h5", H5P_DEFAULT, true);
  EXPECT_NE(refused(path).find("never written"), std::string::npos) << refused(path);
}

}  // namespace
}  // namespace lightloom
