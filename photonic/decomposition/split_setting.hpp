#pragma once

#include "photonic/devices/mzi.hpp"

namespace lightloom::photonic {

enum class Limit { none, cross, bar };  // the end of its range that a device is clipped at

/// sin(theta/2), cos(theta/2) of a lossless device.
struct SplitSetting {
  double s = 0, c = 1;
  Limit limit = Limit::none;
};

/// The setting that gives |T11|^2 : |T12|^2 = p11 : p12, clipped to what splitters with those
/// errors can do (Bandyopadhyay et al., Optica 8, 1247, 2021). Holds for the plain and the compact
/// MZI.
SplitSetting match_powers(double p11, double p12, const SplitterAngles& splitters);

}  // namespace lightloom::photonic
