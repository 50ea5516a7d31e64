#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "nn/graph/layer_shape.hpp"
#include "nn/mixture/cost_hinges.hpp"
#include "nn/optim/optimizer.hpp"
#include "nn/weights/source/weight_source.hpp"

namespace lightloom::nn {

/// What the mixed layers of a network do at present.
enum class MixturePhase {
  warm_up,  // the warm-up's candidate alone
  search,   // mixtures, whose shares are trained; in evaluation, mixtures without noise
  chosen,   // each layer's candidate with the largest share alone
};

/// What all mixed layers of a network have in common.
struct MixtureState {
  MixtureCard card;
  CostHinges hinges;
  MixturePhase phase = MixturePhase::warm_up;
  double temperature = 1;
  int epoch = 0;  // of the search
  Shares shares;  // of the training step in hand, by which it costs
};

/// softmax((alpha + noise) / temperature); no noise where it is empty.
std::vector<double> mixture_shares(std::span<const float> alpha, std::span<const double> noise,
                                   double temperature);
/// The gradient in alpha for one in the shares that this softmax gave.
std::vector<double> through_softmax(std::span<const double> shares,
                                    std::span<const double> d_shares, double temperature);

/// A dense master weight W that several candidates quantise or project, each by its own `encode`:
/// the layer computes with sum_c theta_c Q_c(W), gradients go straight through to W. The shares'
/// alpha learn by Adam of their own (`own_step`), the hinges are its regulariser.
class MixedSource final : public WeightSource {
 public:
  struct Candidate {
    std::size_t number = 0;  // among all of the search
    std::unique_ptr<WeightSource> source;
  };
  /// Refers to the state, which must outlive all use of the source.
  MixedSource(const LayerShape& shape, std::uint32_t layer, std::vector<Candidate> candidates,
              MixtureState& state);

  /// The master weight.
  [[nodiscard]] std::span<const float> master() const { return master_.value; }
  [[nodiscard]] const Parameter& alpha() const { return alpha_; }
  [[nodiscard]] Parameter& alpha() { return alpha_; }
  /// Shares without noise, at the present temperature.
  [[nodiscard]] std::vector<double> shares() const;
  /// The place of the largest share among this layer's candidates, the first of equals.
  [[nodiscard]] std::size_t chosen() const;
  [[nodiscard]] std::size_t chosen_number() const { return candidates_[chosen()].number; }

  /// Everything stored is the chosen candidate's.
  [[nodiscard]] std::vector<StoredStream> streams() const override;
  [[nodiscard]] RegenerationWork work() const override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;

  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override;
  std::vector<Parameter*> parameters() override { return {&master_}; }
  void backward(std::span<const float> d_dense) override;
  double regularise() override;
  std::int64_t own_step(double rate) override;
  void set_step(std::optional<TrainingStep> step) override;

 private:
  /// What a candidate made of the master weight, and when.
  struct Fit {
    std::vector<float> weight;
    std::int64_t step = -1;  // of the fit; -1: none yet
    bool stale = true;       // the master weight has moved since
  };
  [[nodiscard]] bool searches() const;
  [[nodiscard]] std::size_t warm() const;
  std::vector<double> one_of(std::size_t place) const;
  std::vector<double> mix();
  std::vector<double> drawn_shares() const;
  void fit(std::size_t place);

  std::uint32_t layer_;
  std::vector<Candidate> candidates_;
  MixtureState& state_;
  std::vector<Fit> fits_;
  Parameter master_, alpha_;
  Optimizer optimizer_;                   // of alpha
  std::vector<double> soft_, cost_soft_;  // the shares that the task's and the costs' gradients go
                                          // through
  std::vector<double> d_share_;           // of the task, since the latest regularise
  std::optional<TrainingStep> step_;
};

}  // namespace lightloom::nn
