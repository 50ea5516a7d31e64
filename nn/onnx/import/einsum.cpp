#include <algorithm>
#include <numeric>

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

void einsum(Translation& t, const Operation& o) {
  const Letters l = letters_of(o);
  const Parts p = parts_of(o, l);
  const Changing left =
      in_order(t, o, t.applied(t.viewed(o, 0)), {l.left, p.products + p.rows + p.sums});
  const Changing right =
      in_order(t, o, t.applied(t.viewed(o, 1)), {l.right, p.products + p.sums + p.columns});
  const std::size_t count = p.products.size();
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
