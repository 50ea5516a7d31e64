#include "nn/weights/slices/sliced_source.hpp"

#include <stdexcept>

namespace lightloom::nn {
namespace {

[[noreturn]] void of_the_whole() {
  throw std::logic_error("a slice has no words of its own (ask the source that it is of)");
}

}  // namespace

SlicedSource::SlicedSource(WeightSource& whole, LayerSlice slice, StoredSlice stored)
    : whole_(whole),
      role_(dynamic_cast<SlicedWeight*>(&whole)),
      slice_(std::move(slice)),
      stored_(std::move(stored)) {}

std::vector<StoredStream> SlicedSource::streams() const {
  return role_ != nullptr ? role_->slice_streams(slice_) : stored_.streams;
}

RegenerationWork SlicedSource::work() const {
  return role_ != nullptr ? role_->slice_work(slice_) : stored_.work;
}

std::optional<TwoLevelFactors> SlicedSource::factors() {
  return role_ != nullptr ? role_->slice_factors(slice_) : std::nullopt;
}

void SlicedSource::materialise(std::span<float> dense) {
  if (role_ != nullptr) return role_->materialise_slice(slice_, dense);
  dense_.resize(static_cast<std::size_t>(slice_.whole.weights()));
  whole_.materialise(dense_);
  gather(slice_, dense_, dense);
}

void SlicedSource::backward(std::span<const float> d_dense) {
  if (role_ != nullptr) return role_->backward_slice(slice_, d_dense);
  dense_.resize(static_cast<std::size_t>(slice_.whole.weights()));
  scatter(slice_, d_dense, dense_);
  whole_.backward(dense_);
}

void SlicedSource::encode(std::span<const float> /*dense*/) { of_the_whole(); }
std::vector<CodedStream> SlicedSource::codes() { of_the_whole(); }
void SlicedSource::decode(std::span<const CodedStream> /*streams*/, std::span<float> /*dense*/) {
  of_the_whole();
}

}  // namespace lightloom::nn
