#include "photonic/decomposition/split_setting.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::photonic {

SplitSetting match_powers(double p11, double p12, const SplitterAngles& a) {
  const double c_plus2 = a.c_plus * a.c_plus, s_plus2 = a.s_plus * a.s_plus;
  const double c_minus2 = a.c_minus * a.c_minus, s_minus2 = a.s_minus * a.s_minus;
  const double below = (c_plus2 - s_minus2) * p11 + (c_minus2 - s_plus2) * p12;
  const double wanted = (c_plus2 * p11 - s_plus2 * p12) / below;
  constexpr double round_off = 1e-14;  // a device exactly at its limit is reachable
  SplitSetting setting;
  if (!(wanted >= -round_off)) setting.limit = Limit::cross;
  if (wanted > 1 + round_off) setting.limit = Limit::bar;
  const double s2 = std::clamp(wanted, 0.0, 1.0);
  setting.s = std::sqrt(s2);
  setting.c = std::sqrt(1 - s2);
  return setting;
}

}  // namespace lightloom::photonic
