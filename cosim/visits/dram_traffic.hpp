#pragma once

#include <vector>

#include "cosim/layers/cost_input.hpp"
#include "memory/dram/dram_card.hpp"

namespace lightloom::cosim {

/// Bits of a layer's stored words by the tiles that need them.
struct StoredBits {
  double layer = 0;  // all tiles (bases)
  double column_tile =
      0;  // divided over the column tiles (intra-kernel coefficients belong to input channels)
  double row_tile =
      0;  // divided over the row tiles (cross-kernel coefficients belong to output channels)
  double tile = 0;  // divided over all tiles by used weights
  [[nodiscard]] double shared() const { return layer + column_tile + row_tile; }
  [[nodiscard]] double sum() const { return shared() + tile; }
};

/// By the names of the streams: basis, intra, cross, anything else. A reloaded layer of a source
/// that takes work is stored as plain weights.
StoredBits stored_bits(const CostLayer& layer);

/// What sequential runs take of a DRAM, by their length in bursts. The closed form knows runs of a
/// power of two of bursts: one in between takes its own bursts at the rate of the next shorter one,
/// or all bursts of the next longer one, whichever is less. So no run takes longer than a longer
/// one.
class RunCosts {
 public:
  explicit RunCosts(const memory::DramCard& card);

  struct RunCost {
    double ns = 0, activates = 0;
  };
  [[nodiscard]] RunCost of(double bursts) const;
  [[nodiscard]] double atom_bytes() const { return atom_; }

 private:
  [[nodiscard]] RunCost at_rate(double bursts) const;

  struct Rate {
    double cycles = 0, misses = 0;  // a burst
  };
  double atom_, clock_ns_;
  std::vector<Rate> rates_;  // by the logarithm of the bursts
};

/// One kind of DRAM traffic of a layer: bytes handed out tile by tile, so that the sum over tiles
/// is the layer's bytes rounded up once to whole bursts. Their time is shared out by bytes: a tile
/// with fewer takes no longer, wherever the bursts begin and end.
class BurstMeter {
 public:
  /// `run_bytes`: length of the sequential runs, which decides row hits and bandwidth.
  BurstMeter(const RunCosts& runs, double run_bytes, double bandwidth_scale);
  /// Time of `bytes`, in ns. Rounded by itself in every build, never in one step with a sum.
  [[nodiscard]] double ns_of(double bytes) const;
  /// Hands out `bytes` more.
  void take(double bytes) { bytes_ += bytes; }
  [[nodiscard]] double bursts() const;
  [[nodiscard]] double moved_bytes() const { return bursts() * atom_; }
  [[nodiscard]] double activates() const { return bursts() * activates_per_burst_; }

 private:
  double atom_, byte_ns_ = 0, activates_per_burst_ = 0, bytes_ = 0;
};

}  // namespace lightloom::cosim
