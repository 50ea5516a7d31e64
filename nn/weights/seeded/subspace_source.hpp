#pragma once

#include "nn/weights/seeded/structured_basis.hpp"
#include "nn/weights/source/source_entry.hpp"

namespace lightloom::nn {

inline constexpr const char* subspace_kind = "subspace";

/// What becomes of linear layers.
enum class SubspaceLinear {
  rounded,    // dense, at `fc_bits`
  generated,  // as convolutions
};

/// What `subspace` reads of the section `weights`.
struct SubspaceCard {
  int block = 256;  // n weights, a power of two,
  int inputs = 16;  // made of k coefficients
  SubspaceLinear linear = SubspaceLinear::rounded;
  std::uint64_t seed = 0;
};
/// Keys: block, inputs, linear, seed.
void describe(Section& section, SubspaceCard& card);

/// Weights in a random subspace that a seed tells (PRANC, Nooralinejad et al., ICCV 2023, with a
/// structured basis): block b of a layer is w_b = Q_b a_b with the orthonormal basis Q_b of
/// `StructuredBasis` and coefficients a = s c, integers c of a few bits, one scale s a layer. They
/// learn by the chain rule, dL/da = Q^T dL/dw, straight through their rounding. The last block is
/// cut where the layer ends.
class SubspaceSource final : public WeightSource {
 public:
  SubspaceSource(const LayerShape& shape, int bits, const SubspaceCard& card);

  /// The nearest weights of the subspace, their coefficients rounded.
  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override;
  void backward(std::span<const float> d_dense) override;
  std::vector<Parameter*> parameters() override { return {&coefficient_}; }
  std::vector<Parameter*> constants() override { return {&clip_, &seed_.constant()}; }
  [[nodiscard]] std::vector<StoredStream> streams() const override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;
  [[nodiscard]] RegenerationWork work() const override;

 private:
  void round();
  void expand(std::span<float> dense) const;
  /// Q^T of all blocks.
  [[nodiscard]] std::vector<float> projected(std::uint32_t seed,
                                             std::span<const float> dense) const;

  StructuredBasis basis_;
  int bits_;
  std::int64_t weights_, blocks_;
  Parameter coefficient_;  // Q^T w
  Parameter clip_;
  KeptSeed seed_;
  std::vector<float> levels_;  // of the latest round or decode, as
  float scale_ = 0;            // s / n
  std::uint32_t seed_now_;     // and the seed
};

/// `subspace`: convolutions, and linear layers if the card says so; coefficients of 2 to 8 bits.
SourceEntry subspace_entry();

}  // namespace lightloom::nn
