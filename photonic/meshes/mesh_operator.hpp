#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "photonic/meshes/propagate.hpp"

namespace lightloom::photonic {

/// How a mesh is applied to vectors.
enum class Route {
  sweep,  // cell by cell: no set-up beyond the cells' numbers
  dense,  // its matrix is worked out once, then multiplied with
};

/// The quicker route for a mesh of `modes` that is applied `calls` times to `batch` vectors with
/// the same settings. A sweep costs the 8 N^2 flop a vector of a dense product and wins except for
/// one or two vectors at a time, which leave most of its lanes empty, with so many calls that the
/// matrix, a sweep of N vectors, pays for itself. `benchmarks/photonic_route` prints what the rule
/// loses against the better route (docs/evidence/performance.md).
Route choose_route(int modes, int batch, std::int64_t calls);

/// Vectors that `calls` sweeps of `batch` carry, empty lanes included: a sweep takes sixteen at a
/// time, whatever it is given. What the dearer preparation of the cells has to pay for itself on.
int carried_vectors(int batch, std::int64_t calls);

/// How an operator is going to be used: `calls` times with `batch` vectors. Any use is correct.
struct OperatorUse {
  int batch = 1;
  std::int64_t calls = 1;
};
/// What that comes to: a route, and the vectors its preparation is for (see carried_vectors).
struct OperatorRoute {
  Route route = Route::sweep;
  int carried = 1;
};

/// A mesh with fixed settings, applied by the quicker route.
template <class Real>
class MeshOperator {
 public:
  MeshOperator(const Topology& topology, std::span<const Transfer> transfers,
               std::span<const Complex> screen, const OperatorUse& use);
  /// The same by a route of the caller's.
  MeshOperator(const Topology& topology, std::span<const Transfer> transfers,
               std::span<const Complex> screen, const OperatorRoute& by);

  /// Sends `fields` through the mesh, in place. Thread-safe.
  void apply(FieldView<Real> fields) const;
  [[nodiscard]] Route route() const { return route_; }

 private:
  Route route_;
  PreparedMesh<Real> sweep_;
  std::vector<Real> re_, im_;  // (modes, modes), output by input; dense only
};

}  // namespace lightloom::photonic
