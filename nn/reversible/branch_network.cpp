#include "nn/reversible/branch_network.hpp"

namespace lightloom::nn {
namespace {

/// Means over the positions of a half, into channels [at, at + its channels) of `means`.
void mean_into(const Tensor& half, int at, Tensor& means) {
  const TensorShape& s = half.shape();
  const int positions = s.height * s.width, all = means.shape().channels;
  for (int n = 0; n < s.images; ++n)
    for (int c = 0; c < s.channels; ++c) {
      double sum = 0;
      const float* value = half.data() + std::ptrdiff_t{n} * positions * s.channels + c;
      for (int p = 0; p < positions; ++p) sum += value[std::ptrdiff_t{p} * s.channels];
      means.data()[std::ptrdiff_t{n} * all + at + c] = static_cast<float>(sum / positions);
    }
}

/// The gradient of a half from that of its means.
void spread_mean(const Tensor& d_means, int at, Tensor& d_half) {
  const TensorShape& s = d_half.shape();
  const int positions = s.height * s.width, all = d_means.shape().channels;
  float* to = d_half.data();
  for (int n = 0; n < s.images; ++n)
    for (int p = 0; p < positions; ++p)
      for (int c = 0; c < s.channels; ++c)
        *to++ = d_means.data()[std::ptrdiff_t{n} * all + at + c] / static_cast<float>(positions);
}

std::int64_t different(const FixedMap& one, const FixedMap& other) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < one.numbers.size(); ++i)
    count += one.numbers[i] != other.numbers[i] ? 1 : 0;
  return count;
}

}  // namespace

BranchNetwork::BranchNetwork(const BranchShape& shape, int fraction_bits, std::uint64_t seed)
    : shape_(shape), bits_(fraction_bits), shared_(std::make_unique<Shared>()) {
  BranchDraw draw{.seed = seed, .workspace = &shared_->products};
  const BlockSetting setting{.fraction_bits = fraction_bits, .scratch = shared_->blocks};
  for (int half = 0; half < 2; ++half)
    stem_.emplace_back(shape.convolution(shape.taps.front().channels, 3), Begins::drawn, draw);
  for (int block = 0; block < shape.blocks; ++block)
    blocks_.emplace_back(shape, block, setting, draw);
  head_.emplace_back(shape.head(), Begins::drawn, draw);
}

const Tensor& BranchNetwork::tap(std::span<const Tensor> taps, int block) const {
  return taps[static_cast<std::size_t>(shape_.tap_of(block))];
}

void BranchNetwork::begin(std::span<const Tensor> taps) {
  start_.resize({taps.front().shape().images, shape_.size, shape_.size, shape_.channels});
  stem_[0].forward(taps.front(), start_, {.method = Method::direct});
  round_into(start_, bits_, Rounded::set, pair_.first);
  stem_[1].forward(taps.front(), start_, {.method = Method::direct});
  round_into(start_, bits_, Rounded::set, pair_.second);
}

void BranchNetwork::finish() {
  means_.resize({pair_.first.shape.images, 1, 1, 2 * shape_.channels});
  to_floats(pair_.first, bits_, start_);
  mean_into(start_, 0, means_);
  to_floats(pair_.second, bits_, start_);
  mean_into(start_, shape_.channels, means_);
  logits_.resize({pair_.first.shape.images, 1, 1, shape_.classes});
  head_.front().forward(means_, logits_, {.method = Method::direct});
}

const Tensor& BranchNetwork::forward(std::span<const Tensor> taps, BranchKeeps keeps) {
  begin(taps);
  kept_.resize(keeps == BranchKeeps::everything ? blocks_.size() : 0);
  for (std::size_t i = 0; i < blocks_.size(); ++i)
    blocks_[i].forward(tap(taps, static_cast<int>(i)), pair_, kept_.empty() ? nullptr : &kept_[i]);
  finish();
  return logits_;
}

void BranchNetwork::backward(std::span<const Tensor> taps, const Tensor& d_logits) {
  d_means_.resize(means_.shape());
  head_.front().add_gradients(means_, d_logits);
  head_.front().backward(d_logits, d_means_);
  gradient_.first.resize(pair_.first.shape);
  gradient_.second.resize(pair_.first.shape);
  spread_mean(d_means_, 0, gradient_.first);
  spread_mean(d_means_, shape_.channels, gradient_.second);
  for (std::size_t i = blocks_.size(); i-- > 0;)
    if (kept_.empty())
      blocks_[i].backward(tap(taps, static_cast<int>(i)), pair_, gradient_);
    else
      blocks_[i].backward(tap(taps, static_cast<int>(i)), kept_[i], gradient_);
  stem_[0].add_gradients(taps.front(), gradient_.first);
  stem_[1].add_gradients(taps.front(), gradient_.second);
}

std::int64_t BranchNetwork::lost_numbers(std::span<const Tensor> taps) {
  begin(taps);
  const FixedPair first = pair_;
  for (std::size_t i = 0; i < blocks_.size(); ++i)
    blocks_[i].forward(tap(taps, static_cast<int>(i)), pair_);
  for (std::size_t i = blocks_.size(); i-- > 0;)
    blocks_[i].inverse(tap(taps, static_cast<int>(i)), pair_);
  return different(first.first, pair_.first) + different(first.second, pair_.second);
}

std::int64_t BranchNetwork::kept_bytes() const {
  std::int64_t bytes = pair_.first.bytes() + pair_.second.bytes();
  for (const KeptBlock& block : kept_) bytes += block.bytes();
  return bytes;
}

std::vector<Parameter*> BranchNetwork::parameters() {
  std::vector<Parameter*> all;
  const auto add = [&](const std::vector<Parameter*>& more) {
    all.insert(all.end(), more.begin(), more.end());
  };
  for (TrainedProduct& half : stem_) add(half.parameters());
  for (ReversibleBlock& block : blocks_) add(block.parameters());
  add(head_.front().parameters());
  return all;
}

}  // namespace lightloom::nn
