#pragma once

#include <string>

namespace lightloom::cosim {

/// Correctors of a frozen chip (more than one of them may be asked for, each by itself):
///     gain             a gain and an offset of every output
///     interleave       an offset of every output by the number of the vector modulo a period
///     low_rank_output  y' + A (B y')
///     low_rank_input   y' + A (B x): an adapter beside the layer
///     pointwise        C y', a 1x1 convolution behind every layer
///     shared           the same with one C for all layers, of which narrower ones use the top left
enum class CorrectorKind { gain, interleave, low_rank_output, low_rank_input, pointwise, shared };

/// One corrector of a network as it is asked for.
struct CorrectorChoice {
  CorrectorKind kind = CorrectorKind::gain;
  int rank = 4;          // of low ranks
  int period = 4;        // of interleaved offsets, in vectors
  bool offsets = false;  // an offset of every output beside what mixes outputs or inputs
};
/// "gain", "interleave_4", "low_rank_output_4", "pointwise", ...
std::string name_of(const CorrectorChoice& choice);

/// Root mean square of what is left of an error over that of the wanted outputs, on vectors that
/// nothing was fitted to.
struct HeldOutError {
  double before = 0, after = 0;
};

}  // namespace lightloom::cosim
