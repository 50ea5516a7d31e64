#pragma once

#include <cstdint>
#include <vector>

#include "core/progress.hpp"
#include "cosim/analog/chip.hpp"
#include "nn/data/batch.hpp"
#include "nn/graph/graph_cut.hpp"
#include "nn/inference/node_values.hpp"
#include "nn/inference/part_inference.hpp"

namespace lightloom::cosim {

/// Images to be measured: those of a set from the first on, changed in `views` ways one after the
/// other, view v as in epoch v of `draw`. Image i of view v has the number
/// first_number + v images + i, by which noise is drawn.
struct ImagesToMeasure {
  const nn::ImageSet& set;
  std::size_t images = 0;
  std::uint64_t first_number = 0;
  int views = 1;
  nn::AugmentationDraw draw = {};
};

/// A network that is brought onto a chip part by part, each layer written once (write 0) when the
/// turn of its part comes, with what the network holds by then. Converters find their ranges as in
/// `Chip::calibrate`. Each part measures the images once: what they are at a frontier is to the bit
/// what one pass through all the parts gives. Refers to chip and network.
class StagedChip {
 public:
  /// Nothing is on the chip. `images` training images (test images where there are no others)
  /// calibrate it.
  StagedChip(Chip& chip, nn::Network& network, const nn::Dataset& data, int images);

  /// A lot of images to measure, before the first part; returns its number.
  std::size_t add(const ImagesToMeasure& images);

  /// Writes the layers of the first part of `to` that are not on the chip yet, and takes all images
  /// to its frontier. Throws `Failure` once the sink is cancelled.
  void advance(const nn::GraphCut& to, ProgressSink& sink);

  /// Where the images are.
  [[nodiscard]] const nn::GraphCut& cut() const { return cut_; }
  /// What a lot's images are at the frontier of `cut()`.
  [[nodiscard]] const nn::NodeValues& values(std::size_t lot) const { return lots_[lot].values; }

 private:
  struct Lot {
    nn::NodeValues values;
    std::uint64_t first_number = 0;
  };
  [[nodiscard]] Lot lot_of(const ImagesToMeasure& images) const;
  void calibrate(nn::PartInference& part, const nn::GraphCut& to);

  Chip& chip_;
  nn::Network& network_;
  nn::GraphCut cut_;
  Lot calibration_;
  std::vector<Lot> lots_;
};

}  // namespace lightloom::cosim
