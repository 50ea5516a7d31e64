#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "calibration/model/chip_model.hpp"
#include "core/matrix.hpp"

namespace lightloom::calibration {

/// Voltages that give the heaters the phases of `settings` (modulo 2 pi) by a chip's parameters:
/// the heat every heater must give, crosstalk of all others taken off, in the lowest turn. Output
/// phases have no heater and are ignored.
struct Programming {
  std::vector<double> voltages;  // (heaters)
  int out_of_range = 0;          // heaters that would need more than the greatest voltage: clipped
  int unreachable = 0;           // MZIs whose splitters cannot make their ratio (corrected only)
};
Programming voltages_for(const ChipShape& shape, std::span<const double> parameters,
                         const photonic::MeshSettings& settings, double max_voltage_V);

/// How a matrix is programmed on a chip.
struct ProgrammingOptions {
  double max_voltage_V = 6.5;
  bool nearest = false;  // any square matrix: the nearest unitary; else unitary ones alone
  double tolerance = 0;  // of what is taken for unitary, see photonic::DecompositionOptions
};

/// Voltages for a matrix, and the unitary that they are for.
struct ProgrammedMatrix {
  Programming set;
  photonic::SquareMatrix target;
  bool rounded = false;  // not quite unitary: the nearest one is set
  /// Butterfly: input (output) k is the port with the bits of k reversed, see
  /// photonic::MatrixDecomposition. `target` has the order of the ports.
  bool inputs_reversed = false, outputs_reversed = false;
};

/// Decomposes `target` for the chip's mesh, corrects it device by device for the splitter errors in
/// `parameters`, and finds the voltages. With alpha = beta = 0 there nothing is corrected. Throws
/// `Error` for a matrix of another size and for what `photonic::decompose_matrix` refuses.
ProgrammedMatrix program(const ChipShape& shape, std::span<const double> parameters,
                         const ComplexMatrix& target, const ProgrammingOptions& options = {});

/// The field matrix a chip realises at these voltages, port couplings left out.
photonic::SquareMatrix realised_matrix(const ChipShape& shape, std::span<const double> parameters,
                                       std::span<const double> voltages);

/// ||s D_out a D_in - b||_F / sqrt(N) at the best scale s and diagonal phases: the part of the
/// error that powers can tell (input and output phases of a chip calibrated by powers are free).
double error_up_to_port_phases(const photonic::SquareMatrix& a, const photonic::SquareMatrix& b);

/// Mean error of Haar-random targets on the hidden chip, by what is known when programming it.
struct ProgrammingComparison {
  double uncalibrated = 0;  // the design values
  double heaters_only = 0;  // fitted heater laws and crosstalk, no splitter errors
  double fitted = 0;        // everything fitted, locally corrected
  double perfect = 0;       // the hidden truth, locally corrected
  int targets = 0;
};
struct ParameterBeliefs {
  std::vector<double> design, fitted, hidden;  // parameter vectors
};
/// Random matrices programmed on a chip within what the drivers can do.
struct ProgrammingTrial {
  double max_voltage_V = 6.5;
  int targets = 8;
  std::uint64_t seed = 0;
};
ProgrammingComparison compare_programming(const ChipShape& shape, const ParameterBeliefs& beliefs,
                                          const ProgrammingTrial& trial);

}  // namespace lightloom::calibration
