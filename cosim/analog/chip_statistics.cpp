#include "cosim/analog/chip_statistics.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "cosim/analog/staged_chip.hpp"

namespace lightloom::cosim {
namespace {

/// Nodes that are batch normalisations, in the order of the graph.
std::vector<int> batch_norms(const nn::Graph& graph) {
  std::vector<int> nodes;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    if (graph.nodes[n].op == nn::Op::batch_norm) nodes.push_back(static_cast<int>(n));
  return nodes;
}

/// Mean and variance of `values` (positions, channels), each channel for itself.
void set_statistics(std::span<const float> values, nn::NormLayer& norm) {
  const std::size_t channels = norm.mean.size(), count = values.size() / channels;
  std::vector<double> sum(channels, 0.0), squares(channels, 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) sum[i % channels] += values[i];
  for (double& one : sum) one /= static_cast<double>(count);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double away = values[i] - sum[i % channels];
    squares[i % channels] += away * away;
  }
  const double freedom = std::max(1.0, static_cast<double>(count) - 1);
  for (std::size_t c = 0; c < channels; ++c) {
    norm.mean[c] = static_cast<float>(sum[c]);
    norm.variance[c] = static_cast<float>(squares[c] / freedom);
  }
}

}  // namespace

void take_statistics(Chip& chip, nn::Network& network, const ImagesForChip& images,
                     ProgressSink& sink) {
  const nn::Dataset& data = images.data;
  const nn::Graph& graph = network.graph();
  const std::vector<int> norms = batch_norms(graph);
  require(!norms.empty(),
          "there are no statistics to take on a chip ('{}' has no batch normalisation)",
          graph.name);
  const nn::ImageSet& set = data.train.size() > 0 ? data.train : data.test;
  StagedChip staged(chip, network, data, images.calibration);
  // Noise of its own: images that are tested have numbers from 0.
  const std::size_t lot =
      staged.add({.set = set,
                  .images = std::min(set.size(), static_cast<std::size_t>(images.statistics)),
                  .first_number = std::uint64_t{1} << 32});
  std::vector<int> read;
  for (const int node : norms) {
    read.push_back(graph.nodes[static_cast<std::size_t>(node)].inputs.front());
    staged.advance(nn::cut_behind(graph, read), sink);
    const std::vector<int>& frontier = staged.cut().frontier;
    const auto at = std::find(frontier.begin(), frontier.end(), read.back());
    set_statistics(staged.values(lot).of(static_cast<std::size_t>(at - frontier.begin())),
                   network.norms()[static_cast<std::size_t>(network.index_of(node))]);
  }
}

KeptStatistics::KeptStatistics(nn::Network& network) : network_(network) {
  for (const nn::NormLayer& norm : network.norms()) {
    means_.push_back(norm.mean);
    variances_.push_back(norm.variance);
  }
}

KeptStatistics::~KeptStatistics() {
  for (std::size_t n = 0; n < means_.size(); ++n) {
    network_.norms()[n].mean.swap(means_[n]);
    network_.norms()[n].variance.swap(variances_[n]);
  }
}

}  // namespace lightloom::cosim
