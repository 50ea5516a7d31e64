// What the choice between sweeping a mesh and multiplying with its matrix loses against the better
// of the two, over N = 4 to 256, batches of 1 to 4096 and 1 to 1000 calls with the same settings.
// CPU time of one thread, best of several turns; prints one line a case and the worst at the end.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <limits>
#include <vector>

#include "photonic/decomposition/clements_reck.hpp"
#include "photonic/meshes/haar.hpp"
#include "photonic/meshes/mesh_operator.hpp"

namespace lightloom::photonic {
namespace {

double seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Seconds a run of `work`, repeated for at least a millisecond.
template <class Work>
double time_of(const Work& work) {
  for (int repeats = 1;; repeats *= 4) {
    const double start = seconds();
    for (int i = 0; i < repeats; ++i) work();
    const double spent = seconds() - start;
    if (spent > 1e-3) return spent / repeats;
  }
}

struct Case {
  const Topology& topology;
  const std::vector<Transfer>& cells;
  int batch;
  std::int64_t calls;

  /// Set-up and all calls; of many calls a few are timed.
  [[nodiscard]] double time(Route route, std::vector<float>& re, std::vector<float>& im) const {
    const int n = topology.modes;
    const int planned = carried_vectors(batch, calls);
    const double ready = time_of([&] {
      MeshOperator<float>(topology, cells, {}, OperatorRoute{route, planned});
    });
    const MeshOperator<float> mesh(topology, cells, {}, OperatorRoute{route, planned});
    const double apply = time_of([&] { mesh.apply({re.data(), im.data(), n, batch, batch}); });
    return ready + apply * static_cast<double>(calls);
  }
};

double loss(const Case& one) {
  std::vector<float> re(static_cast<std::size_t>(one.topology.modes * one.batch), 0.1F), im = re;
  double sweep = std::numeric_limits<double>::infinity(), dense = sweep;
  for (int turn = 0; turn < 5; ++turn) {
    sweep = std::min(sweep, one.time(Route::sweep, re, im));
    dense = std::min(dense, one.time(Route::dense, re, im));
  }
  const bool sweeps = choose_route(one.topology.modes, one.batch, one.calls) == Route::sweep;
  const double lost = (sweeps ? sweep : dense) / std::min(sweep, dense);
  fmt::print("N {:3} batch {:4} calls {:4}  sweep {:9.3f} us  dense {:9.3f} us  takes {}  {:.2f}\n",
             one.topology.modes, one.batch, one.calls, sweep * 1e6, dense * 1e6,
             sweeps ? "sweep" : "dense", lost);
  return lost;
}

void run() {
  double worst = 0;
  for (const int modes : {4, 8, 16, 32, 64, 128, 256}) {
    const Topology topology = clements_topology(modes);
    std::vector<Transfer> cells(topology.cells.size());
    cell_transfers(
        {topology, DeviceKind::mzi, haar_clements_settings(topology, Stream({.seed = 1}))}, cells);
    for (const int batch : {1, 4, 16, 64, 256, 1024, 4096})
      for (const std::int64_t calls : {1, 30, 1000})
        worst = std::max(worst, loss({topology, cells, batch, calls}));
  }
  fmt::print("worst {:.2f}\n", worst);
}

}  // namespace
}  // namespace lightloom::photonic

int main() { lightloom::photonic::run(); }
