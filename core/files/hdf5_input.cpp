#include "core/files/hdf5_input.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "core/unpacked.hpp"

namespace lightloom {
namespace {

herr_t refuse_link(const char*, const char*, const char*, const char*, unsigned*, hid_t,
                   void* refused) {
  *static_cast<bool*>(refused) = true;
  return -1;
}

/// Whether every chunk of a data set is there. Those that are not would read as zeros, and a
/// kilobyte can lack millions of them.
bool all_chunks_are_there(hid_t set, hid_t creation, hid_t space) {
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 1 || rank > H5S_MAX_RANK) return true;
  std::array<hsize_t, H5S_MAX_RANK> sides{}, chunk{};
  H5Sget_simple_extent_dims(space, sides.data(), nullptr);
  if (H5Pget_chunk(creation, rank, chunk.data()) != rank) return false;
  double needed = 1;
  for (std::size_t i = 0; i < static_cast<std::size_t>(rank); ++i)
    needed *= std::ceil(static_cast<double>(sides[i]) / static_cast<double>(chunk[i]));
  hsize_t written = 0;
  return H5Dget_num_chunks(set, space, &written) >= 0 && static_cast<double>(written) >= needed;
}

/// Elements that are in the file itself, and all that the shape speaks of.
void require_own_elements(hid_t set, const std::string& name, const std::string& path) {
  const Hdf5Handle creation = hdf5_opened(H5Dget_create_plist(set), H5Pclose, path);
  const H5D_layout_t layout = H5Pget_layout(creation);
  require(layout != H5D_VIRTUAL && H5Pget_external_count(creation) == 0,
          "'{}': the elements of '{}' lie in other files, which is not followed (copy them into "
          "one file, h5repack does)",
          path, name);
  const Hdf5Handle space = hdf5_opened(H5Dget_space(set), H5Sclose, path);
  require(H5Sget_simple_extent_npoints(space) <= 0 || H5Dget_storage_size(set) > 0 ||
              layout == H5D_COMPACT,
          "'{}': the elements of '{}' were never written", path, name);
  require(layout != H5D_CHUNKED || all_chunks_are_there(set, creation, space),
          "'{}': some of the elements of '{}' were never written", path, name);
}

/// A file of a kilobyte can claim petabytes (compressed zeros, chunks that are not there).
void require_size_is_backed(hid_t set, const std::string& name, const std::string& path) {
  const Hdf5Handle space = hdf5_opened(H5Dget_space(set), H5Sclose, path);
  const Hdf5Handle type = hdf5_opened(H5Dget_type(set), H5Tclose, path);
  const Hdf5Handle file = hdf5_opened(H5Iget_file_id(set), H5Fclose, path);
  hsize_t bytes = 0;
  H5Fget_filesize(file, &bytes);
  const double claimed = static_cast<double>(H5Sget_simple_extent_npoints(space)) *
                         static_cast<double>(H5Tget_size(type));
  require(claimed <= static_cast<double>(most_unpacked(bytes)),
          "'{}': '{}' claims {:.3g} bytes, too many for a file of {} (damaged, or compressed more "
          "than 64 times: store it without compression)",
          path, name, claimed, bytes);
}

}  // namespace

void require_unlocked(const std::string& path) {
  const char* locking = std::getenv("HDF5_USE_FILE_LOCKING");
  if (locking != nullptr && std::string_view(locking) == "FALSE") return;
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return;  // whoever opens it says why
  const bool locked = flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(file);
  require(!locked, "'{}' is open for writing in another program (wait, or close it there)", path);
}

Hdf5Handle hdf5_input(const std::string& path) {
  require(H5Fis_hdf5(path.c_str()) > 0, "'{}' is not an HDF5 file (or cut off at the start)", path);
  require_unlocked(path);
  return hdf5_opened(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, path);
}

Hdf5Handle hdf5_object(hid_t group, const std::string& name, const std::string& path) {
  bool refused = false;
  const Hdf5Handle access =
      hdf5_made(H5Pcreate(H5P_LINK_ACCESS), H5Pclose, "set up the reading of a file");
  hdf5_check(H5Pset_elink_cb(access, refuse_link, &refused), "set up the reading of a file");
  Hdf5Handle object(H5Oopen(group, name.c_str(), access), H5Oclose);
  require(!refused,
          "'{}': '{}' is a link to another file, which is not followed (copy it into one file, "
          "h5repack does)",
          path, name);
  return object;
}

bool hdf5_is_data_set(hid_t group, const std::string& name, const std::string& path) {
  const Hdf5Handle object = hdf5_object(group, name, path);
  return object >= 0 && H5Iget_type(object) == H5I_DATASET;
}

std::vector<std::string> hdf5_names(hid_t group, H5_index_t by, const std::string& path) {
  const auto collect = [](hid_t, const char* name, const H5L_info_t*, void* all) -> herr_t {
    static_cast<std::vector<std::string>*>(all)->emplace_back(name);
    return 0;
  };
  std::vector<std::string> names;
  hsize_t index = 0;
  require(H5Literate(group, by, H5_ITER_INC, &index, collect, &names) >= 0,
          "'{}': its arrays cannot be listed (cut off or damaged?)", path);
  return names;
}

void require_data_set(hid_t object, const std::string& name, const std::string& path) {
  require(object >= 0 && H5Iget_type(object) == H5I_DATASET,
          "'{}': '{}' cannot be read (cut off or damaged?)", path, name);
  require_own_elements(object, name, path);
  require_size_is_backed(object, name, path);
}

Hdf5Handle hdf5_data_set(hid_t group, const std::string& name, const std::string& path) {
  Hdf5Handle set = hdf5_object(group, name, path);
  require_data_set(set, name, path);
  return set;
}

}  // namespace lightloom
