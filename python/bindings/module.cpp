// The extension module lightloom._lightloom: the public library as plain calls. The checks of
// arguments and the documentation stand in the Python half of the package.
#include <omp.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <lightloom/calibration/product_errors_file.hpp>

#include "base/arrays.hpp"
#include "base/errors.hpp"
#include "base/trees.hpp"
#include "calibration.hpp"
#include "cores.hpp"
#include "devices.hpp"
#include "images.hpp"
#include "matrices.hpp"
#include "memory.hpp"
#include "meshes.hpp"
#include "studies.hpp"

namespace lightloom::python {
namespace {

/// As the program does: as many threads as asked for (0: all), and never more than OpenMP will
/// give.
int take_threads(std::int64_t asked) {
  const int most = omp_get_thread_limit();
  const int wanted = asked > 0 ? whole(asked, "threads", 1) : omp_get_num_procs();
  omp_set_dynamic(0);
  if (omp_get_max_active_levels() < 1) omp_set_max_active_levels(1);
  omp_set_num_threads(std::min(wanted, most));
  return omp_get_max_threads();
}

}  // namespace
}  // namespace lightloom::python

PYBIND11_MODULE(_lightloom, module) {
  using namespace lightloom::python;
  module.doc() = "The library behind the package lightloom.";
  module.attr("version") = LIGHTLOOM_VERSION;
  lightloom::calibration::read_measured_products();
  bind_errors(module);
  bind_arrays(module);
  bind_trees(module);
  bind_studies(module);
  bind_meshes(module);
  bind_devices(module);
  bind_cores(module);
  bind_matrices(module);
  bind_products(module);
  bind_images(module);
  bind_memory(module);
  bind_calibration(module);
  module.def("take_threads", take_threads);
  module.def("threads", [] { return omp_get_max_threads(); });
}
