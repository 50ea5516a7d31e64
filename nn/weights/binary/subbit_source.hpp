#pragma once

#include "nn/weights/binary/kernel_codebook.hpp"
#include "nn/weights/source/source_entry.hpp"

namespace lightloom::nn {

inline constexpr const char* subbit_kind = "subbit";

/// What `subbit` reads of the section `weights`.
struct SubbitCard {
  int index_bits = 5;  // of a kernel: 2^index_bits patterns a layer
};
/// Key: index_bits.
void describe(Section& section, SubbitCard& card);

/// Sub-bit networks (SNN, Wang et al., ICCV 2021): every 3x3 kernel is one of 2^t patterns of signs
/// that belong to its layer, index_bits / 9 bits a weight: w = a_o p_k with the pattern p nearest
/// to the latent kernel and a magnitude a_o of each output, the least squared error of its latent
/// weights and not below 0. Latents are trained straight through the choice, patterns by a rule of
/// their own (`KernelCodebook::step`).
class SubbitSource final : public WeightSource {
 public:
  SubbitSource(const LayerShape& shape, const SubbitCard& card);

  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override;
  void backward(std::span<const float> d_dense) override;
  std::int64_t own_step(double rate) override;
  std::vector<Parameter*> parameters() override { return {&weight_}; }
  std::vector<Parameter*> constants() override { return codebook_.constants(); }
  [[nodiscard]] std::vector<StoredStream> streams() const override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;
  /// One look-up a kernel.
  [[nodiscard]] RegenerationWork work() const override;

 private:
  void round();
  void look_up(std::span<const std::uint32_t> patterns, std::span<float> dense) const;

  int index_bits_;
  std::uint32_t seed_;  // of patterns that replace doubles
  Parameter weight_;
  KernelCodebook codebook_;
  std::vector<std::uint32_t> index_;  // by kernel; of the latest round or decode
  std::vector<float> scales_;         // by output, the same
};

/// `subbit`: convolutions of 3x3 kernels.
SourceEntry subbit_entry();

}  // namespace lightloom::nn
