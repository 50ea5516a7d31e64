#pragma once

#include <vector>

#include "core/progress.hpp"
#include "cosim/analog/chip.hpp"

namespace lightloom::cosim {

/// Which images say what: the first training images of `data` (test images where there are no
/// others), as they are.
struct ImagesForChip {
  const nn::Dataset& data;
  int statistics = 0;   // means and variances of batch normalisations
  int calibration = 0;  // ranges of converters, see `Chip::calibrate`
};

/// Writes the network onto a chip that holds nothing yet and sets mean and variance of every batch
/// normalisation to those of its input as this chip measures it, with its noise and converters: one
/// normalisation after the other in the order of the graph, each behind those that have been set.
/// Means over images and positions; variances are the unbiased ones, as in training. Leaves the
/// network with these statistics; throws `Failure` once the sink is cancelled, and `Error` where
/// there is no batch normalisation.
void take_statistics(Chip& chip, nn::Network& network, const ImagesForChip& images,
                     ProgressSink& sink);

/// Keeps the statistics of a network's batch normalisations and puts them back at its end.
class KeptStatistics {
 public:
  explicit KeptStatistics(nn::Network& network);
  ~KeptStatistics();
  KeptStatistics(const KeptStatistics&) = delete;
  KeptStatistics& operator=(const KeptStatistics&) = delete;

 private:
  nn::Network& network_;
  std::vector<std::vector<float>> means_, variances_;
};

}  // namespace lightloom::cosim
