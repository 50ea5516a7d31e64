#pragma once

#include <vector>

#include "calibration/laboratory/virtual_chip.hpp"
#include "calibration/model/chip_card.hpp"

/// The laboratory of docs/use/calibration.md: a virtual chip.
inline std::vector<double> read_powers(std::span<const double> volts, int port) {
  using namespace lightloom::calibration;
  static const ChipCard card{.modes = 4};
  static VirtualChip chip(chip_shape(card), hidden_parameters(chip_shape(card), card, 3, 0), {},
                          {3});
  Inputs one{1, 4, std::vector<lightloom::photonic::Complex>(4)};
  one.fields[static_cast<std::size_t>(port)] = 1;
  return chip.read(volts, one);
}
