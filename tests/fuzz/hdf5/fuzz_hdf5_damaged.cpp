// Damaged HDF5. HDF5 1.10 crashes on some such files, so the program lets a child read every file
// first (experiments/commands/damaged_input.hpp): what passes that guard must be read without harm.
#include <functional>

#include "core/error.hpp"
#include "core/files/labelled.hpp"
#include "core/matrices/hdf5_matrix.hpp"
#include "experiments/commands/damaged_input.hpp"
#include "tests/fuzz/base/quiet_children.hpp"
#include "tests/fuzz/images/images.hpp"

namespace lightloom::fuzz {

void read_input(Input input) {
  quiet_children();
  const std::string path = file_of(input, "input.h5");
  experiments::refuse_damaged({path});
  const std::function<void()> ways[] = {
      [&] { (void)read_labelled(path); }, [&] { (void)read_hdf5_matrix({path}); },
      [&] { read_images("HDF5 files", {path}, small_images(1)); }};
  for (const auto& read : ways) {
    try {
      read();
    } catch (const Error&) {
    }
  }
}

std::vector<Seed> seeds() {
  Labelled data;
  data.attributes["kind"] = std::string("test");
  data.add_axis({.name = "row", .values = std::vector<std::int64_t>{0, 1}});
  data.add({.name = "matrix", .axes = {"row", "row"}, .values = std::vector<double>{1, 2, 3, 4}});
  data.add({.name = "labels", .axes = {"row"}, .values = std::vector<std::int64_t>{1, 0}});
  data.add({.name = "text", .axes = {"row"}, .values = std::vector<std::string>{"a", "b"}});
  write_labelled("seed.h5", data);
  return {{"labelled.h5", contents_of("seed.h5")}};
}

}  // namespace lightloom::fuzz
