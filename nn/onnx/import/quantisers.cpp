// Quantised networks as they are written today: QuantizeLinear and DequantizeLinear around the
// operators (QDQ), and Quant of QONNX. A changing value that is rounded to integers keeps the
// numbers that these stand for, so that everything between goes on as without.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "nn/onnx/import/handlers.hpp"
#include "nn/ops/quantise.hpp"

namespace lightloom::nn::onnx {
namespace {

float scale_of(Translation& t, const Operation& o, std::size_t input) {
  const Array& scale = t.fixed(o, input);
  if (scale.integer() || scale.floats.empty() ||
      std::any_of(scale.floats.begin(), scale.floats.end(),
                  [&](float one) { return one != scale.floats.front(); }))
    throw Unsupported(o, "a scale per channel of changing values (only constants have one)");
  if (!(scale.floats.front() > 0) || !std::isfinite(scale.floats.front()))
    throw Unsupported(o, fmt::format("a scale of {}", scale.floats.front()));
  return scale.floats.front();
}

std::int64_t only(const Operation& o, const Array& zero) {
  for (const std::int64_t one : zero.integers)
    if (one != zero.integers.front()) throw Unsupported(o, "a zero point per channel");
  const std::int64_t point = zero.integers.empty() ? 0 : zero.integers.front();
  if (point < -(1 << 30) || point > 1 << 30) throw Unsupported(o, "this zero point");
  return point;
}

/// The integers of the zero point's type, or of the attribute, or bytes.
ElementType type_of(Translation& t, const Operation& o) {
  if (t.has(o, 2)) return t.fixed(o, 2).type;
  const std::int64_t type = integer(o, "output_dtype", 0);
  return type == 0 ? ElementType::uint8 : static_cast<ElementType>(type);
}

/// The elements in any order, a fill with them.
Changing rounded(Translation& t, const Changing& x, const FixedQuantiser& how) {
  Changing out = t.applied(x);
  out.node = t.builder.quantise(out.node, how);
  out.fill = quantised(out.fill, how);
  return out;
}

void quantise_linear(Translation& t, const Operation& o) {
  Changing x = t.coded(o, 0);
  if (x.coded) throw Unsupported(o, "rounding integers again");
  const ElementType type = type_of(t, o);
  if (!is_integer(type)) throw Unsupported(o, "rounding to " + name_of(type));
  if (integer(o, "block_size", 0) != 0) throw Unsupported(o, "blocks of changing values");
  const Coding coding{scale_of(t, o, 1), t.has(o, 2) ? only(o, t.fixed(o, 2)) : 0};
  const std::int64_t most = 1 << 30;  // more levels than a float tells apart
  x = rounded(t, x,
              {.scale = coding.scale,
               .zero = static_cast<std::int32_t>(coding.zero),
               .low = static_cast<std::int32_t>(std::max(lowest(type), -most)),
               .high = static_cast<std::int32_t>(std::min(highest(type), most))});
  x.coded = coding;
  t.result(o, std::move(x));
}

void dequantise_linear(Translation& t, const Operation& o) {
  Changing x = t.coded(o, 0);
  if (!x.coded) throw Unsupported(o, "integers that no QuantizeLinear made");
  const Coding coding{scale_of(t, o, 1), t.has(o, 2) ? only(o, t.fixed(o, 2)) : 0};
  if (coding != *x.coded)
    throw Unsupported(o, "another scale or zero point than its QuantizeLinear has");
  x.coded.reset();
  t.result(o, std::move(x));
}

/// QONNX: integers of any width, as the numbers they stand for.
void quant(Translation& t, const Operation& o) {
  Changing x = t.coded(o, 0);
  const Array &zero = t.fixed(o, 2), &width = t.fixed(o, 3);
  const bool numbers = zero.floats.size() == 1 && width.floats.size() == 1;
  const double point = numbers ? zero.floats[0] : NAN, bits = numbers ? width.floats[0] : NAN;
  if (x.coded || point != std::rint(point) || std::abs(point) > 0x1p24 ||
      !(bits >= 1 && bits <= 24) || bits != std::rint(bits) ||
      text(o, "rounding_mode", "ROUND") != "ROUND")
    throw Unsupported(o,
                      "this zero point, width or rounding mode (whole numbers, 1 to 24 bits and "
                      "ROUND are)");
  const bool sign = integer(o, "signed", 1) != 0, narrow = integer(o, "narrow", 0) != 0;
  const auto levels = std::int32_t{1} << static_cast<int>(bits);
  const std::int32_t low = sign ? -levels / 2 + narrow : 0;
  const std::int32_t high = sign ? levels / 2 - 1 : levels - 1 - narrow;
  x = rounded(t, x,
              {.scale = scale_of(t, o, 1),
               .zero = static_cast<std::int32_t>(point),
               .low = low,
               .high = high});
  t.result(o, std::move(x));
}

}  // namespace

void add_quantisers(Handlers& handlers) {
  handlers["QuantizeLinear"] = quantise_linear;
  handlers["DequantizeLinear"] = dequantise_linear;
  for (const char* name : {"qonnx.custom_op.general.Quant", "onnx.brevitas.Quant",
                           "finn.custom_op.general.Quant", "qonnx.custom_op.general.IntQuant"})
    handlers[name] = quant;
}

}  // namespace lightloom::nn::onnx
