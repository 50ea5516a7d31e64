#include "nn/reversible/reversible_block.hpp"

namespace lightloom::nn {
namespace {

int tap_channels(const BranchShape& shape, int block) {
  return shape.taps[static_cast<std::size_t>(shape.tap_of(block))].channels;
}

}  // namespace

std::int64_t KeptBlock::bytes() const {
  std::int64_t numbers = 0;
  for (const Tensor* map : {&x2, &f_hidden, &y1, &g_hidden}) numbers += map->shape().size();
  return numbers * std::int64_t{sizeof(float)};
}

ReversibleBlock::ReversibleBlock(const BranchShape& shape, int block, const BlockSetting& setting,
                                 BranchDraw& draw)
    : f_(shape, tap_channels(shape, block), draw),
      g_(shape, 0, draw),
      bits_(setting.fraction_bits),
      scratch_(&setting.scratch) {}

void ReversibleBlock::forward(const Tensor& tap, FixedPair& pair, KeptBlock* kept) {
  KeptBlock& maps = kept != nullptr ? *kept : scratch_->maps;
  Tensor& change = scratch_->change;
  to_floats(pair.second, bits_, maps.x2);
  f_.forward(maps.x2, tap, maps.f_hidden, change);
  round_into(change, bits_, Rounded::added, pair.first);
  to_floats(pair.first, bits_, maps.y1);
  g_.forward(maps.y1, tap, maps.g_hidden, change);
  round_into(change, bits_, Rounded::added, pair.second);
}

void ReversibleBlock::inverse(const Tensor& tap, FixedPair& pair) {
  KeptBlock& maps = scratch_->maps;
  Tensor& change = scratch_->change;
  to_floats(pair.first, bits_, maps.y1);
  g_.forward(maps.y1, tap, maps.g_hidden, change);
  round_into(change, bits_, Rounded::taken_off, pair.second);
  to_floats(pair.second, bits_, maps.x2);
  f_.forward(maps.x2, tap, maps.f_hidden, change);
  round_into(change, bits_, Rounded::taken_off, pair.first);
}

void ReversibleBlock::backward(const Tensor& tap, FixedPair& pair, PairGradient& gradient) {
  inverse(tap, pair);
  backward(tap, scratch_->maps, gradient);
}

void ReversibleBlock::backward(const Tensor& tap, const KeptBlock& kept, PairGradient& gradient) {
  g_.backward({kept.y1, tap, kept.g_hidden}, gradient.second, gradient.first, scratch_->gradients);
  f_.backward({kept.x2, tap, kept.f_hidden}, gradient.first, gradient.second, scratch_->gradients);
}

std::vector<Parameter*> ReversibleBlock::parameters() {
  std::vector<Parameter*> all = f_.parameters();
  for (Parameter* one : g_.parameters()) all.push_back(one);
  return all;
}

}  // namespace lightloom::nn
