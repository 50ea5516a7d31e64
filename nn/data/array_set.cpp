#include "nn/data/array_set.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "nn/data/images/array_layout.hpp"

namespace lightloom::nn {
namespace {

/// What the samples of a part were like, so that they can be read as what they are.
struct Samples {
  double least = 0, most = 0;
  bool whole = true;  // all so far
  std::string path;   // of the last file

  void see(double sample) {
    least = std::min(least, sample);
    most = std::max(most, sample);
    whole = whole && sample == std::trunc(sample);
  }
};

/// Rows of numbers to channels last, `planes` of them in each row.
template <class Vector>
void append_images(std::span<const double> rows, std::size_t row, std::size_t planes, Vector& to) {
  const std::size_t area = row / planes;
  for (std::size_t at = 0; at < rows.size(); at += row)
    for (std::size_t p = 0; p < area; ++p)
      for (std::size_t c = 0; c < planes; ++c)
        to.push_back(static_cast<typename Vector::value_type>(rows[at + c * area + p]));
}

/// 8-bit samples stay what they are unless the card has another scale for them.
bool stays_bytes(const NumberType& type, const Reading& reading) {
  return type.kind == 'u' && type.width == 1 &&
         (reading.full_scale == 0 || reading.full_scale == 255);
}

void append_rows(NumberRows& rows, const DatasetShape& expected, ImageSet& set, Samples& samples) {
  const bool first = has_channels_first(rows.shape, expected, rows.path);
  const std::size_t row = rows.row(), count = rows.count();
  constexpr std::size_t piece = 1 << 18;
  const std::size_t few = std::max<std::size_t>(1, piece / std::max<std::size_t>(1, row));
  const auto planes = static_cast<std::size_t>(first ? expected.image.channels : 1);
  const bool bytes = stays_bytes(rows.type, expected.reading);
  samples.path = rows.path;
  std::vector<double> numbers;
  for (std::size_t at = 0; at < count; at += few) {
    numbers.resize(std::min(few, count - at) * row);
    rows.next(numbers);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      require(std::isfinite(static_cast<float>(numbers[i])),
              "'{}' holds {} in row {} (inputs are finite numbers: replace or leave out such rows)",
              rows.path, numbers[i], at + i / row);
      samples.see(numbers[i]);
    }
    if (bytes)
      append_images(numbers, row, planes, set.pixels);
    else
      append_images(numbers, row, planes, set.values);
  }
  if (rows.finish) rows.finish();
  require(set.pixels.empty() || set.values.empty(),
          "'{}' holds {} where the files before hold another type (uint8 samples are fractions of "
          "255, others inputs as they are: save all files as one type)",
          rows.path, rows.type.name());
}

void make_bytes(ImageSet& set) {
  set.pixels.reserve(set.values.size());
  for (const float value : set.values) set.pixels.push_back(static_cast<std::uint8_t>(value));
  set.values = {};
}

/// Samples as inputs: bytes stay bytes, floats stay floats, and what may be either is asked for.
void settle(const Samples& samples, const Reading& reading, ImageSet& set) {
  const double scale = reading.full_scale;
  const bool vectors = set.image.height * set.image.width == 1;
  const bool fits_bytes = samples.whole && samples.least >= 0 && samples.most <= 255;
  if (set.values.empty()) return;
  if (scale > 0) {
    for (float& value : set.values) value = static_cast<float>(value / scale);
    return;
  }
  if (vectors || samples.most <= 1 || samples.least < 0) return;
  if (fits_bytes) return make_bytes(set);
  require(false,
          "'{}' holds samples from {:g} to {:g}, which may be inputs as they are or fractions of a "
          "largest sample (say dataset.full_scale: 1 for the first, 255 or 65535 for the second)",
          samples.path, samples.least, samples.most);
}

/// "run from 1 to 10" and what to do.
std::string label_advice(const std::vector<double>& labels, const DatasetShape& expected) {
  const auto [least, most] = std::minmax_element(labels.begin(), labels.end());
  const std::string range = fmt::format("they run from {:g} to {:g}", *least, *most);
  if (*least == 1 && *most == expected.classes) return range + ": subtract 1";
  return range + fmt::format(": classes are 0 to {}", expected.classes - 1);
}

/// Rows of zeros with a single one.
std::vector<double> from_one_hot(const std::vector<double>& numbers, std::size_t classes,
                                 const std::string& path) {
  std::vector<double> labels;
  for (std::size_t at = 0; at < numbers.size(); at += classes) {
    const auto row = std::span(numbers).subspan(at, classes);
    const auto ones = std::ranges::count(row, 1.0), zeros = std::ranges::count(row, 0.0);
    require(
        ones == 1 && zeros + 1 == static_cast<std::ptrdiff_t>(classes),
        "'{}' holds no single 1 among zeros in row {} (labels of {} columns are one-hot; numbers "
        "to predict need dataset.task: regression)",
        path, at / classes, classes);
    labels.push_back(static_cast<double>(std::ranges::find(row, 1.0) - row.begin()));
  }
  return labels;
}

constexpr std::size_t most_answers = 1 << 20;  // of one image

std::vector<double> labels_of(NumberRows& rows, const std::string& path) {
  require(
      !rows.shape.empty() && rows.shape.size() <= 2 && rows.row() <= most_answers,
      "'{}' has the shape ({}) where labels are (count), (count, 1) or one-hot (count, classes)",
      path, fmt::join(rows.shape, ", "));
  const std::size_t columns = rows.row();
  const std::vector<double> numbers = rest_of(rows);
  return columns > 1 ? from_one_hot(numbers, columns, path) : numbers;
}

void append_targets(NumberRows rows, const DatasetShape& expected, ImageSet& set) {
  require(!rows.shape.empty() && rows.row() == static_cast<std::size_t>(expected.classes),
          "'{}' has the shape ({}) where the targets are (count, {})", rows.path,
          fmt::join(rows.shape, ", "), expected.classes);
  for (const double number : rest_of(rows)) {
    require(std::isfinite(number), "'{}' holds the target {} (targets are finite numbers)",
            rows.path, number);
    set.targets.push_back(static_cast<float>(number));
  }
  set.labels.resize(set.targets.size() / static_cast<std::size_t>(expected.classes));
}

void append_answers(const ArrayPair& pair, const DatasetShape& expected, ImageSet& set) {
  if (expected.task == Task::regression) return append_targets(pair.answers(), expected, set);
  NumberRows rows = pair.answers();
  require(rows.row() == 1 || rows.shape.size() != 2 ||
              rows.row() == static_cast<std::size_t>(expected.classes),
          "'{}' has labels of {} columns (one-hot labels of {} have {})", rows.path, rows.row(),
          expected.name, expected.classes);
  require(rows.type.kind != 'b' || expected.classes == 2 || rows.row() > 1,
          "'{}' holds bools, labels of two classes, where {} has {} (save them as integers)",
          rows.path, expected.name, expected.classes);
  const std::vector<double> labels = labels_of(rows, rows.path);
  append_labels(labels, rows.path, expected, set);
}

}  // namespace

std::vector<std::string> part_names(Part part) {
  if (part == Part::test) return {"test", "val", "train"};
  if (part == Part::validate) return {"val", "test", "train"};
  return {"train", "test", "val"};
}

void append_labels(const std::vector<double>& labels, const std::string& path,
                   const DatasetShape& expected, ImageSet& set) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const bool is_class =
        labels[i] >= 0 && labels[i] < expected.classes && labels[i] == std::trunc(labels[i]);
    require(is_class,
            "'{}' holds the label {:g} in place {}, which is not one of the {} classes of "
            "{} ({})",
            path, labels[i], i, expected.classes, expected.name, label_advice(labels, expected));
    set.labels.push_back(static_cast<std::uint16_t>(labels[i]));
  }
}

void give_no_labels(const DatasetShape& expected, ImageSet& set) {
  if (expected.task == Task::classes) return;
  set.outputs = expected.classes;
  set.reconstructs = expected.task == Task::autoencoder;
}

ImageSet read_arrays(const ArrayPairs& pairs, const DatasetShape& expected) {
  ImageSet set{.image = expected.image, .pixels = {}, .labels = {}};
  give_no_labels(expected, set);
  Samples samples;
  const auto size = static_cast<std::size_t>(expected.image.size());
  for (const auto& open : pairs) {
    ArrayPair pair = open();
    require(pair.images.count() > 0, "'{}' holds no images", pair.images.path);
    append_rows(pair.images, expected, set, samples);
    if (set.reconstructs)
      set.labels.resize((set.values.size() + set.pixels.size()) / size);
    else
      append_answers(pair, expected, set);
    require(set.values.size() + set.pixels.size() == set.labels.size() * size,
            "'{}' and what answers for it hold different numbers of images and labels",
            pair.images.path);
  }
  settle(samples, expected.reading, set);
  return set;
}

DatasetShape look_at_arrays(const ArrayPairs& pairs, const DatasetShape& known) {
  DatasetShape found = known;
  bool first = true;
  for (const auto& open : pairs) {
    const ArrayPair pair = open();
    if (first) {
      const MapShape image = image_of(pair.images.shape, known, pair.images.path);
      for (int MapShape::*side : {&MapShape::height, &MapShape::width, &MapShape::channels})
        if (found.image.*side == 0) found.image.*side = image.*side;
      first = false;
    }
    if (known.classes > 0 || known.task == Task::autoencoder) break;
    NumberRows rows = pair.answers();
    const std::size_t columns = rows.row();
    require(columns <= most_answers, "'{}' has {} columns of labels", rows.path, columns);
    if (known.task == Task::regression || columns > 1) {
      found.classes = static_cast<int>(columns);
      break;
    }
    for (const double label : labels_of(rows, rows.path))
      found.classes =
          std::max(found.classes, static_cast<int>(std::clamp(label, -1.0, 65534.0)) + 1);
  }
  if (known.task == Task::autoencoder) found.classes = static_cast<int>(found.image.size());
  return found;
}

}  // namespace lightloom::nn
