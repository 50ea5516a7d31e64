#include "cosim/network/buffer_refresh.hpp"

#include <algorithm>

#include "memory/buffers/edram.hpp"

namespace lightloom::cosim {
namespace {

/// One kind of data of a layer in a buffer: `lives` of it one after the other or beside each other.
struct Kept {
  const memory::BufferCard& buffer;
  double bytes = 0, life_ns = 0;
  double lives = 1;
};

void refresh(LayerCost& layer, const Kept& kept) {
  if (kept.buffer.kind != memory::BufferKind::edram || kept.bytes <= 0) return;
  const memory::StoredTensor tensor{std::min(kept.bytes, kept.buffer.bytes()), 0, kept.life_ns};
  const memory::EdramRefresh one = memory::lifetime_refresh(kept.buffer, {&tensor, 1});
  layer.refreshes += kept.lives * one.refreshes;
  layer.failed_bits += kept.lives * one.failed_bits;
  layer.energy_pJ[Component::buffer_leakage] += kept.lives * one.energy_pJ;
}

/// What stays over all batches is refreshed once a retention time: two retentions take one.
void refresh_always(LayerCost& layer, const memory::BufferCard& buffer, double time_ns) {
  if (buffer.kind != memory::BufferKind::edram || layer.resident_bytes <= 0) return;
  const double retention = memory::retention_ns(buffer), times = time_ns / retention;
  const memory::StoredTensor tensor{layer.resident_bytes, 0, 2 * retention};
  const memory::EdramRefresh one = memory::lifetime_refresh(buffer, {&tensor, 1});
  layer.refreshes += times * one.refreshes;
  layer.failed_bits += times * one.failed_bits / 2;  // of both retentions
  layer.energy_pJ[Component::buffer_leakage] += times * one.energy_pJ;
}

/// A tile waits while its core computes those in the places before it, and is then computed.
void refresh_tile_buffer(LayerCost& layer, const CostInput& input) {
  const double visits = static_cast<double>(std::max<std::int64_t>(1, layer.visits));
  const double visit_ns = layer.time_ns() / visits * input.schedule.cores;
  const double waiting_ns = visit_ns * (input.schedule.tile_slots + 1);
  const memory::BufferCard& buffer = input.memory.tile_buffer;
  refresh(layer, {.buffer = buffer,
                  .bytes = layer.regenerated_tile_bytes,
                  .life_ns = std::min(waiting_ns, layer.time_ns()),
                  .lives = visits / layer.replicas});
  const double formed = std::max(1.0, layer.kernels_formed);
  refresh(layer, {.buffer = buffer,
                  .bytes = layer.kernel_bytes,
                  .life_ns = layer.time_ns() / formed,
                  .lives = formed});
}

}  // namespace

void add_refresh(CostReport& report, const CostInput& input) {
  double written_ns = 0;
  for (LayerCost& layer : report.layers) {
    refresh(layer, {.buffer = input.memory.activation_buffer,
                    .bytes = layer.input_bytes,
                    .life_ns = layer.end_ns - written_ns});
    refresh(layer, {.buffer = input.memory.weight_buffer,
                    .bytes = layer.traffic.weight_bytes,
                    .life_ns = layer.time_ns()});
    if (layer.here_bytes > 0)
      refresh(layer, {.buffer = input.memory.weight_buffer,
                      .bytes = layer.here_bytes,
                      .life_ns = layer.end_ns -
                                 report.layers[static_cast<std::size_t>(layer.here_since)].end_ns});
    refresh_always(layer, input.memory.weight_buffer, report.time_ns);
    refresh_tile_buffer(layer, input);
    written_ns = layer.start_ns;
  }
}

}  // namespace lightloom::cosim
