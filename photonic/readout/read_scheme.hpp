#pragma once

#include "core/cards/card.hpp"

namespace lightloom::photonic {

/// How a number is sent to a core (docs/models/photonic/cores.md#how-inputs-are-sent-and-read).
/// P is the bits of its magnitude (`magnitude_bits`), its bit k counts 2^k / (2^P - 1).
enum class InputSending {
  levels,                 // one symbol of that height
  bit_serial,             // a symbol a bit; the sum of every symbol is converted
  bit_serial_integrated,  // a symbol a bit; their sums are weighed and added before one conversion
  pulses,                 // bit k as 2^k equal symbols, all added before one conversion
};

/// In how many parts an input vector is read.
enum class ReadPhases {
  automatic,  // two for signed inputs of a core whose inputs are intensities, else one
  one,        // inputs and weights of both signs at once
  two,        // positive inputs, then negative ones
  four,       // these, each with the devices of positive weights and with those of negative ones
};

/// Which input of a layer is sent with full scale: light goes with it, and noise of the read-out.
enum class InputRange {
  largest,      // the largest of the calibration batch: none is clipped
  least_error,  // that with the least expected squared error of the layer's outputs
};

/// What weights share a full scale of the devices.
enum class WeightScales {
  tile,    // all of a tile
  output,  // those of each output of a layer, over all its tiles; the digital unit multiplies with
           // it
};

/// How an input vector is sent and read.
struct ReadScheme {
  InputSending sending = InputSending::levels;
  ReadPhases phases = ReadPhases::automatic;

  /// Whether inputs are sent bit by bit: by a driver that is on or off.
  [[nodiscard]] bool in_bits() const { return sending != InputSending::levels; }
  /// Whether the symbols of an input are added up before they are converted.
  [[nodiscard]] bool integrates() const {
    return sending == InputSending::bit_serial_integrated || sending == InputSending::pulses;
  }
  friend bool operator==(const ReadScheme&, const ReadScheme&) = default;
};

/// Most bits of an input that is sent in bits.
inline constexpr int most_serial_bits = 16;

/// Symbols of one input vector in one read phase: 1, P, P or 2^P - 1 for P = `magnitude_bits`
/// (1 to most_serial_bits where inputs are sent in bits).
int symbols_of(const ReadScheme& scheme, int magnitude_bits);
/// Conversions of every output in one read phase: P where every bit is converted, else 1.
int conversions_of(const ReadScheme& scheme, int magnitude_bits);

/// Reads `input_coding` and `read_phases`, two keys of a core's card.
void describe(Section& section, ReadScheme& scheme);

}  // namespace lightloom::photonic
