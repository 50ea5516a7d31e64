#pragma once

#include <span>
#include <vector>

#include "calibration/model/chip_model.hpp"

namespace lightloom::calibration {

/// The transfers of a chip whose voltages change a few at a time: only cells whose heat changed are
/// computed again. Equal to the bit to `heater_phases` and `chip_transfers`.
class ChipState {
 public:
  ChipState(const ChipShape& shape, std::span<const double> parameters);

  /// The 2x2 of every cell at `voltages` (heaters).
  std::span<const photonic::Transfer> at(std::span<const double> voltages);

 private:
  void warm(std::size_t heater, double voltage);
  void turn(std::size_t heater);
  void transfer(std::size_t cell);

  struct Heat {  // what one heater receives from another, or gives to it
    int heater = 0;
    double kernel = 0;
  };
  std::vector<double> gamma_, gamma2_, bias_;
  std::vector<int> from_start_, to_start_;  // (heaters + 1), into the two below
  std::vector<Heat> from_, to_;             // by victim, by aggressor
  photonic::Fabrication fabrication_;
  double amplitude_ = 1;
  std::vector<double> voltages_, heat_, phases_;
  std::vector<char> moved_, changed_;  // heaters whose phase and cells whose transfer is old
  std::vector<photonic::Transfer> transfers_;
};

}  // namespace lightloom::calibration
