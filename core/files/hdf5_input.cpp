#include "core/files/hdf5_input.hpp"

namespace lightloom {
namespace {

herr_t refuse_link(const char*, const char*, const char*, const char*, unsigned*, hid_t,
                   void* refused) {
  *static_cast<bool*>(refused) = true;
  return -1;
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
}

}  // namespace

Hdf5Handle hdf5_input(const std::string& path) {
  require(H5Fis_hdf5(path.c_str()) > 0, "'{}' is not an HDF5 file (or cut off at the start)", path);
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

Hdf5Handle hdf5_data_set(hid_t group, const std::string& name, const std::string& path) {
  Hdf5Handle set = hdf5_object(group, name, path);
  require(set >= 0 && H5Iget_type(set) == H5I_DATASET,
          "'{}': '{}' cannot be read (cut off or damaged?)", path, name);
  require_own_elements(set, name, path);
  return set;
}

}  // namespace lightloom
