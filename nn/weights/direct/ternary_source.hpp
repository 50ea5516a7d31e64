#pragma once

#include "nn/weights/direct/integer_source.hpp"
#include "nn/weights/source/forwarding_source.hpp"

namespace lightloom::nn {

inline constexpr const char* ternary_kind = "ternary";

/// Five trits a byte: 3^5 = 243 of its 256 values, 1.6 bits a weight.
inline constexpr int trits_per_byte = 5;

/// Weights -s, 0 or s: the levels, clipping and training of two-bit integers, stored five to a byte
/// as d0 + 3 d1 + ... + 81 d4, d = level + 1, the first weight lowest; what is left of the last
/// byte is filled with zeros. Every byte is unpacked by one look-up. A byte above 242, which only a
/// memory error makes, reads as its digits modulo 3.
class TernarySource final : public ForwardingSource {
 public:
  TernarySource(const LayerShape& shape, const IntegerCard& card);

  [[nodiscard]] std::vector<StoredStream> streams() const override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;
  [[nodiscard]] RegenerationWork work() const override;

 private:
  std::int64_t weights_, scales_;
};

/// The streams of a ternary layer.
std::vector<StoredStream> ternary_streams(std::int64_t weights, std::int64_t scales = 1);

/// `ternary`: every layer; linear ones too unless `fc_bits` gives them other bits than 2.
SourceEntry ternary_entry();

}  // namespace lightloom::nn
