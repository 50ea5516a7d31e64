#pragma once

#include <span>
#include <vector>

#include "calibration/derivatives/cell_gradient.hpp"
#include "calibration/problem/expansion.hpp"
#include "calibration/problem/fit_problem.hpp"

namespace lightloom::calibration {

/// J^T r and products J^T J v of a fit's weighted Jacobian at one point without forming J: tangents
/// run through the mesh with the light, their weighted readings back against it. A product costs
/// two sweeps of every setting (32 flop per cell and input each), where J^T J itself costs
/// (4 cells)^2 inputs ports. Holds the fields in front of all cells: 32 bytes per setting, cell and
/// input. Equal to the bit on any number of threads.
class LinearisedMesh {
 public:
  /// `problem` must outlive this; all its settings and the prior count.
  explicit LinearisedMesh(const FitProblem& problem) : problem_(problem) {}

  /// Linearises about `parameters` (all of them). Returns half the cost; `gradient` (free) receives
  /// J^T r with the prior's share.
  double linearise(std::span<const double> parameters, std::span<double> gradient);
  /// `result` = (J^T J + prior) `v` (free) at that point.
  void product(std::span<const double> v, std::span<double> result) const;

  /// Everything one setting needs.
  struct Setting {
    std::vector<CellState> cells;
    std::vector<double> re, im;  // (cells, 2, inputs): fields in front of each cell
    std::vector<double> injected_re, injected_im;  // (ports, inputs)
    std::vector<double> pull_re, pull_im;          // (ports, inputs): 2 g w conj(y)
    std::vector<double> signal, weight;            // (ports, inputs): w g |y|^2 and w
    std::vector<double> residual;                  // (ports, inputs), weighted
    Expansion expansion;
    double cost = 0;
  };

 private:
  const FitProblem& problem_;
  BaseColumns columns_;
  std::vector<Setting> settings_;
};

}  // namespace lightloom::calibration
