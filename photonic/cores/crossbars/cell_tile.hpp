#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "photonic/cores/tensor_core.hpp"
#include "photonic/devices/cell_card.hpp"

namespace lightloom::photonic {

/// The cells of one tile's used weights as they stand on a chip.
struct CellTile {
  /// By slice, then weight (row-major, as given): difference of both polarities' conductances, mean
  /// over copies, in units of the largest; and the variance of one reading of it.
  std::vector<double> value, variance;
  /// By row: network weight that all slices at their largest stand for, common factor of drift
  /// included.
  std::vector<double> scale;
  std::int64_t clipped = 0;  // weights
  std::int64_t devices = 0, stuck = 0;
};

/// Programs tiles of weights into cells.
class CellWriter {
 public:
  /// Of a core with `columns` inputs. Throws `Error` for what the card's fits do not allow.
  CellWriter(const CellCard& card, int columns);

  /// `weights` (part.rows, part.columns) row-major. A cell's random numbers go by its place in the
  /// core and by `address`; its age changes none of them.
  [[nodiscard]] CellTile write(std::span<const float> weights, const UsedPart& part,
                               const TileAddress& address) const;

  /// What a slice at its largest is worth, of all slices at theirs; slice 0 is the least
  /// significant: 2^(b s) (2^b - 1) / (2^(b slices) - 1), b = level_bits.
  [[nodiscard]] double significance(int slice) const;
  [[nodiscard]] const CellCard& card() const { return card_; }
  [[nodiscard]] double gmax_uS() const { return laws_.gmax_uS(); }

 private:
  struct Draws;
  struct Cell {
    double fresh = 0, now = 0;  // conductance in uS, when it was written and at its age
    double sigma = 0;           // of one reading, uS
  };
  struct Sums {
    double fresh = 0, now = 0;
  };
  [[nodiscard]] Cell written(double level, std::uint64_t device, const Draws& draws,
                             std::int64_t& stuck) const;
  [[nodiscard]] double digit(double share, int slice) const;
  [[nodiscard]] double conductance(double share) const;
  void write_weight(double x, std::size_t weight, const Draws& draws, CellTile& tile) const;
  [[nodiscard]] std::vector<double> row_scales(std::span<const float> weights,
                                               const UsedPart& part) const;

  CellCard card_;
  CellLaws laws_;
  int columns_;
  double span_uS_;  // conductance of a full-scale weight
};

}  // namespace lightloom::photonic
