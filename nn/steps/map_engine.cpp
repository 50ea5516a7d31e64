#include "nn/steps/map_engine.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/parallel.hpp"

namespace lightloom::nn {
namespace {

std::int64_t tokens_of(const Tensor& map) {
  return std::int64_t{map.shape().height} * map.shape().width;
}

/// A layer with a 1 x 1 kernel over so many positions, group by group.
struct GroupSizes {
  std::int64_t groups = 1, positions = 0, inner = 0, outer = 0;
};
LayerShape product_shape(const char* name, const GroupSizes& sizes) {
  const auto positions = static_cast<int>(sizes.positions);
  LayerShape shape{.name = name,
                   .in_channels = static_cast<int>(sizes.groups * sizes.inner),
                   .out_channels = static_cast<int>(sizes.groups * sizes.outer),
                   .groups = static_cast<int>(sizes.groups),
                   .in_height = positions,
                   .in_width = 1};
  shape.out_height = positions;
  shape.out_width = 1;
  return shape;
}

/// Products count on behind the layers, in the order of the nodes; attention has two, one behind
/// the other. So a network written elsewhere has the same numbers if it multiplies in that order.
int product_number(const Flow& flow, int node, int which) {
  int number = which;
  for (std::size_t n = 0; n < flow.graph->nodes.size(); ++n) {
    const Op op = flow.graph->nodes[n].op;
    const bool before = n < static_cast<std::size_t>(node);
    if (is_weight_layer(op)) ++number;
    if (before && op == Op::attention) number += 2;
    if (before && op == Op::matrix_product) ++number;
  }
  return number;
}

/// Rows of `columns` values a map, each transposed: (maps, rows, columns) to (maps, columns, rows).
struct Maps {
  std::int64_t count = 0, rows = 0, columns = 0;
};
std::vector<float> transposed(std::span<const float> maps, const Maps& sizes) {
  std::vector<float> result(maps.size());
  parallel_for(sizes.count, [&](std::ptrdiff_t m) {
    const std::ptrdiff_t first = m * sizes.rows * sizes.columns;
    const float* from = maps.data() + first;
    for (std::ptrdiff_t r = 0; r < sizes.rows; ++r)
      for (std::ptrdiff_t c = 0; c < sizes.columns; ++c)
        result[static_cast<std::size_t>(first + c * sizes.rows + r)] = *from++;
  });
  return result;
}

/// The keys of every head as weights: (images, heads tokens, width).
std::vector<float> keys_by_head(const Tensor& k, int heads) {
  const std::int64_t tokens = tokens_of(k), channels = k.shape().channels, width = channels / heads;
  std::vector<float> keys(static_cast<std::size_t>(k.shape().size()));
  parallel_for(k.shape().images, [&](std::ptrdiff_t image) {
    float* to = keys.data() + image * tokens * channels;
    for (int h = 0; h < heads; ++h)
      for (std::int64_t m = 0; m < tokens; ++m, to += width)
        std::copy_n(k.data() + (image * tokens + m) * channels + h * width, width, to);
  });
  return keys;
}

/// softmax(scale scores) over every `length` values, in place.
void softmax_rows(std::vector<float>& scores, std::int64_t length, float scale) {
  parallel_for(static_cast<std::ptrdiff_t>(scores.size()) / length, [&](std::ptrdiff_t row) {
    float* from = scores.data() + row * length;
    const float largest = *std::max_element(from, from + length);
    float sum = 0;
    for (std::int64_t m = 0; m < length; ++m) {
      from[m] = std::exp(scale * (from[m] - largest));
      sum += from[m];
    }
    for (std::int64_t m = 0; m < length; ++m) from[m] /= sum;
  });
}

/// (images, rows, positions, channels) of one row of maps after the other, and back from (images,
/// positions, rows channels).
std::vector<float> rows_together(std::span<const float> maps, const GroupSizes& sizes,
                                 std::int64_t channels) {
  std::vector<float> result(maps.size());
  const std::int64_t image = sizes.groups * sizes.positions * channels;
  parallel_for(static_cast<std::ptrdiff_t>(maps.size()) / image, [&](std::ptrdiff_t i) {
    for (std::int64_t g = 0; g < sizes.groups; ++g)
      for (std::int64_t p = 0; p < sizes.positions; ++p)
        std::copy_n(maps.data() + i * image + (g * sizes.positions + p) * channels, channels,
                    result.data() + i * image + (p * sizes.groups + g) * channels);
  });
  return result;
}
void rows_apart(const std::vector<float>& together, const GroupSizes& sizes, std::int64_t channels,
                std::span<float> maps) {
  const std::int64_t image = sizes.groups * sizes.positions * channels;
  parallel_for(static_cast<std::ptrdiff_t>(maps.size()) / image, [&](std::ptrdiff_t i) {
    for (std::int64_t g = 0; g < sizes.groups; ++g)
      for (std::int64_t p = 0; p < sizes.positions; ++p)
        std::copy_n(together.data() + i * image + (p * sizes.groups + g) * channels, channels,
                    maps.data() + i * image + (g * sizes.positions + p) * channels);
  });
}

}  // namespace

bool attend_on_engine(const Flow& flow, int node, const AttentionInputs& maps, Tensor& y) {
  if (flow.engine == nullptr) return false;
  const auto& [q, k, v, heads] = maps;
  const std::int64_t queries = tokens_of(q), keys = tokens_of(k),
                     width = q.shape().channels / heads;
  const LayerShape of_scores = product_shape("attention scores", {heads, queries, width, keys}),
                   of_sums = product_shape("attention sums", {heads, queries, keys, width});
  std::vector<float> scores(static_cast<std::size_t>(flow.images * queries * heads * keys));
  if (!flow.engine->multiply_maps({.number = product_number(flow, node, 0),
                                   .shape = of_scores,
                                   .inputs = q.values(),
                                   .weights = keys_by_head(k, heads),
                                   .images = flow.images,
                                   .first_image = flow.first_image,
                                   .outputs = scores}))
    return false;
  softmax_rows(scores, keys, 1.0F / std::sqrt(static_cast<float>(width)));
  return flow.engine->multiply_maps(
      {.number = product_number(flow, node, 1),
       .shape = of_sums,
       .inputs = scores,
       .weights = transposed(v.values(), {flow.images, keys, v.shape().channels}),
       .images = flow.images,
       .first_image = flow.first_image,
       .outputs = y.values()});
}

bool multiply_on_engine(const Flow& flow, int node, Tensor& y) {
  if (flow.engine == nullptr) return false;
  const std::vector<int>& inputs = flow.graph->nodes[static_cast<std::size_t>(node)].inputs;
  const Tensor &left = flow.value(inputs[0]), &right = flow.value(inputs[1]);
  const std::int64_t rows = y.shape().height, positions = y.shape().width,
                     inner = left.shape().channels, outer = y.shape().channels;
  const GroupSizes sizes{rows, positions, inner, outer};
  const LayerShape shape = product_shape("product of maps", sizes);
  std::vector<float> products(y.values().size());
  if (!flow.engine->multiply_maps(
          {.number = product_number(flow, node, 0),
           .shape = shape,
           .inputs = rows_together(left.values(), sizes, inner),
           .weights = transposed(right.values(), {flow.images * rows, inner, outer}),
           .images = flow.images,
           .first_image = flow.first_image,
           .outputs = products}))
    return false;
  rows_apart(products, sizes, outer, y.values());
  return true;
}

}  // namespace lightloom::nn
