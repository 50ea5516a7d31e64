#include <algorithm>
#include <numeric>

#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/import/handlers.hpp"
#include "nn/onnx/translation/numbers.hpp"
#include "nn/ops/function_steps.hpp"

namespace lightloom::nn::onnx {
namespace {

using Code = Function::Code;
using Dims = std::vector<std::int64_t>;

FunctionPointer shared(Function f) { return std::make_shared<const Function>(std::move(f)); }
FunctionPointer negation() { return shared(composed(Code::negate, argument())); }
FunctionPointer inverse() { return shared(composed(Code::divide, constant(1), argument())); }

/// The value after a function of its own.
Changing after(Translation& t, Changing x, FunctionPointer function) {
  x = t.applied(std::move(x));
  x.fill = value_of(*function, x.fill);
  x.function = std::move(function);
  return t.applied(std::move(x));
}

}  // namespace

Dims joint_dims(const Operation& o, const Dims& a, const Dims& b) {
  Dims joint(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < joint.size(); ++i) {
    const auto side = [&](const Dims& d) {
      const std::size_t missing = joint.size() - d.size();
      return i < missing ? std::int64_t{1} : d[i - missing];
    };
    if (side(a) != side(b) && side(a) != 1 && side(b) != 1)
      throw Unsupported(o, "operands whose shapes do not fit");
    joint[i] = side(a) == 1 ? side(b) : side(a);
  }
  return joint;
}

Changing expanded(const Translation& t, const Operation& o, const Changing& x, const Dims& dims) {
  if (x.dims == dims) return x;
  if (size_of(dims) > most_elements) throw Unsupported(o, "a value of this size");
  const Numbers numbers = numbers_of(t, x);
  // Row by row: the index in x of every element of the joint dimensions.
  const std::size_t missing = dims.size() - x.dims.size();
  Dims strides(dims.size(), 0);
  std::int64_t step = 1;
  for (std::size_t i = x.dims.size(); i-- > 0;) {
    strides[i + missing] = x.dims[i] == 1 ? 0 : step;
    step *= x.dims[i];
  }
  Numbers out(static_cast<std::size_t>(size_of(dims)));
  Dims index(dims.size(), 0);
  for (std::int64_t& number : out) {
    std::int64_t from = 0;
    for (std::size_t a = 0; a < dims.size(); ++a) from += index[a] * strides[a];
    number = numbers[static_cast<std::size_t>(from)];
    for (std::size_t a = dims.size(); a-- > 0;) {
      if (++index[a] < dims[a]) break;
      index[a] = 0;
    }
  }
  return arranged(t, x, dims, std::move(out));
}

Changing on(Changing x, int node) {
  x.node = node;
  return x;
}

namespace {

/// Two values with one place for every element of both, in the order of the first.
struct Pair {
  Changing left;
  int right;
};

/// Whether every element of the node is one of the value, once, in every image.
bool covers_node(const Translation& t, const Numbers& numbers, std::int64_t each) {
  std::vector<bool> found(static_cast<std::size_t>(each * t.images()), false);
  for (const std::int64_t number : numbers) {
    if (number == 0 || found[static_cast<std::size_t>(number - 1)]) return false;
    found[static_cast<std::size_t>(number - 1)] = true;
  }
  return numbers.size() == found.size();
}

Pair paired(Translation& t, const Operation& o, Changing a, Changing b) {
  const Dims dims = joint_dims(o, a.dims, b.dims);
  a = t.applied(expanded(t, o, a, dims));
  b = t.applied(expanded(t, o, b, dims));
  if (!covers_node(t, numbers_of(t, a), t.builder.shape(a.node).size())) a = t.settled(a);
  const MapShape shape = t.builder.shape(a.node);
  const std::int64_t each = shape.size(), other = t.builder.shape(b.node).size();
  const Numbers to = numbers_of(t, a), from = numbers_of(t, b);
  std::vector<int> table(static_cast<std::size_t>(each), -2);
  for (std::size_t i = 0; i < to.size(); ++i) {
    const std::int64_t image = (to[i] - 1) / each;
    const int place = from[i] == 0 ? -1 : static_cast<int>(from[i] - 1 - image * other);
    int& own = table[static_cast<std::size_t>((to[i] - 1) % each)];
    if (place < -1 || place >= other || (own != -2 && own != place))
      throw Unsupported(o, "values of different images");
    own = place;
  }
  return {a, t.gathered(b, shape, table)};
}

/// One number per channel of every image times a map: nothing need be repeated.
bool is_gate(const Translation& t, const Changing& g, const Changing& x) {
  const auto usual_map = [&](const Changing& v) {
    return v.dims.size() == 4 && v.dims[0] == t.images() && v.order == nullptr &&
           v.scattered == nullptr && t.builder.shape(v.node) == usual_shape(v.dims, t.images());
  };
  return usual_map(g) && usual_map(x) && g.dims[1] == x.dims[1] && g.dims[2] == 1 &&
         g.dims[3] == 1 && (x.dims[2] > 1 || x.dims[3] > 1);
}

Changing sum_of(Translation& t, const Operation& o, const Changing& a, const Changing& b) {
  const Pair p = paired(t, o, size_of(a.dims) >= size_of(b.dims) ? a : b,
                        size_of(a.dims) >= size_of(b.dims) ? b : a);
  return on(p.left, t.builder.add(p.left.node, p.right));
}

Changing product_of(Translation& t, const Operation& o, Changing a, Changing b) {
  a = t.applied(a);
  b = t.applied(b);
  if (is_gate(t, a, b)) std::swap(a, b);
  if (is_gate(t, b, a)) return on(a, t.builder.multiply(a.node, b.node));
  if (size_of(a.dims) < size_of(b.dims)) std::swap(a, b);
  const Pair p = paired(t, o, a, b);
  return on(p.left, t.builder.multiply(p.left.node, p.right));
}

/// The constant among two operands, or null; `at` its place.
const Array* constant_of(Translation& t, const Operation& o, std::size_t& at) {
  for (at = 0; at < 2; ++at)
    if (std::holds_alternative<Array>(t.value(o, at))) return &t.fixed(o, at);
  return nullptr;
}

Array with_each(const Array& array, float (*f)(float)) {
  Array out = array;
  for (float& value : out.floats) value = f(value);
  return out;
}

void add(Translation& t, const Operation& o) {
  if (is_function(t, o)) return;
  std::size_t at = 0;
  if (const Array* array = constant_of(t, o, at))
    return t.result(o, shifted(t, o, t.viewed(o, 1 - at), *array));
  t.result(o, sum_of(t, o, t.viewed(o, 0), t.viewed(o, 1)));
}

void subtract(Translation& t, const Operation& o) {
  if (is_function(t, o)) return;
  std::size_t at = 0;
  const Array* array = constant_of(t, o, at);
  if (array != nullptr && at == 1)
    return t.result(o,
                    shifted(t, o, t.viewed(o, 0), with_each(*array, [](float v) { return -v; })));
  const Changing minus = after(t, t.viewed(o, 1), negation());
  if (array != nullptr) return t.result(o, shifted(t, o, minus, *array));
  t.result(o, sum_of(t, o, t.viewed(o, 0), minus));
}

void multiply(Translation& t, const Operation& o) {
  if (is_function(t, o)) return;
  std::size_t at = 0;
  if (const Array* array = constant_of(t, o, at))
    return t.result(o, scaled(t, o, t.viewed(o, 1 - at), *array));
  t.result(o, product_of(t, o, t.viewed(o, 0), t.viewed(o, 1)));
}

void divide(Translation& t, const Operation& o) {
  if (is_function(t, o) || is_spelt_layer_norm(t, o)) return;
  std::size_t at = 0;
  const Array* array = constant_of(t, o, at);
  if (array != nullptr && at == 1) {
    if (std::find(array->floats.begin(), array->floats.end(), 0.0f) != array->floats.end())
      throw Unsupported(o, "a division by zero");
    return t.result(o,
                    scaled(t, o, t.viewed(o, 0), with_each(*array, [](float v) { return 1 / v; })));
  }
  const Changing one_over = after(t, t.viewed(o, 1), inverse());
  if (array != nullptr) return t.result(o, scaled(t, o, one_over, *array));
  t.result(o, product_of(t, o, t.viewed(o, 0), one_over));
}

void sum(Translation& t, const Operation& o) {
  const auto constant = [&](std::size_t i) { return std::holds_alternative<Array>(t.value(o, i)); };
  std::size_t first = 0;  // that changes: constants alone are folded before
  while (constant(first)) ++first;
  Changing all = t.viewed(o, first);
  for (std::size_t i = 0; i < o.inputs.size(); ++i) {
    if (i == first) continue;
    all = constant(i) ? shifted(t, o, all, t.fixed(o, i)) : sum_of(t, o, all, t.viewed(o, i));
  }
  t.result(o, std::move(all));
}

void only_functions(Translation& t, const Operation& o) {
  if (!is_function(t, o)) throw Unsupported(o, "operands that are not one value and one number");
}

/// max(a, b) = b + max(a - b, 0), min(a, b) = b + min(a - b, 0), of values and constants in turn.
void extreme(Translation& t, const Operation& o) {
  if (is_function(t, o)) return;
  const auto constant = [&](std::size_t i) { return std::holds_alternative<Array>(t.value(o, i)); };
  const FunctionPointer half = shared(
      composed(o.type == "Max" ? Code::maximum : Code::minimum, argument(), nn::constant(0)));
  std::size_t first = 0;  // that changes: constants alone are folded before
  while (constant(first)) ++first;
  Changing all = t.viewed(o, first);
  for (std::size_t i = 0; i < o.inputs.size(); ++i) {
    if (i == first) continue;
    if (constant(i)) {
      const Array& bound = t.fixed(o, i);
      const Array minus = with_each(bound, [](float v) { return -v; });
      all = shifted(t, o, after(t, shifted(t, o, all, minus), half), bound);
      continue;
    }
    const Changing other = t.viewed(o, i);
    all = sum_of(t, o, after(t, sum_of(t, o, all, after(t, other, negation())), half), other);
  }
  t.result(o, std::move(all));
}

/// max(x, 0) + slope min(x, 0), the slope a number or one per channel.
void parametric(Translation& t, const Operation& o) {
  const Changing x = t.applied(t.viewed(o, 0));
  const Array& slope = t.fixed(o, 1);
  const auto half = [&](Code code) { return shared(composed(code, argument(), constant(0))); };
  if (slope.size() == 1 && !slope.integer()) {
    Changing y = x;
    y.function = shared(composed(Code::add, composed(Code::maximum, argument(), constant(0)),
                                 composed(Code::multiply, constant(slope.floats.front()),
                                          composed(Code::minimum, argument(), constant(0)))));
    return t.result(o, y);
  }
  const Changing below = scaled(t, o, after(t, x, half(Code::minimum)), slope);
  t.result(o, sum_of(t, o, below, after(t, x, half(Code::maximum))));
}

}  // namespace

void add_operands(Handlers& handlers) {
  handlers["Add"] = add;
  handlers["Sub"] = subtract;
  handlers["Mul"] = multiply;
  handlers["Div"] = divide;
  handlers["Sum"] = sum;
  handlers["Pow"] = only_functions;
  handlers["Max"] = extreme;
  handlers["Min"] = extreme;
  handlers["PRelu"] = parametric;
}

}  // namespace lightloom::nn::onnx
