#pragma once

#include <string>
#include <vector>

#include "core/cards/card.hpp"

namespace lightloom::photonic {

/// How often an entry of a table is paid.
enum class PaidPer {
  phase,       // once a read phase of an input vector, for the whole core
  product,     // once an input vector, for the whole core, whatever its phases
  conversion,  // for every output and conversion
  symbol,      // for every input and symbol
};

/// Energy and time of one part of the read-out at one precision.
struct PrecisionEntry {
  std::string part = "readout";
  int output_bits = 0;  // of the converted output; 0: any
  int input_bits = 0;   // of the input; 0: any
  PaidPer per = PaidPer::phase;
  double energy_fJ_per_operation = 0;  // two operations a weight of the whole array
  double energy_pJ = 0;                // or this
  double time_ns = 0;
};

/// What is done between the precisions of a table. Nothing is ever extrapolated.
enum class Interpolation {
  none,       // refused
  linear,     // in the bits
  geometric,  // of the logarithms
};

/// What a product that uses a part of the array pays.
enum class Utilisation {
  whole,  // as much as one that uses all of it: what a figure of the full array is known for
  used,   // the share of its weights that it uses: as if unused rows and columns took nothing
};

/// Published energies and times of the read-out by the bits of outputs and inputs, which no law of
/// a converter gives (docs/models/photonic/devices.md#tables-of-precision).
struct PrecisionTable {
  std::vector<PrecisionEntry> entries;  // empty: no table
  Interpolation interpolation = Interpolation::none;
  Utilisation utilisation = Utilisation::whole;
  int rows = 0;  // outputs and inputs of the array whose operations were counted; 0: of any array
  int columns = 0;
};

/// Bits of an output and of an input.
struct Precision {
  int output_bits = 0;
  int input_bits = 0;
};

/// One part of the read-out at the precision that was asked for.
struct PrecisionPart {
  std::string part;
  PaidPer per = PaidPer::phase;
  double energy_pJ = 0;  // of what `per` says
  double time_ns = 0;
};

/// The parts of a table at a precision, in the order of their first entries, for an array of
/// `weights` weights: an entry per operation costs energy_fJ_per_operation 2 weights. Exact at the
/// entries. Between them, on the shortest straight line of (output bits, input bits) from one entry
/// of the part to another, as `interpolation` says (of equally short ones that of constant input
/// bits). Throws `Error` for a precision that the table does not give.
std::vector<PrecisionPart> precision_parts(const PrecisionTable& table, Precision at,
                                           double weights);

void describe(Section& section, PrecisionTable& table);

}  // namespace lightloom::photonic
