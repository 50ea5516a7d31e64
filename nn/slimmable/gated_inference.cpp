#include "nn/slimmable/gated_inference.hpp"

#include <algorithm>

#include "nn/data/batch.hpp"
#include "nn/inference/inference.hpp"

namespace lightloom::nn {
namespace {

/// The places of the images that chose `width`.
std::vector<std::size_t> places_of(const std::vector<std::size_t>& widths, std::size_t width) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < widths.size(); ++i)
    if (widths[i] == width) places.push_back(i);
  return places;
}

}  // namespace

SlimInference::SlimInference(SlimmableNetwork& slim)
    : trunk_(slim.network(0), cut_at_input(slim.network(0).graph()), slim.trunk()) {
  for (std::size_t w = 0; w < slim.count(); ++w)
    rests_.push_back(std::make_unique<PartInference>(slim.network(w), slim.trunk(),
                                                     cut_at_output(slim.network(w).graph())));
}

const Tensor& SlimInference::trunk(const Tensor& images) {
  const Tensor* const given[] = {&images};
  return *trunk_.forward(given).front();
}

const Tensor& SlimInference::rest(std::size_t width, const Tensor& behind_trunk) {
  const Tensor* const given[] = {&behind_trunk};
  return *rests_[width]->forward(given).front();
}

Tensor chosen_of(const Tensor& batch, std::span<const std::size_t> places) {
  TensorShape shape = batch.shape();
  const std::ptrdiff_t each = shape.size() / shape.images;
  shape.images = static_cast<int>(places.size());
  Tensor some(shape);
  float* to = some.data();
  for (const std::size_t place : places)
    to = std::copy_n(batch.data() + static_cast<std::ptrdiff_t>(place) * each, each, to);
  return some;
}

GatedAnswers evaluate_gated(SlimmableNetwork& slim, WidthGate& gate, const ImageSet& set,
                            int batch) {
  SlimInference inference(slim);
  GatedAnswers answers;
  answers.correct.assign(set.size(), false);
  for_each_batch(set, {0, set.size()}, static_cast<std::size_t>(batch),
                 [&](const Batch& one, std::size_t first) {
                   const Tensor& behind = inference.trunk(one.images);
                   const std::vector<std::size_t> chosen = gate.choose(pooled(behind));
                   for (std::size_t w = 0; w < slim.count(); ++w) {
                     const std::vector<std::size_t> places = places_of(chosen, w);
                     if (places.empty()) continue;
                     const Tensor some = chosen_of(behind, places);
                     const std::vector<int> guesses = predictions(inference.rest(w, some));
                     for (std::size_t k = 0; k < places.size(); ++k)
                       answers.correct[first + places[k]] = guesses[k] == one.labels[places[k]];
                   }
                   answers.widths.insert(answers.widths.end(), chosen.begin(), chosen.end());
                 });
  return answers;
}

std::vector<std::vector<bool>> evaluate_widths(SlimmableNetwork& slim, const ImageSet& set,
                                               int batch) {
  SlimInference inference(slim);
  std::vector<std::vector<bool>> correct(slim.count());
  for_each_batch(set, {0, set.size()}, static_cast<std::size_t>(batch),
                 [&](const Batch& one, std::size_t) {
                   const Tensor& behind = inference.trunk(one.images);
                   for (std::size_t w = 0; w < slim.count(); ++w) {
                     const std::vector<int> guesses = predictions(inference.rest(w, behind));
                     for (std::size_t i = 0; i < guesses.size(); ++i)
                       correct[w].push_back(guesses[i] == one.labels[i]);
                   }
                 });
  return correct;
}

}  // namespace lightloom::nn
