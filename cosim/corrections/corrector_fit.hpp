#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "cosim/corrections/corrector_choice.hpp"
#include "cosim/corrections/layer_corrector.hpp"

namespace lightloom::cosim {

/// Vectors of one layer: what went in, what a chip made of it, and what it should have made.
struct LayerVectors {
  struct Place {
    std::uint64_t image = 0;
    std::int64_t position = 0;
  };
  Eigen::MatrixXd inputs;            // (vectors, inputs), see `take_patch`
  Eigen::MatrixXd measured, wanted;  // (vectors, outputs)
  std::vector<Place> places;         // (vectors), in order
  VectorCount count;
  int held_out = 0;  // of the vectors, the last: they judge
};

struct LayerFit {
  LayerCorrector corrector;
  HeldOutError error;
};

/// Least squares of the wanted on the measured outputs. A gain and an offset are a regression of
/// each output; mixings are that of the error on the operand with the penalty l |M|^2, of which
/// l = 1e-10, 1e-6, 1e-4, 1e-2 and 1 times the operand's mean square and "no correction at all" the
/// held-out vectors choose; low ranks are the nearest to the predictions of the full one (Izenman,
/// J. Multivariate Anal. 5, 248 (1975)). `shared` is fitted to all layers at once, see
/// SharedEquations, and not here.
LayerFit fit_corrector(const CorrectorChoice& choice, const LayerVectors& vectors);

/// What a corrector leaves of the held-out vectors' error.
HeldOutError held_out_error(const LayerCorrector& corrector, const LayerVectors& vectors);

/// Share of the error's variance, beyond a gain and an offset of each output, that a frozen mixing
/// of the outputs explains: the measured outputs regressed on the wanted ones, which noise does not
/// bend as it bends the reverse; held out.
double frozen_share(const LayerVectors& vectors);

/// Normal equations of one mixing matrix for all layers. Each layer counts by its relative error;
/// row o is fitted to the layers that have an output o.
class SharedEquations {
 public:
  explicit SharedEquations(int outputs);  // of the widest layer
  void add(const LayerVectors& vectors);
  /// C (outputs, outputs): least squares with the penalty `ridge` |C - 1|^2, relative to the mean
  /// square of an output.
  [[nodiscard]] Eigen::MatrixXd solve(double ridge) const;

 private:
  struct Layer {
    Eigen::MatrixXd gram, cross;  // Y'^T Y' and Y'^T (Y - Y'), relative
  };
  int outputs_;
  std::vector<Layer> layers_;
};

/// The part of a shared mixing that a layer of so many outputs uses.
LayerCorrector shared_part(const Eigen::MatrixXd& mixing, int outputs);

}  // namespace lightloom::cosim
