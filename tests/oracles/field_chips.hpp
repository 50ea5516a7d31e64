#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

namespace lightloom::oracle {

/// Receivers and light of an analog core, as plain numbers.
struct Bench {
  double power_mW = 0;       // that one input at full scale brings to a detector, weight 1
  double oscillator_mW = 0;  // homodyne only
  double rin_per_Hz = 0;     // linear
  double dark_A = 0;         // per diode
  double amplifier_A_per_rtHz = 0;
  double bandwidth_Hz = 0;
};

/// Mean squared error of all outputs of chips drawn one after another, and its standard error over
/// the chips.
struct OutputError {
  double mean = 0, standard_error = 0;
};

struct MeshBench {
  Bench light;
  double splitter_sigma_rad = 0, phase_sigma_rad = 0;
};
/// Real weights (n, n) on two Clements meshes and a row of attenuators, decomposed as in the paper
/// (Optica 3, 1460, 2016): every MZI of every chip a product of its four stages with errors of its
/// own, every matrix product written out, both photocurrents of every output drawn. Light of
/// intensity 1 is a field of 1. 1 A/W.
OutputError field_mesh_error(const Eigen::MatrixXd& weights, const Eigen::VectorXd& inputs,
                             const MeshBench& bench, int chips, int shots);

struct CellBench {
  Bench light;
  int level_bits = 5;
  double ratio = 0.872;
  double programming_scale = 1, drift_scale = 0, read_scale = 0;
  double elapsed_s = 0, reference_s = 20;
};
/// Weights (rows, columns) on pairs of phase-change cells: every cell of every chip drawn as it is
/// written and drifts, both photocurrents of every output summed cell by cell and drawn. Inputs are
/// intensities in [0, 1]. 1 A/W.
OutputError cell_crossbar_error(const Eigen::MatrixXd& weights, const Eigen::VectorXd& inputs,
                                const CellBench& bench, int chips, int shots);

}  // namespace lightloom::oracle
