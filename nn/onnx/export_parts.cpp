#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "nn/onnx/exporter.hpp"

namespace lightloom::nn::onnx {
namespace {

/// Whether a node's rows have their elements in the file as in memory.
bool in_order(const Exporter& e, int n) {
  const std::vector<std::int64_t>& order = e.layout(n).order;
  return std::ranges::is_sorted(order);
}

/// Rows in the layout of a node as values of that layout.
std::string unflattened(Exporter& e, int n, const std::string& rows, const std::string& suffix) {
  const MapShape& s = e.node(n).shape;
  return e.part(n, "Reshape", suffix,
                {rows, e.constant(e.node(n).name + suffix + ".shape",
                                  integers_array({0, s.channels, s.height, s.width}))});
}

/// Elements of rows: column `columns[i]` becomes column i.
std::string columns_of(Exporter& e, int n, const std::string& rows,
                       const std::pair<std::string, std::vector<std::int64_t>>& columns) {
  const auto& [suffix, places] = columns;
  const std::string name =
      e.part(n, "Gather", suffix,
             {rows, e.constant(e.node(n).name + suffix + ".places", integers_array(places))});
  e.model.operations.back().attributes["axis"] = of_integer(1);
  return name;
}

/// A permutation of axes.
std::string turned(Exporter& e, int n, const std::string& value,
                   const std::pair<std::string, std::vector<std::int64_t>>& how) {
  const std::string name = e.part(n, "Transpose", how.first, {value});
  e.model.operations.back().attributes["perm"] = of_integers(how.second);
  return name;
}

const std::vector<std::int64_t> channels_last{0, 2, 3, 1}, channels_first{0, 3, 1, 2};

/// A value of four axes, rows as 1x1 maps.
std::string map_value(Exporter& e, int n, int input) {
  const MapShape& s = e.node(input).shape;
  if (e.layout(input).map) return Exporter::value(input);
  require(in_order(e, input), "cannot write '{}' as ONNX (it reads a flattened map as positions)",
          e.node(n).name);
  const std::string suffix = ".map" + std::to_string(input);
  return e.part(n, "Reshape", suffix,
                {Exporter::value(input), e.constant(e.node(n).name + suffix + ".shape",
                                                    integers_array({0, s.channels, 1, 1}))});
}

void finish_turned(Exporter& e, int n, const std::string& value) {
  e.last_part(n, "Transpose", {value}).attributes["perm"] = of_integers(channels_first);
}

/// Numbers of the channels for a value of a node's layout.
Array channel_numbers(const Exporter& e, int n, const std::vector<float>& numbers) {
  const auto channels = static_cast<std::int64_t>(numbers.size());
  if (e.layout(n).map) return floats_array({channels, 1, 1}, numbers);
  return floats_array({channels}, to_file_order(numbers, e.layout(n).order));
}

void scale_and_shift(Exporter& e, int n, const std::string& value) {
  const std::string name = e.node(n).name;
  const std::string scaled =
      e.part(n, "Mul", ".scale",
             {value, e.constant(name + ".weight", channel_numbers(e, n, e.norm(n).scale.value))});
  e.last_part(n, "Add",
              {scaled, e.constant(name + ".bias", channel_numbers(e, n, e.norm(n).shift.value))});
}

}  // namespace

void export_affine(Exporter& e, int n) {
  scale_and_shift(e, n, Exporter::value(e.node(n).inputs.front()));
}

/// Once for every image.
void export_constant(Exporter& e, int n) {
  const MapShape& s = e.node(n).shape;
  const std::string name = e.node(n).name;
  const std::string images = e.part(n, "Shape", ".images", {Exporter::value(0)});
  e.model.operations.back().attributes["start"] = of_integer(0);
  e.model.operations.back().attributes["end"] = of_integer(1);
  const std::string shape = e.part(
      n, "Concat", ".shape",
      {images, e.constant(name + ".sides", integers_array({s.channels, s.height, s.width}))});
  e.model.operations.back().attributes["axis"] = of_integer(0);
  const std::vector<float>& own = e.norm(n).shift.value;
  const std::vector<std::int64_t> places = file_places(e, n);
  std::vector<float> numbers(own.size());
  for (std::size_t i = 0; i < own.size(); ++i)
    numbers[static_cast<std::size_t>(places[i])] = own[i];
  e.last_part(n, "Expand",
              {e.constant(name + ".values",
                          floats_array({1, s.channels, s.height, s.width}, std::move(numbers))),
               shape});
}

/// QuantizeLinear and back.
void export_quantiser(Exporter& e, int n) {
  const FixedQuantiser& how = e.node(n).quantiser;
  const std::string name = e.node(n).name;
  const bool sign = how.low < 0;
  require(how.low == (sign ? -128 : 0) && how.high == (sign ? 127 : 255),
          "cannot write '{}' as ONNX (opset {} quantises to 8 bits only)", name, e.model.opset);
  const std::string scale = e.constant(name + ".scale", floats_array({}, {how.scale}));
  const std::string zero =
      e.constant(name + ".zero",
                 {.integers = {how.zero}, .type = sign ? ElementType::int8 : ElementType::uint8});
  const std::string in = Exporter::value(e.node(n).inputs.front());
  const std::string integers = e.part(n, "QuantizeLinear", ".integers", {in, scale, zero});
  e.last_part(n, "DequantizeLinear", {integers, scale, zero});
}

/// The inputs as one row, a fill behind them, the places of it, and a map again if it was one.
void export_rearrangement(Exporter& e, int n) {
  const Places& table = *e.node(n).places;
  std::vector<std::string> rows;
  std::vector<std::int64_t> from;  // of every place of the joined memory, in the file's row
  for (const int input : e.node(n).inputs) {
    const auto first = static_cast<std::int64_t>(from.size());
    for (const std::int64_t place : file_places(e, input)) from.push_back(first + place);
    const std::string suffix = ".row" + std::to_string(rows.size());
    rows.push_back(e.layout(input).map ? e.part(n, "Flatten", suffix, {Exporter::value(input)})
                                       : Exporter::value(input));
  }
  std::string row = rows.front();
  if (rows.size() > 1) {
    row = e.part(n, "Concat", ".joined", rows);
    e.model.operations.back().attributes["axis"] = of_integer(1);
  }
  if (std::find(table.from.begin(), table.from.end(), -1) != table.from.end())
    row = e.part(n, "Pad", ".filled",
                 {row, e.constant(e.node(n).name + ".pads", integers_array({0, 0, 0, 1})),
                  e.constant(e.node(n).name + ".fill", floats_array({}, {table.fill}))});
  std::vector<std::int64_t> own(table.from.size());
  const std::vector<std::int64_t> to = file_places(e, n);
  for (std::size_t i = 0; i < own.size(); ++i) {
    const int place = table.from[i];
    own[static_cast<std::size_t>(to[i])] =
        place < 0 ? static_cast<std::int64_t>(from.size()) : from[static_cast<std::size_t>(place)];
  }
  if (e.layout(n).map) {
    const MapShape& s = e.node(n).shape;
    const std::string taken = columns_of(e, n, row, {".taken", own});
    e.last_part(n, "Reshape",
                {taken, e.constant(e.node(n).name + ".shape",
                                   integers_array({0, s.channels, s.height, s.width}))});
    return;
  }
  e.last_part(n, "Gather", {row, e.constant(e.node(n).name + ".places", integers_array(own))})
      .attributes["axis"] = of_integer(1);
}

void export_matrix_product(Exporter& e, int n) {
  std::vector<std::string> operands;
  for (const int input : e.node(n).inputs)
    operands.push_back(turned(e, n, map_value(e, n, input),
                              {".operand" + std::to_string(operands.size()), channels_last}));
  finish_turned(e, n, e.part(n, "MatMul", ".product", operands));
}

/// One matrix for the rows and one for the columns.
void export_resize(Exporter& e, int n) {
  const ResizeTable& table = *e.node(n).resize;
  const MapShape& in = e.node(e.node(n).inputs.front()).shape;
  const auto matrix = [](const ResizeAxis& axis, int size, bool across) {
    const auto out = static_cast<std::int64_t>(axis.size());
    Array m = floats_array(
        across ? std::vector<std::int64_t>{size, out} : std::vector<std::int64_t>{out, size},
        std::vector<float>(axis.size() * static_cast<std::size_t>(size), 0.0f));
    for (std::int64_t p = 0; p < out; ++p)
      for (const ResizeTap& tap : axis[static_cast<std::size_t>(p)])
        m.floats[static_cast<std::size_t>(across ? tap.from * out + p : p * size + tap.from)] +=
            tap.weight;
    return m;
  };
  const std::string name = e.node(n).name;
  const std::string rows =
      e.part(n, "MatMul", ".rows",
             {e.constant(name + ".row_weights", matrix(table.rows, in.height, false)),
              map_value(e, n, e.node(n).inputs.front())});
  e.last_part(n, "MatMul",
              {rows, e.constant(name + ".column_weights", matrix(table.columns, in.width, true))});
}

void export_group_norm(Exporter& e, int n) {
  const Node& own = e.node(n);
  const std::string cut =
      e.part(n, "Reshape", ".groups",
             {map_value(e, n, own.inputs.front()),
              e.constant(own.name + ".group_shape", integers_array({0, own.groups, -1}))});
  const auto groups = static_cast<std::size_t>(own.groups);
  const std::string plain = e.part(
      n, "InstanceNormalization", ".normal",
      {cut,
       e.constant(own.name + ".ones", floats_array({own.groups}, std::vector<float>(groups, 1.0f))),
       e.constant(own.name + ".zeros",
                  floats_array({own.groups}, std::vector<float>(groups, 0.0f)))});
  e.model.operations.back().attributes["epsilon"] = of_float(own.epsilon);
  scale_and_shift(e, n, unflattened(e, n, plain, ".whole"));
}

void export_layer_norm(Exporter& e, int n) {
  const Node& own = e.node(n);
  const auto channels = static_cast<std::int64_t>(e.norm(n).scale.value.size());
  std::vector<std::string> inputs{
      Exporter::value(own.inputs.front()),
      e.constant(own.name + ".weight", floats_array({channels}, e.norm(n).scale.value)),
      e.constant(own.name + ".bias", floats_array({channels}, e.norm(n).shift.value))};
  const auto attributes = [&] {
    e.model.operations.back().attributes["axis"] = of_integer(-1);
    e.model.operations.back().attributes["epsilon"] = of_float(own.epsilon);
  };
  if (!e.layout(n).map) {
    require(in_order(e, n), "cannot write '{}' as ONNX (it normalises a flattened map)", own.name);
    e.last_part(n, "LayerNormalization", inputs);
    return attributes();
  }
  inputs[0] = turned(e, n, inputs[0], {".turned", channels_last});
  const std::string normal = e.part(n, "LayerNormalization", ".normal", inputs);
  attributes();
  finish_turned(e, n, normal);
}

/// Heads of (channels, positions): softmax(q^T k / sqrt(width)), then v times its transpose.
void export_attention(Exporter& e, int n) {
  const Node& own = e.node(n);
  const std::int64_t heads = own.groups, width = own.shape.channels / heads;
  const std::vector<std::int64_t> swapped{0, 1, 3, 2};
  const std::string shape =
      e.constant(own.name + ".head_shape", integers_array({0, heads, width, -1}));
  const auto head = [&](std::size_t i, const char* suffix) {
    return e.part(n, "Reshape", suffix, {map_value(e, n, own.inputs[i]), shape});
  };
  const std::string q = head(0, ".query"), k = head(1, ".key"), v = head(2, ".value");
  const std::string scores =
      e.part(n, "MatMul", ".scores", {turned(e, n, q, {".query_rows", swapped}), k});
  const auto factor = static_cast<float>(1 / std::sqrt(static_cast<double>(width)));
  const std::string scaled = e.part(
      n, "Mul", ".scaled", {scores, e.constant(own.name + ".factor", floats_array({}, {factor}))});
  const std::string weights = e.part(n, "Softmax", ".weights", {scaled});
  e.model.operations.back().attributes["axis"] = of_integer(-1);
  const std::string sum =
      e.part(n, "MatMul", ".sum", {v, turned(e, n, weights, {".weight_columns", swapped})});
  const MapShape& s = own.shape;
  e.last_part(
      n, "Reshape",
      {sum, e.constant(own.name + ".shape", integers_array({0, s.channels, s.height, s.width}))});
}

void export_pair(Exporter& e, int n, const char* type) {
  const int first = e.node(n).inputs[0], second = e.node(n).inputs[1];
  if (e.layout(first) == e.layout(second)) {
    e.operation(n, type);
    return;
  }
  if (e.node(first).shape.size() != e.node(second).shape.size()) {  // a gate of rows
    e.last_part(n, type, {Exporter::value(first), map_value(e, n, second)});
    return;
  }
  std::string other = Exporter::value(second);
  if (e.layout(second).map) other = e.part(n, "Flatten", ".row", {other});
  const std::vector<std::int64_t> from = file_places(e, second), to = file_places(e, first);
  std::vector<std::int64_t> columns(to.size());
  for (std::size_t i = 0; i < to.size(); ++i) columns[static_cast<std::size_t>(to[i])] = from[i];
  other = columns_of(e, n, other, {".ordered", columns});
  if (e.layout(first).map) other = unflattened(e, n, other, ".whole");
  e.last_part(n, type, {Exporter::value(first), other});
}

}  // namespace lightloom::nn::onnx
