// Column sweep of a mesh against a dense product by OpenBLAS, one thread. `gflops` counts 28 flop
// per 2x2 and vector for the sweep and 8 per element and vector for the product, whatever is really
// executed. OpenBLAS picks slow kernels on virtual machines it does not know: set
// OPENBLAS_CORETYPE=SkylakeX where AVX-512 is there.
#include <benchmark/benchmark.h>
#include <cblas.h>

#include <complex>
#include <vector>

#include "photonic/decomposition/clements_reck.hpp"
#include "photonic/meshes/haar.hpp"
#include "photonic/meshes/propagate.hpp"

namespace lightloom::photonic {
namespace {

struct Mesh {
  Topology topology;
  std::vector<Transfer> cells;
  explicit Mesh(int modes) : topology(clements_topology(modes)), cells(topology.cells.size()) {
    cell_transfers(
        {topology, DeviceKind::mzi, haar_clements_settings(topology, Stream({.seed = 1}))}, cells);
  }
};

void rate(benchmark::State& state, double flop) {
  state.counters["gflops"] = benchmark::Counter(
      flop * static_cast<double>(state.iterations()) * 1e-9, benchmark::Counter::kIsRate);
}

template <class Real>
void sweep(benchmark::State& state) {
  const int n = static_cast<int>(state.range(0)), batch = static_cast<int>(state.range(1));
  const Mesh mesh(n);
  const auto prepared = prepare<Real>(mesh.topology, mesh.cells, {});
  std::vector<Real> re(static_cast<std::size_t>(n * batch), Real(0.1)), im = re;
  for (auto _ : state) propagate<Real>(prepared, {re.data(), im.data(), n, batch, batch});
  rate(state, 14.0 * n * (n - 1) * batch);
}

template <class Real>
void prepare_mesh(benchmark::State& state) {
  const Mesh mesh(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(prepare<Real>(mesh.topology, mesh.cells, {}));
}

void cgemm(benchmark::State& state) {
  const int n = static_cast<int>(state.range(0)), batch = static_cast<int>(state.range(1));
  const auto size = static_cast<std::size_t>(n);
  std::vector<std::complex<float>> a(size * size, 0.01F),
      x(size * static_cast<std::size_t>(batch), 0.1F), y(x.size());
  const std::complex<float> one = 1, zero = 0;
  for (auto _ : state)
    cblas_cgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, batch, n, &one, a.data(), n, x.data(),
                batch, &zero, y.data(), batch);
  rate(state, 8.0 * n * n * batch);
}

void sizes(benchmark::internal::Benchmark* b) {
  for (const int n : {16, 64, 256})
    for (const int batch : {1, 64, 1024}) b->Args({n, batch});
}

BENCHMARK(sweep<float>)->Apply(sizes);
BENCHMARK(sweep<double>)->Apply(sizes);
BENCHMARK(cgemm)->Apply(sizes);
BENCHMARK(prepare_mesh<float>)->Arg(16)->Arg(64)->Arg(256);

}  // namespace
}  // namespace lightloom::photonic

BENCHMARK_MAIN();
