#include "nn/accounting/freeze_ledger.hpp"

#include <algorithm>

namespace lightloom::nn {
namespace {

constexpr std::int64_t word_bytes = 4;  // of a trained number, its gradient, a word of its state

bool inside(const GraphCut& cut, int node) { return cut.first[static_cast<std::size_t>(node)]; }

/// Sums over the weight layers of a graph.
struct Sums {
  std::int64_t forward = 0, backward = 0;          // frozen or spared, MACs an image
  std::int64_t all_forward = 0, all_backward = 0;  // MACs an image
  std::int64_t inputs = 0;                         // numbers an image, of frozen layers
  std::int64_t trained = 0, stored_bits = 0;       // of frozen layers
};

Sums sums_over(const FreezeCase& training) {
  const std::vector<int> nodes = weight_nodes(training.graph);
  Sums sums{.trained = training.norm_numbers};
  for (std::size_t l = 0; l < nodes.size(); ++l) {
    const int node = nodes[l];
    const int input = training.graph.nodes[static_cast<std::size_t>(node)].inputs.front();
    const LayerShape shape = layer_shape(training.graph, node);
    const std::int64_t macs = shape.macs(), of_input = input == 0 ? 0 : macs;
    sums.all_forward += macs;
    sums.all_backward += macs + of_input;
    if (!inside(training.cut, node)) {
      if (inside(training.cut, input)) sums.backward += of_input;
      continue;
    }
    sums.forward += macs;
    sums.backward += macs + of_input;
    sums.inputs += std::int64_t{shape.in_channels} * shape.in_height * shape.in_width;
    sums.trained += training.layers[l].trained;
    sums.stored_bits += training.layers[l].stored_bits;
  }
  return sums;
}

/// Epochs until `each` adds up to `paid`, at least one.
std::optional<int> epochs_until(std::int64_t paid, std::int64_t each) {
  if (each <= 0) return std::nullopt;
  return static_cast<int>(std::max<std::int64_t>(1, (paid + each - 1) / each));
}

void count_memory(const FreezeCase& training, const Sums& sums, FreezeLedger& ledger) {
  const bool kept = training.views > 0;
  ledger.images_bytes = training.images * training.image_bytes;
  ledger.cache_bytes = training.images * training.views * training.latent_bytes;
  ledger.paid_bytes =
      ledger.cache_bytes - (kept && !training.images_stay ? ledger.images_bytes : 0);
  if (ledger.cache_bytes > 0)
    ledger.gain =
        static_cast<double>(ledger.images_bytes) / static_cast<double>(ledger.cache_bytes);
  ledger.optimiser_bytes = sums.trained * word_bytes * (1 + training.state_words);
  ledger.activation_bytes = training.batch * sums.inputs * word_bytes;
  ledger.net_bytes = ledger.paid_bytes - ledger.optimiser_bytes - ledger.activation_bytes;
}

void count_work(const FreezeCase& training, const Sums& sums, FreezeLedger& ledger) {
  const bool kept = training.views > 0;
  ledger.forward_macs = kept ? sums.forward : 0;
  ledger.backward_macs = sums.backward;
  ledger.network_forward_macs = sums.all_forward;
  ledger.network_backward_macs = sums.all_backward;
  ledger.epoch_macs = training.images * (ledger.forward_macs + ledger.backward_macs);
  ledger.fill_macs = training.images * training.views * sums.forward;
  ledger.saved_macs = training.epochs * ledger.epoch_macs - ledger.fill_macs;
  ledger.break_even = epochs_until(ledger.fill_macs, ledger.epoch_macs);
  if (kept)
    ledger.break_even_recompute = epochs_until(ledger.fill_macs, training.images * sums.forward);
}

void count_traffic(const FreezeCase& training, const Sums& sums, FreezeLedger& ledger) {
  const bool kept = training.views > 0;
  const std::int64_t steps = (training.images + training.batch - 1) / training.batch;
  const std::int64_t stored = (sums.stored_bits + 7) / 8;
  const std::int64_t read = 2 * sums.trained * word_bytes;  // forward and backward
  const std::int64_t update = 2 * sums.trained * word_bytes * (1 + training.state_words);
  // A frozen layer that is computed anew reads what it is made of.
  ledger.weight_bytes = steps * (read + update - (kept ? 0 : stored));
  const std::int64_t activations = 2 * training.images * sums.inputs * word_bytes;
  const std::int64_t images = kept && !training.images_stay ? ledger.images_bytes : 0;
  const std::int64_t latents = kept ? training.images * training.latent_bytes : 0;
  ledger.epoch_traffic_bytes = ledger.weight_bytes + activations + images - latents;
  ledger.fill_traffic_bytes =
      training.views *
      (ledger.images_bytes + training.images * training.latent_bytes + steps * stored);
  ledger.break_even_traffic = epochs_until(ledger.fill_traffic_bytes, ledger.epoch_traffic_bytes);
}

}  // namespace

FreezeLedger freeze_ledger(const FreezeCase& training) {
  const Sums sums = sums_over(training);
  FreezeLedger ledger;
  count_memory(training, sums, ledger);
  count_work(training, sums, ledger);
  count_traffic(training, sums, ledger);
  return ledger;
}

}  // namespace lightloom::nn
