#pragma once

#include <span>
#include <vector>

#include "calibration/chip_model.hpp"

namespace lightloom::calibration {

/// Readings at random settings, every port lit in turn at full scale.
struct RandomReadings {
  int settings = 0;
  std::vector<double> voltages;  // (settings, heaters)
  std::vector<double> powers;    // (settings, inputs, ports)
};

/// phi_0 of every theta heater (cells), from random settings alone: nothing needs to be routed and
/// nothing is known but the design value of gamma. Over random phi, light adds up by its powers on
/// the mean: MZI k passes the share sin^2(theta_k / 2) of each input's power straight on, which
/// makes the mean readings a chain of known 2x2 mixings with theta_k = phi_0k + gamma V_k^2.
/// Readings scatter about that mean by speckle, of its own size. The quadratures of every theta are
/// fitted in turn (Gauss-Newton with a diagonal matrix, gradients by one sweep back), each mixing
/// as certain as its quadratures are so far; from no knowledge at all the first round is a matched
/// filter. Error some 0.2 rad at 20 settings per port.
std::vector<double> guess_theta(const ChipShape& shape, const RandomReadings& readings,
                                double gamma);

/// The same from `bias` (cells), each phi_0 moved towards its best over the whole turn. For
/// settings with theta near the bar state and phi at random, in which light stays on its port and
/// every MZI shows.
std::vector<double> sharpen_theta(const ChipShape& shape, const RandomReadings& readings,
                                  double gamma, std::vector<double> bias);

}  // namespace lightloom::calibration
