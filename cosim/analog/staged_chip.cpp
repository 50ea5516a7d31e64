#include "cosim/analog/staged_chip.hpp"

#include <algorithm>
#include <numeric>

#include "core/error.hpp"

namespace lightloom::cosim {
namespace {

constexpr std::size_t batch_images = 250;

/// The images that set the ranges of converters, as they are.
ImagesToMeasure calibration_images(const nn::Dataset& data, int images) {
  const nn::ImageSet& set = data.train.size() > 0 ? data.train : data.test;
  return {.set = set, .images = std::min(set.size(), static_cast<std::size_t>(images))};
}

}  // namespace

StagedChip::StagedChip(Chip& chip, nn::Network& network, const nn::Dataset& data, int images)
    : chip_(chip),
      network_(network),
      cut_(nn::cut_at_input(network.graph())),
      calibration_(lot_of(calibration_images(data, images))) {}

StagedChip::Lot StagedChip::lot_of(const ImagesToMeasure& images) const {
  const auto views = static_cast<std::size_t>(images.views);
  Lot lot{.values = {network_.graph(), cut_.frontier, views * images.images},
          .first_number = images.first_number};
  std::vector<std::uint32_t> order(images.images);
  std::iota(order.begin(), order.end(), 0u);
  nn::Batch batch;
  for (std::size_t view = 0; view < views; ++view)
    for (std::size_t first = 0; first < order.size(); first += batch_images) {
      const std::size_t count = std::min(batch_images, order.size() - first);
      nn::AugmentationDraw draw = images.draw;
      draw.epoch += view;
      nn::fill_batch(images.set, std::span(order).subspan(first, count), batch, draw);
      const nn::Tensor* const pixels[] = {&batch.images};
      lot.values.put(view * order.size() + first, pixels);
    }
  return lot;
}

std::size_t StagedChip::add(const ImagesToMeasure& images) {
  lots_.push_back(lot_of(images));
  return lots_.size() - 1;
}

void StagedChip::calibrate(nn::PartInference& part, const nn::GraphCut& to) {
  const std::size_t images = calibration_.values.images();
  std::vector<nn::Tensor> given;
  calibration_.values.take(0, images, given);
  chip_.begin_calibration();
  nn::NodeValues reached(network_.graph(), to.frontier, images);
  reached.put(0, part.forward(nn::pointers(given)));
  chip_.end_calibration();
  calibration_.values = std::move(reached);
}

void StagedChip::advance(const nn::GraphCut& to, ProgressSink& sink) {
  nn::PartInference part(network_, cut_, to, {&chip_.engine()});
  calibrate(part, to);
  std::size_t all = 0;
  for (const Lot& lot : lots_) all += lot.values.images();
  Progress progress(sink, "measure on the chip", static_cast<std::int64_t>(all), "images");
  std::vector<nn::Tensor> given;
  for (Lot& lot : lots_) {
    const std::size_t images = lot.values.images();
    nn::NodeValues reached(network_.graph(), to.frontier, images);
    for (std::size_t first = 0; first < images; first += batch_images) {
      if (sink.cancelled()) throw Failure("interrupted while a chip measured images");
      const std::size_t last = std::min(images, first + batch_images);
      lot.values.take(first, last, given);
      reached.put(first, part.forward(nn::pointers(given), lot.first_number + first));
      progress.advance(static_cast<std::int64_t>(last - first));
    }
    lot.values = std::move(reached);
  }
  cut_ = to;
}

}  // namespace lightloom::cosim
