#pragma once

#include <cstdint>
#include <vector>

#include "photonic/cores/tensor_core.hpp"

namespace lightloom::cosim {

/// Which weights of a network are written with verification: by layer number, (tiles, rows,
/// columns) of the core each. Layers without any may be empty.
struct VerifiedWeights {
  std::vector<std::vector<std::uint8_t>> chosen;
  std::int64_t count = 0;
};

/// Whether no device of the core holds a weight of its own: meshes, whose settings are solved for
/// from all weights of a tile. Whole tiles are verified there.
bool verifies_tiles(const photonic::CoreDescription& core);

/// A core some of whose weights were programmed again and again until they read what they should:
/// of their static and programming errors at most `tolerance` is left, a share of the tile's full
/// scale; errors that are smaller stay as they are. Everything else is as on the core itself, which
/// must outlive this, as must the choice.
class VerifiedCore final : public photonic::TensorCore {
 public:
  VerifiedCore(const photonic::TensorCore& core, const VerifiedWeights& weights, double tolerance)
      : core_(core), weights_(weights), tolerance_(tolerance) {}

  [[nodiscard]] const photonic::CoreDescription& description() const override {
    return core_.description();
  }
  photonic::RealisationReport realise(std::span<const float> targets, photonic::TileAddress address,
                                      std::span<float> realised,
                                      std::span<float> scales) const override;
  photonic::RealisationReport realise_used(const photonic::TileBatch& batch) const override;
  photonic::RealisationReport realise_slices(const photonic::TileBatch& batch,
                                             photonic::CellNoise noise) const override;
  void cell_noise(std::span<const float> targets, photonic::TileAddress address,
                  photonic::CellNoise noise) const override {
    core_.cell_noise(targets, address, noise);
  }
  [[nodiscard]] photonic::OutputErrors output_errors(std::uint64_t seed,
                                                     std::uint32_t chip) const override {
    return core_.output_errors(seed, chip);
  }

 private:
  void verify(const photonic::TileBatch& batch, photonic::RealisationReport& report) const;

  const photonic::TensorCore& core_;
  const VerifiedWeights& weights_;
  double tolerance_;
};

}  // namespace lightloom::cosim
