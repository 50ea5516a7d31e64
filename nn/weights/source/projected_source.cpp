#include "nn/weights/source/projected_source.hpp"

#include <algorithm>

namespace lightloom::nn {

ProjectedSource::ProjectedSource(std::unique_ptr<WeightSource> inner, const LayerShape& shape)
    : ForwardingSource(std::move(inner)) {
  const auto count = static_cast<std::size_t>(shape.weights());
  dense_ = {
      .name = "dense", .value = std::vector<float>(count), .gradient = std::vector<float>(count)};
}

void ProjectedSource::encode(std::span<const float> dense) {
  std::copy(dense.begin(), dense.end(), dense_.value.begin());
  moved_ = true;
  project();
}

void ProjectedSource::project() {
  if (!moved_) return;
  inner().encode(dense_.value);
  inner().materialise(dense_.value);
  moved_ = false;
}

void ProjectedSource::materialise(std::span<float> dense) {
  if (training_) {
    std::copy(dense_.value.begin(), dense_.value.end(), dense.begin());
    return;
  }
  project();
  inner().materialise(dense);
}

void ProjectedSource::backward(std::span<const float> d_dense) {
  for (std::size_t i = 0; i < d_dense.size(); ++i) dense_.gradient[i] += d_dense[i];
}

std::vector<Parameter*> ProjectedSource::constants() {
  std::vector<Parameter*> all = inner().parameters();
  for (Parameter* fixed : inner().constants()) all.push_back(fixed);
  return all;
}

std::vector<CodedStream> ProjectedSource::codes() {
  project();
  return inner().codes();
}

void ProjectedSource::set_step(std::optional<TrainingStep> step) {
  training_ = step.has_value();
  moved_ = moved_ || training_;
  inner().set_step(std::nullopt);
}

std::optional<TwoLevelFactors> ProjectedSource::factors() {
  if (training_) return std::nullopt;
  project();
  return inner().factors();
}

}  // namespace lightloom::nn
