#include "nn/weights/source/shared_tensor.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "nn/ops/quantise.hpp"

namespace lightloom::nn {
namespace {

constexpr int clipped_tensor_bits = 4;  // from here down the scale clips, as uniform integers' does

double square_of(std::span<const float> x) {
  double sum = 0;
  for (const float one : x) sum += double{one} * one;
  return sum;
}

}  // namespace

StoredStream shared_stream(std::int64_t size, int bits) {
  return {.name = "shared", .count = size, .bits = bits};
}

SharedTensor::SharedTensor(std::int64_t size, int bits) : stream_(shared_stream(size, bits)) {
  const auto count = static_cast<std::size_t>(size);
  latent_ = {
      .name = "shared", .value = std::vector<float>(count), .gradient = std::vector<float>(count)};
  clip_ = {.name = "clip", .value = {1.0f}, .gradient = {0.0f}, .decay = false};
  levels_.resize(count);
}

int SharedTensor::join() {
  scales_.push_back({.name = "scale", .value = {1.0f}, .gradient = {0.0f}, .decay = false});
  given_.emplace_back();
  fit_rest_.emplace_back();
  return static_cast<int>(scales_.size()) - 1;
}

void SharedTensor::fit_mean() {
  std::vector<double> sum(latent_.value.size());
  double uses = 0, sizes = 0;
  for (const std::vector<float>& one : given_) {
    const double square = square_of(one);
    if (square == 0) continue;
    const double size = std::sqrt(square / static_cast<double>(one.size()));
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += one[i] / size;
    sizes += size;
    ++uses;
  }
  for (std::size_t i = 0; i < sum.size(); ++i)
    latent_.value[i] = uses > 0 ? static_cast<float>(sum[i] / uses * sizes / uses) : 0.0f;
}

void SharedTensor::fit_scales() {
  round();
  const double square = double{step_} * step_ * square_of(levels_);
  for (std::size_t use = 0; use < given_.size(); ++use) {
    if (given_[use].empty() || square == 0) continue;
    double sum = 0;
    for (std::size_t i = 0; i < levels_.size(); ++i) sum += double{given_[use][i]} * levels_[i];
    scales_[use].value[0] = static_cast<float>(step_ * sum / square);
  }
}

void SharedTensor::fit_rests() {
  const auto waits = [](const std::vector<float>& given) { return given.empty(); };
  if (std::ranges::any_of(given_, waits)) return;
  std::vector<float> rest(levels_.size());
  for (std::size_t use = 0; use < given_.size(); ++use) {
    if (!fit_rest_[use]) continue;
    const float unit = step_ * scales_[use].value[0];
    for (std::size_t i = 0; i < rest.size(); ++i) rest[i] = given_[use][i] - unit * levels_[i];
    fit_rest_[use](rest);
  }
}

void SharedTensor::encode(int use, std::span<const float> dense) {
  given_[static_cast<std::size_t>(use)].assign(dense.begin(), dense.end());
  fit_mean();
  clip_.value[0] =
      stream_.bits <= clipped_tensor_bits ? best_clip(latent_.value, stream_.bits) : 1.0f;
  fit_scales();
  fit_rests();
}

void SharedTensor::round() {
  step_ = integer_forward(latent_.value, stream_.bits, clip_.value[0], levels_);
}

void SharedTensor::take(const CodedStream& levels) {
  taken_.resize(levels_.size());
  from_words(levels, WordCoding::offset, taken_);
}

std::span<const float> SharedTensor::taken() const {
  require(!taken_.empty(),
          "a layer's words refer to those that an earlier layer stores (unpack that first)");
  return taken_;
}

CodedStream SharedTensor::coded() const { return to_words(stream_, WordCoding::offset, levels_); }

SharedParts::Place SharedParts::join(const std::string& key, int most, std::int64_t size,
                                     int bits) {
  const auto place = join<SharedTensor>(key, most, [&] { return SharedTensor(size, bits); });
  return {place.part, place.use, place.group};
}

}  // namespace lightloom::nn
