#include <algorithm>

#include "nn/onnx/import/handlers.hpp"
#include "nn/onnx/translation/numbers.hpp"

namespace lightloom::nn::onnx {
namespace {

using Dims = std::vector<std::int64_t>;

/// Axes of a reduction, all of them by default.
std::vector<bool> reduced_axes(Translation& t, const Operation& o, std::size_t rank) {
  const Dims given = t.has(o, 1) ? t.fixed(o, 1).integers : integers(o, "axes", {});
  if (given.empty()) throw Unsupported(o, "all axes at once");
  std::vector<bool> gone(rank, false);
  for (const std::int64_t axis : given) gone[axis_in(o, axis, rank)] = true;
  return gone;
}

bool reduces_nothing(Translation& t, const Operation& o) {
  const Dims given = t.has(o, 1) ? t.fixed(o, 1).integers : integers(o, "axes", {});
  return given.empty() && integer(o, "noop_with_empty_axes", 0) != 0;
}

/// What a reduction keeps (`kept`) and what it takes together, (kept..., reduced...) in order.
struct Reduced {
  Dims order, dims;  // order: reduced axes first
  std::int64_t count = 1;
};

Reduced reduced(const Operation& o, const Changing& x, const std::vector<bool>& gone) {
  Reduced out;
  const bool keep = integer(o, "keepdims", 1) != 0;
  for (std::size_t a = 0; a < gone.size(); ++a) {
    if (gone[a]) {
      out.count *= x.dims[a];
      if (keep) out.dims.push_back(1);
      continue;
    }
    out.dims.push_back(x.dims[a]);
  }
  if (gone[0]) throw Unsupported(o, "a reduction over the images");
  out.order.push_back(0);
  for (const bool which : {true, false})
    for (std::size_t a = 1; a < gone.size(); ++a)
      if (gone[a] == which) out.order.push_back(static_cast<std::int64_t>(a));
  return out;
}

Function before(const std::string& type) {
  if (type == "ReduceL2" || type == "ReduceSumSquare")
    return composed(Function::Code::multiply, argument(), argument());
  if (type == "ReduceL1") return composed(Function::Code::absolute, argument());
  if (type == "ReduceMin") return composed(Function::Code::negate, argument());
  return argument();
}

/// Of the mean of `count` numbers, or of their maximum.
Function behind(const std::string& type, std::int64_t count) {
  if (type == "ReduceMin") return composed(Function::Code::negate, argument());
  if (type == "ReduceMean" || type == "ReduceMax") return argument();
  const Function total =
      composed(Function::Code::multiply, argument(), constant(static_cast<float>(count)));
  return type == "ReduceL2" ? composed(Function::Code::root, total) : total;
}

/// The reduction of a value whose first axis counts images.
Changing reduced_value(Translation& t, const std::string& type, const Changing& turn,
                       const Reduced& r) {
  const int kept = static_cast<int>(size_of(turn.dims) / t.images() / r.count);
  const MapShape stored = t.builder.shape(turn.node);
  const bool whole_map = stored.channels == kept && is_counting(t.places(turn));
  const MapShape lines = whole_map ? stored : MapShape{1, static_cast<int>(r.count), kept};
  const int rows = t.gathered(turn, lines, t.places(turn));
  const bool largest = type == "ReduceMax" || type == "ReduceMin";
  const int node = largest
                       ? t.builder.max_pool(rows, {.height = lines.height, .width = lines.width})
                       : t.builder.global_pool(rows);
  return t.at(node, r.dims, counting(kept));
}

/// Whether the last axes alone are gone.
bool only_last(const std::vector<bool>& gone) { return std::is_sorted(gone.begin(), gone.end()); }

void reduce(Translation& t, const Operation& o) {
  Changing x = t.applied(t.viewed(o, 0));
  if (reduces_nothing(t, o)) return t.result(o, x);
  if (const Function f = before(o.type); !f.steps.empty()) {
    x.function = std::make_shared<const Function>(f);
    x = t.applied(x);
  }
  const std::vector<bool> gone = reduced_axes(t, o, x.dims.size());
  const Reduced r = reduced(o, x, gone);
  Changing out;
  if (x.scattered == nullptr && x.dims[0] == t.images()) {
    out = reduced_value(t, o.type, turned(t, o, x, r.order), r);
  } else {
    if (!only_last(gone)) throw Unsupported(o, "a first axis that does not count images");
    const Grouped rows = grouped(t, x, r.count);
    const Reduced last{{0, 2, 1}, {t.images(), rows.value.dims[1], 1}, r.count};
    const Changing turn = turned(t, o, rows.value, last.order);
    out = ungrouped(t, rows, reduced_value(t, o.type, turn, last), r.dims);
  }
  if (const Function f = behind(o.type, r.count); !f.steps.empty())
    out.function = std::make_shared<const Function>(f);
  t.result(o, out);
}

}  // namespace

void add_reductions(Handlers& handlers) {
  for (const char* type : {"ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL1",
                           "ReduceL2", "ReduceSumSquare"})
    handlers[type] = reduce;
}

}  // namespace lightloom::nn::onnx
