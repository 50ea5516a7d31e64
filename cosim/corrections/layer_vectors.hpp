#pragma once

#include <span>

#include "cosim/corrections/corrector_fit.hpp"
#include "cosim/corrections/network_fit.hpp"

namespace lightloom::cosim {

/// The vectors of a layer that a fit takes: as many of every image, at positions spread evenly.
/// `weights` as in MatrixEngine::load, `measured` (images, positions, outputs).
struct MeasuredLayer {
  CorrectedLayer layer;
  std::span<const float> weights;
  const nn::InputMaps& inputs;
  std::span<const float> measured;
};
/// Eigen's threads are the caller's affair.
LayerVectors take_vectors(const MeasuredLayer& measured, const FitImages& images);

}  // namespace lightloom::cosim
