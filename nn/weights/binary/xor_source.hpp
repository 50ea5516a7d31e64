#pragma once

#include "nn/weights/binary/xor_network.hpp"
#include "nn/weights/source/source_entry.hpp"

namespace lightloom::nn {

inline constexpr const char* xor_kind = "xor";

/// What `xor` reads of the section `weights`.
struct XorCard {
  XorSize size;
  int planes = 1;         // of bits, each with magnitudes of its own
  double sharpness = 10;  // S of tanh(S x), whose slope the gradient takes for that of a sign
  int warm_up = 0;        // epochs in which S grows to that, in equal parts
};
/// Keys: inputs, outputs, taps, planes, sharpness, warm_up.
void describe(Section& section, XorCard& card);

/// Fewer stored bits than weights, expanded by a fixed network of exclusive ors (FleXOR, Lee et
/// al., NeurIPS 2020, arXiv 2009.04126). In signs e of the latents x:
///     w = sum over planes q of a_qo b_q,    b_q = the product of its taps' e
/// for blocks of `outputs` neighbouring weights made of `inputs` bits, with a trained magnitude
/// a_qo of each plane and output. Gradients: da_qo = mean of b_q dw (the sum would move
/// it by as much more as an output has weights); dx_i = S (1 - tanh^2(S x_i))
/// times a_qo dw times the other taps' signs, over the outputs that input i feeds.
class XorSource final : public WeightSource {
 public:
  XorSource(const LayerShape& shape, const XorCard& card);

  /// Plane by plane: of each block the best inputs by trial of all, of each output the magnitude of
  /// least squared error, not below 0; then what is left. A latent begins at the mean of the
  /// weights that it decides, under its sign.
  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override;
  void backward(std::span<const float> d_dense) override;
  void set_step(std::optional<TrainingStep> step) override;
  std::vector<Parameter*> parameters() override { return {&latent_, &scale_}; }
  [[nodiscard]] std::vector<StoredStream> streams() const override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;
  /// taps - 1 exclusive ors a bit, 32 of them an operation, and the sum of the planes.
  [[nodiscard]] RegenerationWork work() const override;

 private:
  /// Calls use(plane, weight, output of the block, the block's signs) for all bits in order.
  template <class Use>
  void for_each_bit(const Use& use);
  void round();
  void expand(std::span<const float> scales, std::span<float> dense);
  void weigh(std::span<const float> block, std::span<float> latent) const;
  void encode_plane(std::size_t plane, std::span<float> rest);
  [[nodiscard]] std::size_t scale_of(std::size_t plane, std::size_t weight) const;

  XorNetwork network_;
  std::size_t planes_, weights_, blocks_, outputs_;
  double full_sharpness_, sharpness_;
  int warm_up_;
  Parameter latent_;           // [planes, blocks, inputs]
  Parameter scale_;            // [planes, outputs of the layer]
  std::vector<float> signs_;   // of the latents, of the latest round or decode
  std::vector<float> scales_;  // the same
};

/// `xor`: every layer; linear ones too unless `fc_bits` gives them other bits than 1.
SourceEntry xor_entry();

}  // namespace lightloom::nn
