#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "nn/onnx/evaluate/lines.hpp"
#include "nn/onnx/model/attributes.hpp"

namespace lightloom::nn::onnx {
namespace {

struct Moments {
  double mean = 0, variance = 0;
};

/// Mean and variance (divided by the count) of consecutive elements.
Moments moments(const Array& x, std::int64_t first, std::int64_t count) {
  Moments m;
  for (std::int64_t i = 0; i < count; ++i) m.mean += value(x, first + i);
  m.mean /= static_cast<double>(count);
  for (std::int64_t i = 0; i < count; ++i) {
    const double away = value(x, first + i) - m.mean;
    m.variance += away * away;
  }
  m.variance /= static_cast<double>(count);
  return m;
}

/// The elements of one channel of (images, channels, ...) one after the other.
Array channel_of(const Array& x, std::int64_t channel) {
  const Lines lines(x.dims, 1);
  Dims from;
  for (std::int64_t n = 0; n < lines.outer; ++n) {
    for (std::int64_t i = 0; i < lines.inner; ++i) {
      from.push_back((n * lines.count + channel) * lines.inner + i);
    }
  }
  return taken(x, {static_cast<std::int64_t>(from.size())}, from);
}

Array parameter(const OperatorCall& call, std::size_t number, std::int64_t count) {
  const Array& found = float_input(call, number);
  require(found.size() == count, "{} has {} numbers for {} channels", call.operation.type,
          found.size(), count);
  return found;
}

std::vector<Array> batch_norm(const OperatorCall& call) {
  Array x = float_input(call, 0);
  require(x.dims.size() >= 2, "BatchNormalization needs images and channels");
  support(call, integer(call.operation, "spatial", 1) == 1, "statistics per position");
  const bool training = integer(call.operation, "training_mode", 0) != 0;
  support(call, training || !wants(call, 1), "statistics as outputs outside of training");
  const Array scale = parameter(call, 1, x.dims[1]), shift = parameter(call, 2, x.dims[1]);
  Array mean = parameter(call, 3, x.dims[1]), variance = parameter(call, 4, x.dims[1]);
  const double epsilon = real(call.operation, "epsilon", 1e-5);
  const double momentum = real(call.operation, "momentum", 0.9);
  const Lines lines(x.dims, 1);
  std::vector<Moments> used;
  for (std::size_t c = 0; c < static_cast<std::size_t>(x.dims[1]); ++c) {
    used.push_back({mean.floats[c], variance.floats[c]});
    if (!training) continue;
    const Array channel = channel_of(x, static_cast<std::int64_t>(c));
    used[c] = moments(channel, 0, channel.size());
    const auto moved = [&](float old, double now) {
      return static_cast<float>(old * momentum + now * (1 - momentum));
    };
    mean.floats[c] = moved(mean.floats[c], used[c].mean);
    variance.floats[c] = moved(variance.floats[c], used[c].variance);
  }
  for (std::size_t i = 0; i < x.floats.size(); ++i) {
    const std::size_t c = i / static_cast<std::size_t>(lines.inner) % used.size();
    const double normal = (x.floats[i] - used[c].mean) / std::sqrt(used[c].variance + epsilon);
    x.floats[i] = rounded(normal * scale.floats[c] + shift.floats[c], x.type);
  }
  return {x, mean, variance};
}

/// Subtracts the mean of every group of `count` consecutive elements and divides by its deviation.
void normalise(Array& x, std::int64_t count, double epsilon) {
  for (std::int64_t first = 0; count > 0 && first < x.size(); first += count) {
    const Moments m = moments(x, first, count);
    for (std::int64_t i = first; i < first + count; ++i) {
      float& one = x.floats[static_cast<std::size_t>(i)];
      one = static_cast<float>((one - m.mean) / std::sqrt(m.variance + epsilon));
    }
  }
}

std::vector<Array> instance_norm(const OperatorCall& call) {
  Array x = float_input(call, 0);
  require(x.dims.size() >= 3, "InstanceNormalization needs a map");
  const Array scale = parameter(call, 1, x.dims[1]), shift = parameter(call, 2, x.dims[1]);
  const std::int64_t area = Lines(x.dims, 1).inner;
  normalise(x, area, real(call.operation, "epsilon", 1e-5));
  for (std::size_t i = 0; i < x.floats.size(); ++i) {
    const std::size_t c = i / static_cast<std::size_t>(area) % scale.floats.size();
    x.floats[i] = rounded(double{x.floats[i]} * scale.floats[c] + shift.floats[c], x.type);
  }
  return {x};
}

/// Scale and shift per group in opset 18, per channel since 21.
std::vector<Array> group_norm(const OperatorCall& call) {
  Array x = float_input(call, 0);
  const std::int64_t groups = integer(call.operation, "num_groups", 0);
  require(x.dims.size() >= 2 && groups > 0 && x.dims[1] % groups == 0,
          "GroupNormalization whose groups do not divide the channels");
  const std::int64_t channels = x.dims[1], area = Lines(x.dims, 1).inner;
  const std::int64_t numbers = call.opset < 21 ? groups : channels;
  const Array scale = parameter(call, 1, numbers), shift = parameter(call, 2, numbers);
  normalise(x, channels / groups * area, real(call.operation, "epsilon", 1e-5));
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const auto c = static_cast<std::size_t>(i / area % channels / (channels / numbers));
    float& one = x.floats[static_cast<std::size_t>(i)];
    one = rounded(double{one} * scale.floats[c] + shift.floats[c], x.type);
  }
  return {x};
}

/// Scales (and shifts) rows of the axes from `axis` on, by arrays that broadcast to them.
void scale_rows(const OperatorCall& call, std::size_t axis, Array& x) {
  const Dims row(x.dims.begin() + static_cast<std::ptrdiff_t>(axis), x.dims.end());
  const Array scale = broadcast_to(float_input(call, 1), row);
  const Array shift = has(call, 2) ? broadcast_to(float_input(call, 2), row) : zeros(row, x.type);
  for (std::size_t i = 0; i < x.floats.size(); ++i) {
    const std::size_t at = i % scale.floats.size();
    x.floats[i] = rounded(double{x.floats[i]} * scale.floats[at] + shift.floats[at], x.type);
  }
}

std::vector<Array> layer_norm(const OperatorCall& call) {
  Array x = float_input(call, 0);
  const std::size_t axis = axis_of(call, -1, x.dims.size());
  const double epsilon = real(call.operation, "epsilon", 1e-5);
  Dims outer = x.dims;
  std::fill(outer.begin() + static_cast<std::ptrdiff_t>(axis), outer.end(), 1);
  Array mean = zeros(outer, ElementType::float32), inverse = mean;
  const std::int64_t count = mean.size() > 0 ? x.size() / mean.size() : 0;
  for (std::size_t i = 0; i < mean.floats.size(); ++i) {
    const Moments m = moments(x, static_cast<std::int64_t>(i) * count, count);
    mean.floats[i] = static_cast<float>(m.mean);
    inverse.floats[i] = static_cast<float>(1 / std::sqrt(m.variance + epsilon));
  }
  normalise(x, count, epsilon);
  scale_rows(call, axis, x);
  return {x, mean, inverse};
}

std::vector<Array> rms_norm(const OperatorCall& call) {
  Array x = float_input(call, 0);
  const std::size_t axis = axis_of(call, -1, x.dims.size());
  const double epsilon = real(call.operation, "epsilon", 1e-5);
  std::int64_t count = 1;
  for (std::size_t a = axis; a < x.dims.size(); ++a) count *= x.dims[a];
  for (std::int64_t first = 0; count > 0 && first < x.size(); first += count) {
    double squares = 0;
    for (std::int64_t i = first; i < first + count; ++i) squares += value(x, i) * value(x, i);
    const double scale = 1 / std::sqrt(squares / static_cast<double>(count) + epsilon);
    for (std::int64_t i = first; i < first + count; ++i) {
      float& one = x.floats[static_cast<std::size_t>(i)];
      one = static_cast<float>(one * scale);
    }
  }
  scale_rows(call, axis, x);
  return {x};
}

std::vector<Array> norm_along_axis(const OperatorCall& call) {
  Array x = float_input(call, 0);
  const Lines lines(x.dims, axis_of(call, -1, x.dims.size()));
  const bool absolute = integer(call.operation, "p", 2) == 1;
  for (std::int64_t line = 0; line < lines.lines(); ++line) {
    double sum = 0;
    for (std::int64_t k = 0; k < lines.count; ++k) {
      const double one = value(x, lines.at(line, k));
      sum += absolute ? std::abs(one) : one * one;
    }
    const double length = absolute ? sum : std::sqrt(sum);
    for (std::int64_t k = 0; k < lines.count && length > 0; ++k) {
      float& one = x.floats[static_cast<std::size_t>(lines.at(line, k))];
      one = rounded(one / length, x.type);
    }
  }
  return {x};
}

/// Across channels: y = x / (bias + alpha / size * sum of squares of the neighbours)^beta.
std::vector<Array> response_norm(const OperatorCall& call) {
  const Array& x = float_input(call, 0);
  require(x.dims.size() >= 2, "LRN needs channels");
  const Lines lines(x.dims, 1);
  const std::int64_t size = integer(call.operation, "size", 1);
  require(size >= 1, "LRN over {} channels", size);
  const double alpha = real(call.operation, "alpha", 1e-4),
               beta = real(call.operation, "beta", 0.75), bias = real(call.operation, "bias", 1);
  Array y = x;
  for (std::int64_t line = 0; line < lines.lines(); ++line) {
    for (std::int64_t c = 0; c < lines.count; ++c) {
      double squares = 0;
      const std::int64_t last = std::min(lines.count - 1, c + size / 2);
      for (std::int64_t k = std::max<std::int64_t>(0, c - (size - 1) / 2); k <= last; ++k) {
        squares += std::pow(value(x, lines.at(line, k)), 2);
      }
      const auto at = static_cast<std::size_t>(lines.at(line, c));
      y.floats[at] =
          rounded(x.floats[at] / std::pow(bias + alpha / static_cast<double>(size) * squares, beta),
                  y.type);
    }
  }
  return {y};
}

}  // namespace

void add_normalisation(OperatorTable& table) {
  const std::pair<std::string_view, OperatorFunction> all[] = {
      {"BatchNormalization", batch_norm},
      {"InstanceNormalization", instance_norm},
      {"GroupNormalization", group_norm},
      {"LayerNormalization", layer_norm},
      {"RMSNormalization", rms_norm},
      {"LpNormalization", norm_along_axis},
      {"LRN", response_norm},
  };
  table.insert(std::begin(all), std::end(all));
}

}  // namespace lightloom::nn::onnx
