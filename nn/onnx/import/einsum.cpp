#include <algorithm>
#include <numeric>

#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/import/handlers.hpp"

namespace lightloom::nn::onnx {
namespace {

using Dims = std::vector<std::int64_t>;

/// The axes of two operands and their sum, a letter each.
struct Letters {
  std::string left, right, out;
};

Letters letters_of(const Operation& o) {
  std::string equation = text(o, "equation", "");
  std::erase(equation, ' ');
  const std::size_t comma = equation.find(','), arrow = equation.find("->");
  const bool two = comma != std::string::npos && arrow != std::string::npos && comma < arrow &&
                   equation.find(',', comma + 1) == std::string::npos &&
                   equation.find('.') == std::string::npos;
  if (!two || o.inputs.size() != 2) throw Unsupported(o, "the equation '" + equation + "'");
  return {equation.substr(0, comma), equation.substr(comma + 1, arrow - comma - 1),
          equation.substr(arrow + 2)};
}

bool holds(const std::string& letters, char letter) {
  return letters.find(letter) != std::string::npos;
}

/// The letters by what a product of matrices makes of them: of all products, of rows, of the sums,
/// of columns.
struct Parts {
  std::string products, rows, sums, columns;
};

Parts parts_of(const Operation& o, const Letters& l) {
  Parts parts;
  for (const char letter : l.left) {
    if (holds(l.right, letter))
      (holds(l.out, letter) ? parts.products : parts.sums) += letter;
    else
      parts.rows += letter;
  }
  for (const char letter : l.right)
    if (!holds(l.left, letter)) parts.columns += letter;
  for (const char letter : parts.rows + parts.columns)
    if (!holds(l.out, letter)) throw Unsupported(o, "a sum over one operand alone");
  if (parts.products.size() + parts.rows.size() + parts.columns.size() != l.out.size())
    throw Unsupported(o, "an axis named twice");
  return parts;
}

/// x with its axes in the order of `to`.
Changing in_order(const Translation& t, const Operation& o, const Changing& x,
                  const std::pair<std::string, std::string>& how) {
  const auto& [from, to] = how;
  if (x.dims.size() != from.size()) throw Unsupported(o, "an operand of another rank");
  Dims order;
  for (const char letter : to) order.push_back(static_cast<std::int64_t>(from.find(letter)));
  Operation turn{
      .type = "Transpose", .name = o.name, .inputs = {"x"}, .outputs = {"y"}, .attributes = {}};
  turn.attributes["perm"] = {.integers = order, .list = true};
  return moved(t, turn, x);
}

std::int64_t sides(const Changing& x, std::size_t first, std::size_t count) {
  std::int64_t size = 1;
  for (std::size_t a = first; a < first + count; ++a) size *= x.dims[a];
  return size;
}

/// Sides behind the first axes of a value, in place of those that it has there.
struct NewSides {
  std::size_t kept = 0;
  Dims sides;
};

Changing reshaped(Translation& t, const Operation& o, const Changing& x, const NewSides& to) {
  Dims dims(to.kept, 0);  // as they are
  dims.insert(dims.end(), to.sides.begin(), to.sides.end());
  const std::string name = o.outputs.front() + "//" + std::to_string(to.kept) + " kept of " +
                           std::to_string(x.dims.size());
  const auto size = static_cast<std::int64_t>(dims.size());
  const Array shape{
      .dims = {size}, .floats = {}, .integers = std::move(dims), .type = ElementType::int64};
  t.result({.type = "Constant", .name = o.name, .inputs = {}, .outputs = {name}, .attributes = {}},
           shape);
  return moved(t,
               {.type = "Reshape",
                .name = o.name,
                .inputs = {"x", name},
                .outputs = {"y"},
                .attributes = {}},
               x);
}

/// Axes of a value and a constant: of the value alone, of the sums, of the constant alone.
struct ConstantParts {
  std::string kept, sums, rows;
};

ConstantParts constant_parts(const Operation& o, const std::string& value,
                             const std::string& constant, const std::string& out) {
  ConstantParts parts;
  for (const char letter : value) {
    const bool shared = holds(constant, letter);
    if (shared && holds(out, letter)) throw Unsupported(o, "a constant for every product");
    (shared ? parts.sums : parts.kept) += letter;
  }
  for (const char letter : constant)
    if (!holds(value, letter)) parts.rows += letter;
  for (const char letter : parts.kept + parts.rows)
    if (!holds(out, letter)) throw Unsupported(o, "a sum over one operand alone");
  if (parts.sums.empty() || parts.kept.size() + parts.rows.size() != out.size())
    throw Unsupported(o, "an outer product with a constant");
  return parts;
}

/// A constant with its axes in the order of `to`.
Array constant_in_order(const Translation& t, const Operation& o, const Array& constant,
                        const std::pair<std::string, std::string>& how) {
  const auto& [from, to] = how;
  if (constant.dims.size() != from.size()) throw Unsupported(o, "an operand of another rank");
  Dims order;
  for (const char letter : to) order.push_back(static_cast<std::int64_t>(from.find(letter)));
  Operation turn{
      .type = "Transpose", .name = o.name, .inputs = {"w"}, .outputs = {"y"}, .attributes = {}};
  turn.attributes["perm"] = {.integers = order, .list = true};
  return evaluate(turn, {&constant}, t.opset()).front();
}

/// A value times a constant: a linear layer over all of the value's own axes.
void constant_einsum(Translation& t, const Operation& o, const Letters& l, std::size_t constant) {
  const std::string& letters = constant == 0 ? l.right : l.left;
  const std::string& fixed = constant == 0 ? l.left : l.right;
  const ConstantParts p = constant_parts(o, letters, fixed, l.out);
  const Array weight = constant_in_order(t, o, t.fixed(o, constant), {fixed, p.rows + p.sums});
  Changing x = in_order(t, o, t.applied(t.viewed(o, 1 - constant)), {letters, p.kept + p.sums});
  const std::size_t kept = p.kept.size();
  const auto rows = static_cast<std::ptrdiff_t>(p.rows.size());
  if (!std::equal(x.dims.begin() + static_cast<std::ptrdiff_t>(kept), x.dims.end(),
                  weight.dims.begin() + rows, weight.dims.end()) ||
      weight.integer())
    throw Unsupported(o, "a constant that does not fit the value");
  if (p.sums.size() != 1) x = reshaped(t, o, x, {kept, {-1}});
  Changing y = linear_rows(t, o, x, {weight.floats, {}});
  if (rows != 1)
    y = reshaped(t, o, y, {kept, Dims(weight.dims.begin(), weight.dims.begin() + rows)});
  t.result(o, in_order(t, o, y, {p.kept + p.rows, l.out}));
}

void einsum(Translation& t, const Operation& o) {
  const Letters l = letters_of(o);
  for (const std::size_t operand : {0U, 1U})
    if (std::holds_alternative<Array>(t.value(o, operand)))
      return constant_einsum(t, o, l, operand);
  const Parts p = parts_of(o, l);
  const Changing left =
      in_order(t, o, t.applied(t.viewed(o, 0)), {l.left, p.products + p.rows + p.sums});
  const Changing right =
      in_order(t, o, t.applied(t.viewed(o, 1)), {l.right, p.products + p.sums + p.columns});
  const std::size_t count = p.products.size();
  if (!std::equal(left.dims.begin(), left.dims.begin() + static_cast<std::ptrdiff_t>(count),
                  right.dims.begin()))
    throw Unsupported(o, "matrices that do not fit");
  if (count == 0 || left.dims[0] % t.images() != 0) throw Unsupported(o, "a product over images");
  const auto products = static_cast<int>(sides(left, 0, count) / t.images()),
             rows = static_cast<int>(sides(left, count, p.rows.size())),
             sums = static_cast<int>(sides(right, count, p.sums.size())),
             columns = static_cast<int>(sides(right, count + p.sums.size(), p.columns.size()));
  const int node =
      t.builder.matrix_product(t.gathered(left, {products, rows, sums}, t.places(left)),
                               t.gathered(right, {products, sums, columns}, t.places(right)));
  Dims dims(left.dims.begin(),
            left.dims.begin() + static_cast<std::ptrdiff_t>(count + p.rows.size()));
  dims.insert(dims.end(), right.dims.end() - static_cast<std::ptrdiff_t>(p.columns.size()),
              right.dims.end());
  std::vector<int> places(static_cast<std::size_t>(t.builder.shape(node).size()));
  std::iota(places.begin(), places.end(), 0);
  t.result(o, in_order(t, o, t.at(node, dims, std::move(places)),
                       {p.products + p.rows + p.columns, l.out}));
}

}  // namespace

void add_einsum(Handlers& handlers) { handlers["Einsum"] = einsum; }

}  // namespace lightloom::nn::onnx
