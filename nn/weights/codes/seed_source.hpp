#pragma once

#include "nn/weights/codes/seed_search.hpp"
#include "nn/weights/source/source_entry.hpp"

namespace lightloom::nn {

inline constexpr const char* seed_kind = "seedlm";

/// What `seedlm` reads of the section `weights`, beside `bits`.
struct SeedCard {
  int stride = 1;  // steps of the shift register from one number to the next; as published
};
/// Keys: stride.
void describe(Section& section, SeedCard& card);

/// The blocks of the published settings: 4 bits a weight are 8 weights, 3 coefficients; 3 bits are
/// 12 and 4. A block has 16 bits of seed, 4 of exponent and 4 a coefficient.
SeedCode seed_code(int bits, const SeedCard& card);

/// A layer in blocks of SeedLM, the last one filled up with zeros, and one scale, the root of the
/// weights' mean square, which brings exponents into their range.
class SeedSource final : public WeightSource {
 public:
  SeedSource(const SeedCode& code, std::int64_t weights);

  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override;
  [[nodiscard]] std::vector<StoredStream> streams() const override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;
  /// Per block: a shift and the XORs of a register's step for every number (16 of one bit counted
  /// as an addition of words), as many multiplications and additions as it has numbers, and a shift
  /// a weight for the exponent.
  [[nodiscard]] RegenerationWork work() const override;

  /// Nothing learns: layers have it in a `ProjectedSource`.
  std::vector<Parameter*> parameters() override { return {}; }
  std::vector<Parameter*> constants() override {
    return {&seeds_, &exponents_, &coefficients_, &scale_};
  }
  void backward(std::span<const float> /*d_dense*/) override {}

 private:
  [[nodiscard]] std::int64_t blocks() const;

  SeedCode code_;
  std::int64_t weights_;
  Parameter seeds_, exponents_, coefficients_, scale_;
};

std::vector<StoredStream> seed_streams(const SeedCode& code, std::int64_t weights);

/// `seedlm`: every layer, 3 or 4 bits, linear ones at `fc_bits`, by default as the others.
SourceEntry seed_entry();

}  // namespace lightloom::nn
