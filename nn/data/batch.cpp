#include "nn/data/batch.hpp"

#include <algorithm>
#include <numeric>

#include "core/random/random.hpp"

namespace lightloom::nn {
namespace {

/// y = value * scale + shift per channel.
struct PixelMap {
  std::vector<float> scale, shift;

  explicit PixelMap(const ImageSet& set) {
    for (std::size_t c = 0; c < static_cast<std::size_t>(set.image.channels); ++c) {
      const double mean = set.normalise.mean.empty() ? 0 : set.normalise.mean[c];
      const double std = set.normalise.std.empty() ? 1 : set.normalise.std[c];
      const double full = set.values.empty() ? 255 : 1;
      scale.push_back(static_cast<float>(1 / (full * std)));
      shift.push_back(static_cast<float>(-mean / std));
    }
  }
};

template <class Sample>
void fill_image(const Sample* from, const MapShape& image, const PixelMap& map, float* to) {
  const auto channels = static_cast<std::size_t>(image.channels);
  const std::int64_t area = std::int64_t{image.height} * image.width;
  for (std::int64_t p = 0; p < area; ++p) {
    for (std::size_t c = 0; c < channels; ++c) {
      *to++ = static_cast<float>(*from++) * map.scale[c] + map.shift[c];
    }
  }
}

/// The changes of one image.
struct Change {
  int down = 0, right = 0;  // shift
  bool mirror = false;
  int hole_top = 0, hole_left = 0, hole = 0;

  /// Of an image of `map`, drawn from `stream`.
  Change(const AugmentationDraw& draw, const Stream& stream, std::uint64_t image,
         const MapShape& map) {
    const Augmentation& augmentation = draw.augmentation;
    const std::uint64_t block = 4 * image;  // four independent draws
    const auto within = [&](int span, std::uint64_t number) {
      return static_cast<int>(
          stream.below(static_cast<std::uint64_t>(span), block + number, draw.epoch));
    };
    if (augmentation.crop > 0) {
      const int place = within((2 * augmentation.crop + 1) * (2 * augmentation.crop + 1), 0);
      down = place / (2 * augmentation.crop + 1) - augmentation.crop;
      right = place % (2 * augmentation.crop + 1) - augmentation.crop;
    }
    mirror = augmentation.flip && within(2, 1) == 1;
    hole = augmentation.cutout;
    if (hole > 0) {
      hole_top = within(map.height, 2) - hole / 2;
      hole_left = within(map.width, 3) - hole / 2;
    }
  }

  [[nodiscard]] bool cut(int h, int w) const {
    return h >= hole_top && h < hole_top + hole && w >= hole_left && w < hole_left + hole;
  }
};

/// Writes the changed image; what comes in from outside is black.
template <class Sample>
void change_image(const Sample* from, const MapShape& image, const Change& change, Sample* to) {
  const int channels = image.channels;
  for (int h = 0; h < image.height; ++h) {
    for (int w = 0; w < image.width; ++w, to += channels) {
      const int row = h - change.down;
      const int column = (change.mirror ? image.width - 1 - w : w) - change.right;
      const bool inside = row >= 0 && row < image.height && column >= 0 && column < image.width;
      if (!inside || change.cut(h, w)) {
        std::fill_n(to, channels, Sample{0});
      } else {
        std::copy_n(from + (std::int64_t{row} * image.width + column) * channels, channels, to);
      }
    }
  }
}

}  // namespace

void describe(Section& section, Augmentation& augmentation) {
  section.value("crop", augmentation.crop, {.low = 0, .high = 64});
  section.value("flip", augmentation.flip);
  section.value("cutout", augmentation.cutout, {.low = 0, .high = 512});
}

namespace {

/// A set and its samples, bytes or floats.
template <class Sample>
struct SampledSet {
  const ImageSet& set;
  const Sample* samples;
};

template <class Sample>
void fill_images(const SampledSet<Sample>& from_set, std::span<const std::uint32_t> order,
                 const AugmentationDraw& draw, float* to) {
  const ImageSet& set = from_set.set;
  const auto size = static_cast<std::size_t>(set.image.size());
  const PixelMap map(set);
  const Stream stream({draw.seed, Purpose::augmentation});
  std::vector<Sample> changed(draw.augmentation.any() ? size : 0);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Sample* from = from_set.samples + order[i] * size;
    if (draw.augmentation.any()) {
      const Change change(draw, stream, order[i], set.image);
      change_image(from, set.image, change, changed.data());
      from = changed.data();
    }
    fill_image(from, set.image, map, to + i * size);
  }
}

void fill_images(const ImageSet& set, std::span<const std::uint32_t> order,
                 const AugmentationDraw& draw, float* to) {
  if (set.values.empty())
    fill_images<std::uint8_t>({set, set.pixels.data()}, order, draw, to);
  else
    fill_images<float>({set, set.values.data()}, order, draw, to);
}

}  // namespace

void fill_batch(const ImageSet& set, std::span<const std::uint32_t> order, Batch& batch,
                const AugmentationDraw& draw) {
  batch.images.resize({static_cast<int>(order.size()), set.image});
  batch.labels.resize(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) batch.labels[i] = set.labels[order[i]];
  fill_images(set, order, draw, batch.images.data());
  const auto outputs = static_cast<std::size_t>(set.outputs);
  batch.targets.resize(order.size() * outputs);
  if (set.reconstructs) return fill_images(set, order, {}, batch.targets.data());
  for (std::size_t i = 0; i < order.size() && outputs > 0; ++i)
    std::copy_n(set.targets.begin() + static_cast<std::ptrdiff_t>(order[i] * outputs), outputs,
                batch.targets.begin() + static_cast<std::ptrdiff_t>(i * outputs));
}

void for_each_batch(const ImageSet& set, const ImageRange& range, std::size_t size,
                    const std::function<void(const Batch& batch, std::size_t first)>& body) {
  Batch batch;
  std::vector<std::uint32_t> order;
  for (std::size_t first = range.first; first < range.last; first += size) {
    order.resize(std::min(size, range.last - first));
    std::iota(order.begin(), order.end(), static_cast<std::uint32_t>(first));
    fill_batch(set, order, batch);
    body(batch, first);
  }
}

}  // namespace lightloom::nn
