#include "cosim/corrections/layer_vectors.hpp"

#include <algorithm>
#include <cmath>

#include "core/parallel.hpp"

namespace lightloom::cosim {
namespace {

using Eigen::Index;

/// Position of sample `number`: the fractional parts of multiples of the golden ratio fill the map
/// evenly and in step with no period.
std::int64_t spread_position(std::uint64_t number, std::int64_t positions) {
  constexpr double golden = 0.6180339887498949;
  const double multiple = (static_cast<double>(number) + 0.5) * golden;
  const double part = multiple - std::floor(multiple);
  return std::min(positions - 1, static_cast<std::int64_t>(part * static_cast<double>(positions)));
}

/// What exact weights make of the inputs, group by group.
Eigen::MatrixXd exact_products(const nn::LayerShape& shape, std::span<const float> weights,
                               const Eigen::MatrixXd& inputs) {
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Index rows = shape.matrix_rows(), columns = shape.matrix_columns();
  Eigen::MatrixXd products(inputs.rows(), shape.out_channels);
  for (Index g = 0; g < shape.groups; ++g) {
    const Eigen::Map<const RowMajor> part(weights.data() + g * rows * columns, rows, columns);
    products.middleCols(g * rows, rows) =
        inputs.middleCols(g * columns, columns) * part.cast<double>().transpose();
  }
  return products;
}

}  // namespace

LayerVectors take_vectors(const MeasuredLayer& measured, const FitImages& images) {
  const nn::LayerShape& shape = measured.layer.shape;
  const std::int64_t positions = shape.positions();
  const auto of = static_cast<std::size_t>(measured.inputs.images);
  const auto each = static_cast<std::size_t>(
      std::clamp<std::int64_t>(images.vectors / measured.inputs.images, 1, positions));
  const auto rows = static_cast<Index>(of * each);
  const Index width = Index{shape.in_channels} * shape.kernel_area();
  LayerVectors vectors{.inputs = Eigen::MatrixXd(rows, width),
                       .measured = Eigen::MatrixXd(rows, shape.out_channels),
                       .wanted = {},
                       .places = std::vector<LayerVectors::Place>(of * each),
                       .count = measured.layer.count()};
  const std::size_t in = measured.inputs.values.size() / of;
  const auto make_patch = [&] { return std::vector<float>(static_cast<std::size_t>(width)); };
  parallel_for_with(rows, make_patch, [&](std::ptrdiff_t row, std::vector<float>& patch) {
    const auto k = static_cast<std::size_t>(row), image = k / each;
    const std::int64_t position = each == static_cast<std::size_t>(positions)
                                      ? static_cast<std::int64_t>(k % each)
                                      : spread_position(static_cast<std::uint64_t>(k), positions);
    vectors.places[k] = {measured.inputs.first_image + image, position};
    take_patch(shape, measured.inputs.values.subspan(image * in, in), position, patch);
    for (Index c = 0; c < width; ++c) vectors.inputs(row, c) = patch[static_cast<std::size_t>(c)];
    const float* y =
        measured.measured.data() +
        (static_cast<std::ptrdiff_t>(image) * positions + position) * shape.out_channels;
    for (Index o = 0; o < shape.out_channels; ++o) vectors.measured(row, o) = y[o];
  });
  vectors.wanted = exact_products(shape, measured.weights, vectors.inputs);
  vectors.held_out =
      static_cast<int>(images.held_out * static_cast<double>(of)) * static_cast<int>(each);
  return vectors;
}

}  // namespace lightloom::cosim
