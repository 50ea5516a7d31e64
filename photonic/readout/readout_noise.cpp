#include "photonic/readout/readout_noise.hpp"

namespace lightloom::photonic {

void describe(Section& section, ReadoutNoise& noise) {
  section.value("additive", noise.additive, not_negative);
  section.value("shot", noise.shot, not_negative);
  section.value("signal", noise.signal, not_negative);
  section.value("relative", noise.relative, not_negative);
  section.value("leak", noise.leak, fraction);
  section.value("dark", noise.dark, not_negative);
}

}  // namespace lightloom::photonic
