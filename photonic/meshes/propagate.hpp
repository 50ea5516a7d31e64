#pragma once

#include <span>
#include <vector>

#include "photonic/devices/mzi.hpp"
#include "photonic/meshes/topology.hpp"

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

/// A mesh made ready for sweeps. Every mode carries a complex factor that later cells and the
/// output take up, so that in each cell two of the four elements become 1: 16 flop per vector
/// instead of 28, as fast Givens rotations do. The larger product of T11 T22 and T12 T21 is divided
/// by, so nothing grows; where the factors would leave the range of `Real` all the same, the four
/// elements are kept as they are.
///
/// Meshes of neighbouring modes (Clements, Reck) are walked along diagonals, two at a time: light
/// that leaves a cell at the bottom enters the next one of its diagonal at the top, so one row
/// stays in registers, and the upper output of the first diagonal is what the second one needs.
/// Each pair of cells then loads and stores one row instead of four.
template <class Real>
struct PreparedMesh {
  struct Full {
    Real tt_r, tt_i, tb_r, tb_i, bt_r, bt_i, bb_r, bb_i;
  };
  struct Scaled {  // straight: (u + r v, v + q u); crossed: (v + r u, u + q v)
    Real r_r, r_i, q_r, q_i;
    int crossed;
  };
  std::vector<Topology::Diagonal> diagonals;  // the walk; or, where there are none,
  std::vector<Cell> pairs;                    // the cells in order
  std::vector<Full> full;                     // one of the two is empty; in the order of the walk
  std::vector<Scaled> scaled;
  std::vector<Complex> outputs;  // factor of every mode, screen included
};

enum class Preparation {
  scaled,  // for many vectors
  full,    // for few: preparing costs less
};

/// `screen` holds e^{i psi} per mode, or nothing.
template <class Real>
PreparedMesh<Real> prepare(const Topology& topology, std::span<const Transfer> transfers,
                           std::span<const Complex> screen,
                           Preparation preparation = Preparation::scaled);

/// Sends `fields` through the mesh, in place. Instantiated for float and double.
template <class Real>
void propagate(const PreparedMesh<Real>& mesh, FieldView<Real> fields);

/// Prepares and sends at once.
template <class Real>
void propagate(const Topology& topology, std::span<const Transfer> transfers,
               std::span<const Complex> screen, FieldView<Real> fields);

}  // namespace lightloom::photonic
