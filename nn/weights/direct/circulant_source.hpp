#pragma once

#include "nn/weights/source/quantised_tensor.hpp"
#include "nn/weights/source/source_entry.hpp"

namespace lightloom::nn {

/// What `circulant` reads of the section `weights`.
struct CirculantCard {
  int block = 4;
};
/// Key: block.
void describe(Section& section, CirculantCard& card);

/// Block-circulant weights (CirCNN, Ding et al., MICRO 2017): at every kernel position the matrix
/// [out, in] is cut into block x block pieces, each circulant: element (i, j) is word (i - j) mod
/// block. Edges are padded to whole blocks.
class CirculantSource final : public WeightSource {
 public:
  CirculantSource(const LayerShape& shape, int block, int bits);

  void encode(std::span<const float> dense) override;
  void materialise(std::span<float> dense) override;
  void backward(std::span<const float> d_dense) override;
  std::vector<Parameter*> parameters() override { return {&words_.latent}; }
  std::vector<Parameter*> constants() override { return {&gain_}; }
  [[nodiscard]] std::vector<StoredStream> streams() const override;
  std::vector<CodedStream> codes() override;
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override;
  /// One look-up a weight.
  [[nodiscard]] RegenerationWork work() const override;

 private:
  void spread(float unit, std::span<float> dense) const;

  std::vector<std::uint32_t> index_;  // dense element -> word
  QuantisedTensor words_;
  Parameter gain_;
};

/// Stored words: ceil(in / block) ceil(out / block) block k^2.
std::int64_t circulant_words(const LayerShape& shape, int block);
std::vector<StoredStream> circulant_streams(const LayerShape& shape, int block, int bits);

/// `circulant`: ungrouped convolutions; a published baseline, unquantised unless told otherwise.
SourceEntry circulant_entry();

}  // namespace lightloom::nn
