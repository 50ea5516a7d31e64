#pragma once

#include <span>

#include "photonic/mzi.hpp"
#include "photonic/topology.hpp"

namespace lightloom::photonic {

/// Fields of a batch of vectors as separate real and imaginary parts, row `mode` starting at mode *
/// stride, `batch` values.
template <class Real>
struct FieldView {
  Real* re = nullptr;
  Real* im = nullptr;
  int modes = 0;
  int batch = 0;
  int stride = 0;
};

/// Sends `fields` through all columns of the mesh and then its phase screen, in place. `screen`
/// holds e^{i psi} per mode, or nothing. 28 flop per cell and vector. Instantiated for float and
/// double.
template <class Real>
void propagate(const Topology& topology, std::span<const Transfer> transfers,
               std::span<const Complex> screen, FieldView<Real> fields);

}  // namespace lightloom::photonic
