#include "images.hpp"

#include <algorithm>
#include <lightloom/core/cards/card.hpp>
#include <lightloom/nn/data/batch.hpp>
#include <lightloom/nn/data/dataset.hpp>
#include <numeric>

#include "base/arrays.hpp"
#include "base/errors.hpp"
#include "base/progress.hpp"
#include "base/trees.hpp"

namespace lightloom::python {
namespace {

using nn::Batch;
using nn::ImageSet;

std::vector<float> samples_of(const Batch& batch) {
  const auto values = batch.images.values();
  return {values.begin(), values.end()};
}

/// What answers for the images: labels, or numbers of (images, numbers) or of the images' shape.
py::object answers_of(const ImageSet& set, Batch&& batch, const std::vector<py::ssize_t>& shape) {
  if (!set.has_numbers())
    return py::cast(array_of(std::vector<std::int64_t>(batch.labels.begin(), batch.labels.end())));
  if (set.reconstructs) return py::cast(array_of(std::move(batch.targets), shape));
  return py::cast(array_of(std::move(batch.targets), {shape[0], set.outputs}));
}

/// (samples, answers) of one part of a data set, as a network gets them.
py::tuple part_of(const ImageSet& set) {
  std::vector<std::uint32_t> order(set.size());
  std::iota(order.begin(), order.end(), 0u);
  Batch batch;
  nn::fill_batch(set, order, batch);
  const std::vector<py::ssize_t> shape{static_cast<py::ssize_t>(set.size()), set.image.height,
                                       set.image.width, set.image.channels};
  py::object samples = py::cast(array_of(samples_of(batch), shape));
  return py::make_tuple(samples, answers_of(set, std::move(batch), shape));
}

py::dict images(const Tree& section, std::uint64_t seed) {
  const nn::Dataset data = long_call(py::none(), [&](ProgressSink&) {
    return nn::load_dataset(read_card<nn::DatasetCard>(section), seed);
  });
  py::dict parts;
  parts["train"] = part_of(data.train);
  parts["validation"] = part_of(data.validation);
  parts["test"] = part_of(data.test);
  return parts;
}

}  // namespace

void bind_images(py::module_& module) { module.def("images", images); }

}  // namespace lightloom::python
