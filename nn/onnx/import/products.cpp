#include "nn/onnx/import/handlers.hpp"
#include "nn/onnx/import/window.hpp"

namespace lightloom::nn::onnx {
namespace {

void convolution(Translation& t, const Operation& o) {
  const Changing x = t.map(o, 0);
  const Array& weight = t.fixed(o, 1);
  if (weight.dims.size() != 4 || weight.integer()) throw Unsupported(o, "a weight of this rank");
  const Window window = window_of(o, x.dims, {weight.dims[2], weight.dims[3]});
  const std::int64_t groups = integer(o, "group", 1);
  if (groups < 1 || weight.dims[1] * groups != x.dims[1] || weight.dims[0] % groups != 0) {
    throw Unsupported(o, "a weight that does not fit the input");
  }
  LayerValues values{weight.floats, {}};
  if (t.has(o, 2)) values.bias = t.floats(o, 2, weight.dims[0]);
  const int node = t.builder.convolution(t.layer_name(o), x.node,
                                         {.channels = static_cast<int>(weight.dims[0]),
                                          .kernel = window.height,
                                          .stride = window.stride,
                                          .padding = window.padding,
                                          .groups = static_cast<int>(groups),
                                          .dilation = window.dilation,
                                          .bias = t.has(o, 2),
                                          .kernel_width = window.width});
  t.imported.layers[node] = std::move(values);
  const MapShape& out = t.builder.shape(node);
  t.result(o, Changing{node, {x.dims[0], out.channels, out.height, out.width}});
}

/// [rows, columns] to [columns, rows].
std::vector<float> transposed(const std::vector<float>& matrix, std::int64_t rows,
                              std::int64_t columns) {
  std::vector<float> out(matrix.size());
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      out[static_cast<std::size_t>(c * rows + r)] =
          matrix[static_cast<std::size_t>(r * columns + c)];
    }
  }
  return out;
}

/// Columns of a weight [out, in] in ONNX's order to where its input has them in memory.
std::vector<float> columns_as_stored(const std::vector<float>& weight,
                                     const std::vector<int>& places) {
  std::vector<float> out(weight.size());
  for (std::size_t row = 0; row < weight.size(); row += places.size())
    for (std::size_t i = 0; i < places.size(); ++i)
      out[row + static_cast<std::size_t>(places[i])] = weight[row + i];
  return out;
}

/// `weight` is [out, in] in ONNX's column order.
void linear(Translation& t, const Operation& o, std::vector<float> weight, int out,
            std::vector<float> bias) {
  const Changing x = t.viewed(o, 0);
  const MapShape stored = t.builder.shape(x.node);
  if (x.order) weight = columns_as_stored(weight, *x.order);
  const int from = stored.height * stored.width == 1 ? x.node : t.builder.flatten(x.node);
  const int node = t.builder.linear(t.layer_name(o), from, out, !bias.empty());
  t.imported.layers[node] = {std::move(weight), std::move(bias)};
  t.result(o, Changing{node, {x.dims[0], out}});
}

/// The changing operand, in any order.
const Changing& rows(Translation& t, const Operation& o) {
  const Changing& x = t.viewed(o, 0);
  if (x.coded) throw Unsupported(o, "arithmetic on integers");
  return x;
}

void gemm(Translation& t, const Operation& o) {
  const Changing& x = rows(t, o);
  const Array& b = t.fixed(o, 1);
  if (x.dims.size() != 2 || b.dims.size() != 2 || b.integer() || integer(o, "transA", 0) != 0) {
    throw Unsupported(o, "a transposed or non-matrix operand");
  }
  const bool turned = integer(o, "transB", 0) != 0;
  const std::int64_t in = turned ? b.dims[1] : b.dims[0], out = turned ? b.dims[0] : b.dims[1];
  if (in != x.dims[1]) throw Unsupported(o, "a weight that does not fit the input");
  std::vector<float> weight = turned ? b.floats : transposed(b.floats, in, out);
  for (float& value : weight) value *= static_cast<float>(real(o, "alpha", 1));
  std::vector<float> bias;
  if (t.has(o, 2)) {
    const Array& c = t.fixed(o, 2);
    if (c.integer() || (c.size() != 1 && c.size() != out) ||
        (c.size() > 1 && c.dims.back() != out)) {
      throw Unsupported(o, "a bias that is not one number per column");
    }
    bias.assign(static_cast<std::size_t>(out), c.floats.front());
    if (c.size() == out) bias = c.floats;
    for (float& value : bias) value *= static_cast<float>(real(o, "beta", 1));
  }
  linear(t, o, std::move(weight), static_cast<int>(out), std::move(bias));
}

void matrix_product(Translation& t, const Operation& o) {
  const Changing& x = rows(t, o);
  const Array& b = t.fixed(o, 1);
  if (x.dims.size() != 2 || b.dims.size() != 2 || b.integer() || b.dims[0] != x.dims[1]) {
    throw Unsupported(o, "anything but a batch of rows times a constant matrix");
  }
  linear(t, o, transposed(b.floats, b.dims[0], b.dims[1]), static_cast<int>(b.dims[1]), {});
}

}  // namespace

void add_products(Handlers& handlers) {
  handlers["Conv"] = convolution;
  handlers["Gemm"] = gemm;
  handlers["MatMul"] = matrix_product;
}

}  // namespace lightloom::nn::onnx
