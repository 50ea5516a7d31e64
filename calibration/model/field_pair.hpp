#pragma once

#include "photonic/devices/complex.hpp"
#include "photonic/meshes/mesh.hpp"

namespace lightloom::calibration {

/// Fields on the two ports of a cell, or what a derivative makes of them.
struct FieldPair {
  photonic::Complex top, bottom;
};
/// T f.
inline FieldPair apply(const photonic::Transfer& t, const FieldPair& f) {
  return {photonic::mul(t.tt, f.top) + photonic::mul(t.tb, f.bottom),
          photonic::mul(t.bt, f.top) + photonic::mul(t.bb, f.bottom)};
}

/// T with every field that leaves it `amplitude` times as large.
inline void amplify(photonic::Transfer& t, double amplitude) {
  t.tt *= amplitude;
  t.tb *= amplitude;
  t.bt *= amplitude;
  t.bb *= amplitude;
}

}  // namespace lightloom::calibration
