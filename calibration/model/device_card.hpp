#pragma once

#include <span>
#include <string>
#include <vector>

#include "calibration/model/chip_card.hpp"
#include "core/cards/tree.hpp"

namespace lightloom::calibration {

/// The fitted chip as a card: parameters and standard deviations by kind, its mesh and layout.
Tree device_card(const ChipShape& shape, std::span<const double> parameters,
                 std::span<const double> sigma);
/// The parameters of such a card. Throws `Error` for a card of another shape.
std::vector<double> parameters_of_card(const ChipShape& shape, const Tree& card);
/// Standard deviations of its parameters, 0 for held ones.
std::vector<double> sigmas_of_card(const ChipShape& shape, const Tree& card);
/// The mesh and layout of such a card, and its design values where it gives them.
ChipCard chip_of_device(const Tree& card);

/// A calibrated mesh as its card gives it.
struct DeviceFile {
  ChipShape shape;
  std::vector<double> parameters, sigma;
};
DeviceFile device_of(const Tree& card);
DeviceFile read_device(const std::string& path);

}  // namespace lightloom::calibration
