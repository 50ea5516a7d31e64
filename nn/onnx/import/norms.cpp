#include <algorithm>

#include "nn/onnx/import/handlers.hpp"

namespace lightloom::nn::onnx {
namespace {

using Dims = std::vector<std::int64_t>;

std::vector<float> filled(std::size_t size, float value) { return std::vector<float>(size, value); }

NormValues without_statistics(std::vector<float> scale, std::vector<float> shift) {
  const std::size_t size = scale.size();
  return {std::move(scale), std::move(shift), filled(size, 0), filled(size, 1)};
}

Dims sides_of(const Changing& x) { return {x.dims.begin() + 2, x.dims.end()}; }

void batch_norm(Translation& t, const Operation& o) {
  if (integer(o, "training_mode", 0) != 0) throw Unsupported(o, "training mode");
  const Changing x = t.applied(t.viewed(o, 0));
  const std::int64_t channels = x.dims.size() > 1 ? x.dims[1] : 0;
  NormValues values{t.floats(o, 1, channels), t.floats(o, 2, channels), t.floats(o, 3, channels),
                    t.floats(o, 4, channels)};
  const Changing map = as_map(t, o, x);
  const int node = t.builder.batch_norm(t.layer_name(o), map.node, real(o, "epsilon", 1e-5));
  t.imported.norms[node] = std::move(values);
  t.result(o, of_map(t, node, sides_of(x)));
}

void layer_norm(Translation& t, const Operation& o) {
  const Changing x = t.applied(t.viewed(o, 0));
  const auto rank = static_cast<std::int64_t>(x.dims.size());
  const std::int64_t given = integer(o, "axis", -1), axis = given < 0 ? given + rank : given;
  if (axis < 1 || axis >= rank) throw Unsupported(o, "an axis that is not within an image");
  std::int64_t size = 1;
  for (std::int64_t a = axis; a < rank; ++a) size *= x.dims[static_cast<std::size_t>(a)];
  const auto count = static_cast<std::size_t>(size);
  NormValues values = without_statistics(t.floats(o, 1, size),
                                         t.has(o, 2) ? t.floats(o, 2, size) : filled(count, 0));
  t.result(o, by_rows(t, x, static_cast<std::size_t>(rank - axis), [&](int rows) {
             const int node = t.builder.layer_norm(t.layer_name(o), rows, real(o, "epsilon", 1e-5));
             t.imported.norms[node] = std::move(values);
             return node;
           }));
}

/// Every number `times` times.
std::vector<float> repeated(const std::vector<float>& numbers, std::size_t times) {
  std::vector<float> out;
  for (const float number : numbers) out.insert(out.end(), times, number);
  return out;
}

void group_norm(Translation& t, const Operation& o) {
  const Changing x = t.applied(t.viewed(o, 0));
  const std::int64_t groups = integer(o, "num_groups", 0);
  const std::int64_t channels = x.dims.size() > 1 ? x.dims[1] : 0;
  if (groups < 1 || channels < 1 || channels % groups != 0)
    throw Unsupported(o, "groups that do not divide");
  const bool each = t.fixed(o, 1).size() == channels;  // else one number per group (opset 18)
  const std::int64_t given = each ? channels : groups;
  const auto times = static_cast<std::size_t>(channels / given);
  const Changing map = as_map(t, o, x);
  const int node = t.builder.group_norm(t.layer_name(o), map.node, static_cast<int>(groups),
                                        real(o, "epsilon", 1e-5));
  t.imported.norms[node] = without_statistics(repeated(t.floats(o, 1, given), times),
                                              repeated(t.floats(o, 2, given), times));
  t.result(o, of_map(t, node, sides_of(x)));
}

/// Whether the groups of x, its second axis, are consecutive channels of a whole map: how exporters
/// write group normalisation.
bool groups_of_map(const Translation& t, const Changing& x) {
  const MapShape& stored = t.builder.shape(x.node);
  return x.dims.size() == 3 && stored.channels % x.dims[1] == 0 && x.dims[0] == t.images() &&
         t.places(x) == map_places(stored);
}

void instance_norm(Translation& t, const Operation& o) {
  const Changing x = t.applied(t.viewed(o, 0));
  const std::int64_t channels = x.dims.size() > 1 ? x.dims[1] : 0;
  const std::vector<float> scale = t.floats(o, 1, channels), shift = t.floats(o, 2, channels);
  const double epsilon = real(o, "epsilon", 1e-5);
  if (groups_of_map(t, x)) {
    const auto times = static_cast<std::size_t>(t.builder.shape(x.node).channels / channels);
    const int node =
        t.builder.group_norm(t.layer_name(o), x.node, static_cast<int>(channels), epsilon);
    t.imported.norms[node] = without_statistics(repeated(scale, times), repeated(shift, times));
    return t.result(o, t.at(node, x.dims, t.places(x)));
  }
  const Changing map = as_map(t, o, x);
  const int node =
      t.builder.group_norm(t.layer_name(o), map.node, static_cast<int>(channels), epsilon);
  t.imported.norms[node] = without_statistics(scale, shift);
  t.result(o, of_map(t, node, sides_of(x)));
}

/// A chain of operations read from its end.
const Operation* made_by(const Translation& t, const std::string& name, const char* type) {
  const Operation* maker = t.maker(name);
  return maker != nullptr && maker->type == type ? maker : nullptr;
}

/// The name of x if `o` is its mean over the last axis, kept.
std::string mean_of(const Translation& t, const Operation* o, std::size_t rank) {
  if (o == nullptr || integer(*o, "keepdims", 1) == 0) return {};
  const Dims axes = t.has(*o, 1) ? t.fixed(*o, 1).integers : integers(*o, "axes", {});
  const bool last = axes == Dims{-1} || axes == Dims{static_cast<std::int64_t>(rank) - 1};
  return last ? input_of(*o, 0) : std::string{};
}

bool is_square_of(const Translation& t, const std::string& name, const std::string& of) {
  if (const Operation* power = made_by(t, name, "Pow")) {
    const Array* exponent = std::get_if<Array>(&t.value(*power, 1));
    const bool two = exponent != nullptr && exponent->size() == 1 &&
                     (exponent->integer() ? exponent->integers[0] == 2 : exponent->floats[0] == 2);
    return two && input_of(*power, 0) == of;
  }
  const Operation* times = made_by(t, name, "Mul");
  return times != nullptr && input_of(*times, 0) == of && input_of(*times, 1) == of;
}

}  // namespace

/// (x - mean) / sqrt(mean((x - mean)^2) + epsilon), all means over the last axis.
bool is_spelt_layer_norm(Translation& t, const Operation& o) {
  const Operation* less = made_by(t, input_of(o, 0), "Sub");
  const Operation* root = made_by(t, input_of(o, 1), "Sqrt");
  const Operation* sum = root == nullptr ? nullptr : made_by(t, input_of(*root, 0), "Add");
  if (less == nullptr || sum == nullptr || !std::holds_alternative<Changing>(t.value(*less, 0)))
    return false;
  const Changing x = t.viewed(*less, 0);
  const std::size_t rank = x.dims.size();
  if (mean_of(t, made_by(t, input_of(*less, 1), "ReduceMean"), rank) != input_of(*less, 0))
    return false;
  for (const std::size_t at : {0u, 1u}) {
    const auto* epsilon = std::get_if<Array>(&t.value(*sum, at));
    if (epsilon == nullptr || epsilon->size() != 1 || epsilon->integer()) continue;
    const std::string square = mean_of(t, made_by(t, input_of(*sum, 1 - at), "ReduceMean"), rank);
    if (square.empty() || !is_square_of(t, square, input_of(o, 0))) return false;
    const auto size = static_cast<std::size_t>(x.dims.back());
    t.result(o, by_rows(t, x, 1, [&](int rows) {
               const int node = t.builder.layer_norm(t.layer_name(o), rows, epsilon->floats[0]);
               t.imported.norms[node] = without_statistics(filled(size, 1), filled(size, 0));
               return node;
             }));
    return true;
  }
  return false;
}

void add_norms(Handlers& handlers) {
  handlers["BatchNormalization"] = batch_norm;
  handlers["LayerNormalization"] = layer_norm;
  handlers["GroupNormalization"] = group_norm;
  handlers["InstanceNormalization"] = instance_norm;
}

}  // namespace lightloom::nn::onnx
