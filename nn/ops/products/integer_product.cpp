#include "nn/ops/products/integer_product.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <map>

#include "nn/ops/products/product_calls.hpp"

namespace lightloom::nn {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;
using Type = memory::data_type;

constexpr int most_level = 127, most_input = 255;

/// What a number of a row is the `level` of, where `factor` is one; else nothing.
std::optional<int> level_of(float weight, float factor) {
  constexpr float roundings = 3e-7f;  // of the weight, the largest one and their quotient
  const float level = std::rint(weight / factor);
  const bool fits = std::abs(weight / factor - level) <= roundings * std::abs(level);
  return fits ? std::optional(static_cast<int>(level)) : std::nullopt;
}

bool take_levels(std::span<const float> row, float factor, std::span<std::int8_t> levels) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::optional<int> level = level_of(row[i], factor);
    if (!level) return false;
    levels[i] = static_cast<std::int8_t>(*level);
  }
  return true;
}

/// The levels of a row and their factor; 0: there is none.
float factor_of(std::span<const float> row, std::span<std::int8_t> levels) {
  if (std::all_of(row.begin(), row.end(), [](float w) { return w == 0; })) {
    std::fill(levels.begin(), levels.end(), std::int8_t{0});
    return 1;
  }
  float largest = 0;
  for (const float w : row) largest = std::max(largest, std::abs(w));
  for (int top = 1; top <= most_level; ++top) {
    const float factor = largest / static_cast<float>(top);
    if (factor >= std::numeric_limits<float>::min() && take_levels(row, factor, levels))
      return factor;
  }
  return 0;
}

memory::dims dims(std::initializer_list<memory::dim> sides) { return sides; }

/// [out, in/groups, kh, kw] row-major.
memory::desc plain_levels(const LayerShape& s) {
  const Tag tag = s.kind == LayerShape::Kind::linear ? Tag::ab
                  : s.groups > 1                     ? Tag::goihw
                                                     : Tag::oihw;
  return {onednn::dims_of(onednn::plain_weights(s)), Type::s8, tag};
}

memory::desc any_order(const memory::desc& plain) {
  return {onednn::dims_of(plain), Type::s8, Tag::any};
}

/// The primitive for a number of images, and the layouts of what it is given.
struct ByteCall {
  dnnl::primitive primitive;
  memory::desc x, weights, y;
};

ByteCall convolution_call(const LayerShape& s, int images) {
  using Forward = dnnl::convolution_forward;
  const memory::desc x(dims({images, s.in_channels, s.in_height, s.in_width}), Type::u8, Tag::nhwc);
  const memory::desc y(dims({images, s.out_channels, s.out_height, s.out_width}), Type::s32,
                       Tag::nhwc);
  const auto made = onednn::describe_forward<Forward>(
      {}, dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, x,
      any_order(plain_levels(s)), y, dims({s.stride.height, s.stride.width}),
      dims({s.dilation.height - 1, s.dilation.width - 1}), dims({s.padding.top, s.padding.left}),
      dims({s.padding.bottom, s.padding.right}));
  return {Forward(made), x, made.weights_desc(), y};
}

ByteCall linear_call(const LayerShape& s, int images) {
  using Forward = dnnl::inner_product_forward;
  const memory::desc x(dims({images, s.in_channels}), Type::u8, Tag::ab);
  const memory::desc y(dims({images, s.out_channels}), Type::s32, Tag::ab);
  const auto made = onednn::describe_forward<Forward>({}, dnnl::prop_kind::forward_inference, x,
                                                      any_order(plain_levels(s)), y);
  return {Forward(made), x, made.weights_desc(), y};
}

}  // namespace

std::optional<IntegerRows> integer_rows(std::span<const float> weights, int rows) {
  const auto count = static_cast<std::size_t>(rows);
  IntegerRows made{.levels = std::vector<std::int8_t>(weights.size()), .factors = {}};
  const std::size_t size = weights.size() / count;
  for (std::size_t r = 0; r < count; ++r) {
    const float factor =
        factor_of(weights.subspan(r * size, size), std::span(made.levels).subspan(r * size, size));
    if (factor == 0) return std::nullopt;
    made.factors.push_back(factor);
  }
  return made;
}

bool multiplies_bytes() {
  static const bool bytes =
      onednn::has(dnnl::cpu_isa::avx512_core_vnni) || onednn::has(dnnl::cpu_isa::avx2_vnni);
  return bytes;
}

bool sums_fit(const LayerShape& shape) {
  return std::int64_t{shape.matrix_columns()} * most_level * most_input <=
         std::numeric_limits<std::int32_t>::max();
}

struct IntegerProduct::Implementation {
  LayerShape shape;
  std::vector<std::int8_t> levels;
  std::optional<memory> packed;
  std::map<int, ByteCall> calls;  // by images

  const ByteCall& call_for(int images) {
    auto found = calls.find(images);
    if (found == calls.end()) {
      const bool linear = shape.kind == LayerShape::Kind::linear;
      found = calls
                  .emplace(images,
                           linear ? linear_call(shape, images) : convolution_call(shape, images))
                  .first;
    }
    return found->second;
  }

  const memory& weights_for(const memory::desc& wanted) {
    if (!packed || packed->get_desc() != wanted) {
      packed.emplace(wanted, onednn::engine());
      memory plain = onednn::view(plain_levels(shape), levels.data());
      dnnl::reorder(plain, *packed).execute(onednn::stream(), plain, *packed);
    }
    return *packed;
  }
};

IntegerProduct::IntegerProduct(const LayerShape& shape, std::span<const std::int8_t> levels)
    : own_(std::make_unique<Implementation>(
          Implementation{shape, {levels.begin(), levels.end()}, {}, {}})) {
  assert(static_cast<std::int64_t>(levels.size()) == shape.weights());
}
IntegerProduct::~IntegerProduct() = default;
IntegerProduct::IntegerProduct(IntegerProduct&&) noexcept = default;
IntegerProduct& IntegerProduct::operator=(IntegerProduct&&) noexcept = default;

void IntegerProduct::forward(std::span<const std::uint8_t> x, int images,
                             std::span<std::int32_t> sums) {
  const ByteCall& call = own_->call_for(images);
  call.primitive.execute(onednn::stream(), {{DNNL_ARG_SRC, onednn::view(call.x, x.data())},
                                            {DNNL_ARG_WEIGHTS, own_->weights_for(call.weights)},
                                            {DNNL_ARG_DST, onednn::view(call.y, sums.data())}});
}

}  // namespace lightloom::nn
