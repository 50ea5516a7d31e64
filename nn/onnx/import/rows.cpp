#include <algorithm>
#include <numeric>

#include "nn/onnx/import/handlers.hpp"
#include "nn/onnx/translation/numbers.hpp"

namespace lightloom::nn::onnx {
using Dims = std::vector<std::int64_t>;

std::size_t axis_in(const Operation& o, std::int64_t axis, std::size_t rank) {
  const auto count = static_cast<std::int64_t>(rank);
  if (axis < -count || axis >= count) throw Unsupported(o, "an axis that is not there");
  return static_cast<std::size_t>(axis < 0 ? axis + count : axis);
}

namespace {

Operation transposition(const Operation& o, Dims order) {
  Operation turn{
      .type = "Transpose", .name = o.name, .inputs = {"x"}, .outputs = {"y"}, .attributes = {}};
  turn.attributes["perm"] = {.integers = std::move(order), .list = true};
  return turn;
}

}  // namespace

Changing turned(const Translation& t, const Operation& o, const Changing& x, Dims order) {
  return moved(t, transposition(o, std::move(order)), x);
}

namespace {

/// x with an axis moved to the end, or the end back to it.
Dims axis_last(std::size_t axis, std::size_t rank) {
  Dims order;
  for (std::size_t a = 0; a < rank; ++a)
    if (a != axis) order.push_back(static_cast<std::int64_t>(a));
  order.push_back(static_cast<std::int64_t>(axis));
  return order;
}

Dims inverse(const Dims& order) {
  Dims back(order.size());
  for (std::size_t a = 0; a < order.size(); ++a)
    back[static_cast<std::size_t>(order[a])] = static_cast<std::int64_t>(a);
  return back;
}

Changing softmax_of(Translation& t, const Operation& o) {
  const Changing x = t.viewed(o, 0);
  const std::size_t rank = x.dims.size();
  const std::size_t axis = axis_in(o, integer(o, "axis", t.opset() < 13 ? 1 : -1), rank);
  if (t.open_batch() && axis == 0 && x.dims.front() == t.images())
    throw Unsupported(o, "a softmax over the images");
  // Before opset 13 the axes from `axis` on are one.
  const bool together = t.opset() < 13;
  const auto make = [&](int rows) { return t.builder.softmax(rows); };
  if (together) return by_rows(t, x, rank - axis, make);
  const Dims order = axis_last(axis, rank);
  const Changing last = axis + 1 == rank ? x : turned(t, o, x, order);
  const Changing out = by_rows(t, last, 1, make);
  return axis + 1 == rank ? out : turned(t, o, out, inverse(order));
}

void softmax(Translation& t, const Operation& o) {
  Changing out = softmax_of(t, o);
  if (o.type == "LogSoftmax")
    out.function =
        std::make_shared<const Function>(composed(Function::Code::logarithm, argument()));
  t.result(o, out);
}

/// (products, rows, columns) of an operand of a product, its other axes spread to `batch`.
int matrices(Translation& t, const Changing& x, int products) {
  const auto rows = static_cast<int>(x.dims[x.dims.size() - 2]),
             columns = static_cast<int>(x.dims.back());
  return t.gathered(x, {products, rows, columns}, t.places(x));
}

/// A constant as an operand of a product of values.
Changing matrix_operand(Translation& t, const Operation& o, std::size_t input) {
  if (std::holds_alternative<Changing>(t.value(o, input))) return t.applied(t.viewed(o, input));
  const Array& array = t.fixed(o, input);
  if (array.integer() || t.images() != 1)
    throw Unsupported(o, "a constant of more than two axes for several images");
  if (array.size() == 0) throw Unsupported(o, "a constant without elements");
  const int node =
      t.builder.constant(t.layer_name(o) + ".constant", {1, 1, static_cast<int>(array.size())});
  t.imported.norms[node] = {{}, array.floats, {}, {}};
  return t.at(node, array.dims, counting(array.size()));
}

/// Spreads the axes before the last two.
Changing spread_over(const Translation& t, const Operation& o, const Changing& x,
                     const Dims& batch) {
  Dims dims = batch;
  dims.push_back(x.dims[x.dims.size() - 2]);
  dims.push_back(x.dims.back());
  return expanded(t, o, x, dims);
}

/// The axes before the last two.
Dims batch_of(const Changing& x) { return {x.dims.begin(), x.dims.end() - 2}; }

/// Both operands change with the image: a digital product.
void product_of_values(Translation& t, const Operation& o) {
  Changing a = matrix_operand(t, o, 0), b = matrix_operand(t, o, 1);
  if (a.dims.size() < 2 || b.dims.size() < 2 || a.dims.back() != b.dims[b.dims.size() - 2])
    throw Unsupported(o, "matrices that do not fit");
  const Dims batch = joint_dims(o, batch_of(a), batch_of(b));
  a = spread_over(t, o, a, batch);
  b = spread_over(t, o, b, batch);
  Dims dims = a.dims;
  dims.back() = b.dims.back();
  const auto products = static_cast<int>(size_of(batch) / t.images());
  if (batch.empty() || batch[0] % t.images() != 0) throw Unsupported(o, "a product over images");
  const int node = t.builder.matrix_product(matrices(t, a, products), matrices(t, b, products));
  t.result(o, t.at(node, dims, counting(t.builder.shape(node).size())));
}

std::vector<float> turned_matrix(const Array& matrix) {
  const auto rows = static_cast<std::size_t>(matrix.dims[0]),
             columns = static_cast<std::size_t>(matrix.dims[1]);
  std::vector<float> out(matrix.floats.size());
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) out[c * rows + r] = matrix.floats[r * columns + c];
  return out;
}

bool is_matrix(const Array& array) {
  return array.dims.size() == 2 && !array.integer() && array.size() > 0;
}

/// W x is the transposed of x^T W^T.
void constant_times_value(Translation& t, const Operation& o, const Array& weight) {
  const Changing& x = t.viewed(o, 1);
  const std::size_t rank = x.dims.size();
  if (rank < 3 || x.dims[rank - 2] != weight.dims[1])
    throw Unsupported(o, "a weight that does not fit the input");
  Dims order(rank);
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[rank - 2], order[rank - 1]);
  const Changing y = linear_rows(t, o, turned(t, o, x, order), {weight.floats, {}});
  t.result(o, turned(t, o, y, order));
}

void matrix_product(Translation& t, const Operation& o) {
  if (const auto* b = std::get_if<Array>(&t.value(o, 1)); b != nullptr && is_matrix(*b)) {
    const Changing& x = t.viewed(o, 0);
    if (x.dims.size() < 2 || x.dims.back() != b->dims[0])
      throw Unsupported(o, "a weight that does not fit the input");
    return t.result(o, linear_rows(t, o, x, {turned_matrix(*b), {}}));
  }
  if (const auto* a = std::get_if<Array>(&t.value(o, 0)); a != nullptr && is_matrix(*a))
    return constant_times_value(t, o, *a);
  product_of_values(t, o);
}

void gemm(Translation& t, const Operation& o) {
  const Changing& x = t.viewed(o, 0);
  const Array& b = t.fixed(o, 1);
  if (x.dims.size() != 2 || !is_matrix(b) || integer(o, "transA", 0) != 0)
    throw Unsupported(o, "a transposed or non-matrix operand");
  const bool turned_weight = integer(o, "transB", 0) != 0;
  const std::int64_t in = b.dims[turned_weight ? 1 : 0], out = b.dims[turned_weight ? 0 : 1];
  if (in != x.dims[1]) throw Unsupported(o, "a weight that does not fit the input");
  LayerValues values{turned_weight ? b.floats : turned_matrix(b), {}};
  for (float& value : values.weight) value *= static_cast<float>(real(o, "alpha", 1));
  if (t.has(o, 2)) {
    const Array& c = t.fixed(o, 2);
    if (c.integer() || (c.size() != 1 && c.size() != out) || (c.size() > 1 && c.dims.back() != out))
      throw Unsupported(o, "a bias that is not one number per column");
    values.bias.assign(static_cast<std::size_t>(out), c.floats.front());
    if (c.size() == out) values.bias = c.floats;
    for (float& value : values.bias) value *= static_cast<float>(real(o, "beta", 1));
  }
  t.result(o, linear_rows(t, o, x, std::move(values)));
}

/// Columns of a weight in the order of the node that it reads.
void order_columns(const std::vector<int>& places, std::vector<float>& weight) {
  const std::size_t columns = places.size();
  std::vector<float> row(columns);
  for (std::size_t first = 0; first < weight.size(); first += columns) {
    for (std::size_t i = 0; i < columns; ++i)
      row[static_cast<std::size_t>(places[i])] = weight[first + i];
    std::copy(row.begin(), row.end(), weight.begin() + static_cast<std::ptrdiff_t>(first));
  }
}

/// Whether the places are those of all `size` elements of an image in another order.
bool is_row_of(const std::vector<int>& places, const MapShape& stored, std::size_t size) {
  if (places.size() != size) return false;
  std::vector<int> sorted = places;
  std::sort(sorted.begin(), sorted.end());
  return static_cast<std::int64_t>(places.size()) == stored.size() && is_counting(sorted);
}

}  // namespace

int as_rows(Translation& t, const Changing& x) { return as_rows(t, x, 1); }

int as_rows(Translation& t, Changing x, std::size_t axes) {
  x = t.applied(std::move(x));
  std::int64_t channels = 1;
  for (std::size_t a = x.dims.size() - axes; a < x.dims.size(); ++a) channels *= x.dims[a];
  const MapShape stored = t.builder.shape(x.node);
  const std::vector<int> places = t.places(x);
  if (stored.channels == channels && is_counting(places) &&
      stored.size() == static_cast<std::int64_t>(places.size()))
    return x.node;
  const auto size = static_cast<std::int64_t>(places.size());
  if (channels < 1 || size % channels != 0)
    throw Unsupported(*t.in_hand, "a row that is longer than an image");
  const auto rows = static_cast<int>(size / channels);
  return t.gathered(x, {1, rows, static_cast<int>(channels)}, places);
}

Changing by_rows(Translation& t, const Changing& x, std::size_t axes,
                 const std::function<int(int)>& make) {
  const Changing done = t.applied(x);
  const bool scattered = done.scattered != nullptr;
  std::int64_t size = 1;
  for (std::size_t a = x.dims.size() - axes; a < x.dims.size(); ++a) size *= x.dims[a];
  const Grouped rows = scattered ? grouped(t, done, size) : Grouped{done, {}};
  const int node = make(as_rows(t, rows.value, scattered ? 1 : axes));
  const Changing out = t.at(node, rows.value.dims, counting(t.builder.shape(node).size()));
  return scattered ? ungrouped(t, rows, out, x.dims) : out;
}

Changing linear_rows(Translation& t, const Operation& o, const Changing& x, LayerValues values) {
  const Changing done = t.applied(x);
  if (done.scattered != nullptr) {
    const Grouped rows = grouped(t, done, x.dims.back());
    const Changing made = linear_rows(t, o, rows.value, std::move(values));
    Dims wide = x.dims;
    wide.back() = made.dims.back();
    return ungrouped(t, rows, made, std::move(wide));
  }
  const auto in = static_cast<std::size_t>(x.dims.back());
  const int out = static_cast<int>(values.weight.size() / in);
  const bool row = is_row_of(t.places(done), t.builder.shape(done.node), in);
  if (row) order_columns(t.places(done), values.weight);
  int from = row ? done.node : as_rows(t, done);
  if (const MapShape map = t.builder.shape(from); row && map.height * map.width > 1)
    from = t.builder.flatten(from);
  const bool bias = !values.bias.empty();
  const MapShape stored = t.builder.shape(from);
  const int node =
      stored.height * stored.width == 1
          ? t.builder.linear(t.layer_name(o), from, out, bias)
          : t.builder.convolution(t.layer_name(o), from, {.channels = out, .bias = bias});
  t.imported.layers[node] = std::move(values);
  Dims dims = x.dims;
  dims.back() = out;
  return t.at(node, std::move(dims), counting(t.builder.shape(node).size()));
}

void add_rows(Handlers& handlers) {
  handlers["MatMul"] = matrix_product;
  handlers["Gemm"] = gemm;
  handlers["Softmax"] = softmax;
  handlers["LogSoftmax"] = softmax;
}

}  // namespace lightloom::nn::onnx
