#include "photonic/readout/read_scheme.hpp"

namespace lightloom::photonic {

int symbols_of(const ReadScheme& scheme, int magnitude_bits) {
  switch (scheme.sending) {
    case InputSending::levels:
      return 1;
    case InputSending::bit_serial:
    case InputSending::bit_serial_integrated:
      return magnitude_bits;
    case InputSending::pulses:
      return (1 << magnitude_bits) - 1;
  }
  return 1;
}

int conversions_of(const ReadScheme& scheme, int magnitude_bits) {
  return scheme.sending == InputSending::bit_serial ? magnitude_bits : 1;
}

void describe(Section& section, ReadScheme& scheme) {
  section.choice("input_coding", scheme.sending,
                 {{"levels", InputSending::levels},
                  {"bit_serial", InputSending::bit_serial},
                  {"bit_serial_integrated", InputSending::bit_serial_integrated},
                  {"pulses", InputSending::pulses}});
  section.choice("read_phases", scheme.phases,
                 {{"auto", ReadPhases::automatic},
                  {"1", ReadPhases::one},
                  {"2", ReadPhases::two},
                  {"4", ReadPhases::four}});
}

}  // namespace lightloom::photonic
