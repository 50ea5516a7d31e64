#include "cosim/training/branch_step.hpp"

#include <string>
#include <vector>

#include "cosim/training/chain_step.hpp"

namespace lightloom::cosim {
namespace {

using Maps = std::vector<std::size_t>;

/// What a block's backward pass reads of its forward pass.
struct BlockMaps {
  std::size_t y1 = 0, y2 = 0;                      // its outputs
  std::size_t x2 = 0, f_hidden = 0, g_hidden = 0;  // and what is kept or recomputed beside them
};

/// Both halves, of a map or its gradient.
struct HalfMaps {
  std::size_t first = 0, second = 0;
};

class BranchPlanner {
 public:
  BranchPlanner(const StepCore& on, const BranchBeside& what, const TrainingStepCard& card)
      : on_(on), shape_(what.branch), card_(card) {
    plan_.images = card.batch;
    plan_.order = card.order;
    run_backbone(what.backbone);
  }

  StepPlan plan(nn::BranchKeeps keeps) {
    HalfMaps pair = run_stem();
    std::vector<BlockMaps> blocks;
    for (int block = 0; block < shape_.blocks; ++block) {
      blocks.push_back(run_block(block, pair));
      pair = {blocks.back().y1, blocks.back().y2};
    }
    HalfMaps gradient = run_head(pair);
    const bool recomputes = keeps == nn::BranchKeeps::last_pair;
    for (int block = shape_.blocks; block-- > 0;) {
      BlockMaps& maps = blocks[static_cast<std::size_t>(block)];
      if (recomputes) pair = invert_block(block, pair, maps);
      gradient = run_back(block, maps, gradient);
    }
    stem_gradients(gradient);
    return std::move(plan_);
  }

 private:
  std::size_t half(const std::string& name) {
    return plan_.add_map(name, map_bytes(card_, static_cast<double>(shape_.half())));
  }
  [[nodiscard]] std::size_t tap(int block) const {
    return taps_[static_cast<std::size_t>(shape_.tap_of(block))];
  }

  void product(const nn::LayerShape& layer, StepPhase phase, const Maps& reads,
               const Maps& writes) {
    plan_.operations.push_back({.name = layer.name,
                                .phase = phase,
                                .macs = static_cast<double>(layer.macs()) * card_.batch,
                                .core_ns = layer_time_ns(on_, layer, plan_),
                                .reads = reads,
                                .writes = writes});
  }

  [[nodiscard]] nn::LayerShape inner() const { return shape_.convolution(shape_.channels, 3); }
  [[nodiscard]] nn::LayerShape connection(int block) const {
    return shape_.convolution(shape_.taps[static_cast<std::size_t>(shape_.tap_of(block))].channels,
                              1);
  }

  void run_backbone(std::span<const nn::LayerShape> layers) {
    if (shape_.taps.empty()) return;
    const auto count = static_cast<std::size_t>(shape_.taps.back().layers);
    const auto numbers = [](double height, double width, double channels) {
      return height * width * channels;
    };
    const nn::LayerShape& first = layers.front();
    std::size_t before = plan_.add_map(
        "images", map_bytes(card_, numbers(first.in_height, first.in_width, first.in_channels)));
    plan_.operations.push_back({.name = "images", .writes = {before}});
    for (std::size_t i = 0; i < count; ++i) {
      const nn::LayerShape& layer = layers[i];
      Maps writes;
      for (const nn::BranchTap& tap : shape_.taps)
        if (tap.layers == static_cast<int>(i) + 1) {
          taps_.push_back(plan_.add_off_chip(
              "tap", map_bytes(card_, numbers(shape_.size, shape_.size, tap.channels))));
          writes.push_back(taps_.back());
        }
      std::size_t made = before;
      if (i + 1 < count) {
        const nn::LayerShape& next = layers[i + 1];
        made = plan_.add_map(
            layer.name, map_bytes(card_, numbers(next.in_height, next.in_width, next.in_channels)));
        writes.push_back(made);
      }
      product(layer, StepPhase::forward, {before}, writes);
      before = made;
    }
  }

  HalfMaps run_stem() {
    const nn::LayerShape stem = shape_.convolution(shape_.taps.front().channels, 3);
    const HalfMaps pair{half("first half"), half("second half")};
    product(stem, StepPhase::forward, {taps_.front()}, {pair.first});
    product(stem, StepPhase::forward, {taps_.front()}, {pair.second});
    return pair;
  }

  /// hidden = relu(W x + C p), then V hidden, added to or taken off `other`, gives `result`.
  struct Function {
    std::size_t x, other, hidden, result;
  };
  void run_function(const Function& f, StepPhase phase, int connected_block) {
    Maps reads{f.x};
    if (connected_block >= 0) {
      // The connection's sums wait in the accumulators for those of the first convolution.
      product(connection(connected_block), phase, {tap(connected_block)}, {});
    }
    product(inner(), phase, reads, {f.hidden});
    product(inner(), phase, {f.hidden, f.other}, {f.result});
  }

  BlockMaps run_block(int block, const HalfMaps& in) {
    BlockMaps maps{.y1 = half("y1"), .x2 = in.second, .f_hidden = half("inside of F")};
    run_function({in.second, in.first, maps.f_hidden, maps.y1}, StepPhase::forward, block);
    maps.g_hidden = half("inside of G");
    maps.y2 = half("y2");
    run_function({maps.y1, in.second, maps.g_hidden, maps.y2}, StepPhase::forward, -1);
    return maps;
  }

  /// Inputs from outputs; `maps` are the recomputed ones from then on.
  HalfMaps invert_block(int block, const HalfMaps& out, BlockMaps& maps) {
    maps = {.y1 = out.first, .y2 = out.second};
    maps.g_hidden = half("inside of G again");
    maps.x2 = half("x2 again");
    run_function({out.first, out.second, maps.g_hidden, maps.x2}, StepPhase::recompute, -1);
    maps.f_hidden = half("inside of F again");
    const std::size_t x1 = half("x1 again");
    run_function({maps.x2, out.first, maps.f_hidden, x1}, StepPhase::recompute, block);
    return {x1, maps.x2};
  }

  HalfMaps run_head(const HalfMaps& pair) {
    const nn::LayerShape head = shape_.head();
    const auto bytes = [&](double numbers) { return map_bytes(card_, numbers); };
    const std::size_t means = plan_.add_map("means", bytes(head.in_channels)),
                      outputs = plan_.add_map("outputs", bytes(head.out_channels)),
                      error = plan_.add_map("gradient of outputs", bytes(head.out_channels));
    plan_.operations.push_back(
        {.name = "means", .reads = {pair.first, pair.second}, .writes = {means}});
    product(head, StepPhase::forward, {means}, {outputs});
    plan_.operations.push_back(
        {.name = "loss", .phase = StepPhase::backward, .reads = {outputs}, .writes = {error}});
    product(head, StepPhase::backward, {means, error}, {});
    const HalfMaps gradient{half("dy1"), half("dy2")};
    product(head, StepPhase::backward, {error}, {gradient.first, gradient.second});
    return gradient;
  }

  /// Backward through y = V relu(W x + C p): `dy` is that of y, `into` that of x, to which it adds.
  struct Gradients {
    std::size_t x, hidden, dy, into, result;
  };
  void back_function(const Gradients& g, int connected_block) {
    const std::size_t d_hidden = half("gradient inside");
    product(inner(), StepPhase::backward, {g.hidden, g.dy}, {});
    product(inner(), StepPhase::backward, {g.dy, g.hidden}, {d_hidden});
    product(inner(), StepPhase::backward, {g.x, d_hidden}, {});
    if (connected_block >= 0)
      product(connection(connected_block), StepPhase::backward, {tap(connected_block), d_hidden},
              {});
    product(inner(), StepPhase::backward, {d_hidden, g.into}, {g.result});
  }

  HalfMaps run_back(int block, const BlockMaps& maps, const HalfMaps& out) {
    const std::size_t first = half("dx1");
    back_function({maps.y1, maps.g_hidden, out.second, out.first, first}, -1);
    const std::size_t second = half("dx2");
    back_function({maps.x2, maps.f_hidden, first, out.second, second}, block);
    return {first, second};
  }

  void stem_gradients(const HalfMaps& gradient) {
    const nn::LayerShape stem = shape_.convolution(shape_.taps.front().channels, 3);
    product(stem, StepPhase::backward, {taps_.front(), gradient.first}, {});
    product(stem, StepPhase::backward, {taps_.front(), gradient.second}, {});
  }

  const StepCore& on_;
  const nn::BranchShape& shape_;
  const TrainingStepCard& card_;
  StepPlan plan_{.maps = {}, .operations = {}};
  Maps taps_;
};

}  // namespace

StepPlan branch_step(const StepCore& on, const BranchBeside& what, nn::BranchKeeps keeps,
                     const TrainingStepCard& card) {
  return BranchPlanner(on, what, card).plan(keeps);
}

}  // namespace lightloom::cosim
