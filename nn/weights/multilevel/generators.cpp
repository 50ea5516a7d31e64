#include "nn/weights/multilevel/generators.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::nn {
namespace {

using SizesOf = LevelSizes (*)(const MultilevelCard&, const LayerShape&);
using BitsOf = FactorBits (*)(const SourceCard&);

const MultilevelCard& own(const SourceCard& card) { return card.settings.of<MultilevelCard>(); }

FactorBits factor_bits(const SourceCard& card) { return own(card).bits; }

FactorBits one_width(const SourceCard& card) { return {card.bits, card.bits, card.bits}; }

int rank(const MultilevelCard& card, const LayerShape& shape) {
  const double share = card.cross_share * shape.out_channels / shape.groups;
  return card.cross_share > 0 ? std::max(1, static_cast<int>(std::lround(share))) : card.cross;
}

SourceEntry generator_entry(const char* name, SizesOf sizes_of, BitsOf bits_of) {
  const auto plan = [=](const SourceCard& card, const LayerShape& shape) {
    return generator_plan(card, sizes_of(own(card), shape), bits_of(card));
  };
  return {
      .name = name,
      .settings = {settings_of<MultilevelCard>()},
      .bits = 32,  // the published baselines are unquantised
      .bits_of_linear = [=](const SourceCard& card) { return linear_bits_beside(bits_of(card)); },
      .takes =
          [=](const SourceCard& card, const LayerShape& shape) {
            const bool taken = !is_linear(shape) || own(card).linear == LinearLayers::generated;
            return taken && sizes_of(own(card), shape).generated();
          },
      .make =
          [=](const SourceCard& card, const LayerShape& shape) {
            return std::make_unique<MultilevelSource>(plan(card, shape), own(card), shape);
          },
      .streams = [=](const SourceCard& card,
                     const LayerShape& shape) { return generator_streams(plan(card, shape)); },
      .precision_bits = [=](const SourceCard& card,
                            const LayerShape& shape) { return most_bits(plan(card, shape)); }};
}

}  // namespace

int linear_bits_beside(const FactorBits& bits) {
  return std::min({bits.basis, bits.intra, bits.cross}) < 16 ? 8 : 32;
}

double most_bits(const GeneratorPlan& plan) {
  if (plan.rounding == Rounding::none) return 0;
  const LevelSizes& sizes = plan.sizes;
  const FactorBits& own = plan.bits;
  double bits = own.basis;
  if (sizes.intra_on()) bits += own.intra + std::log2(sizes.intra);
  if (sizes.cross_on) bits += own.cross + std::log2(sizes.cross);
  const int widest =
      std::max({own.basis, sizes.intra_on() ? own.intra : 0, sizes.cross_on ? own.cross : 0});
  return widest < 32 ? bits : 0;
}

GeneratorPlan generator_plan(const SourceCard& card, const LevelSizes& sizes,
                             const FactorBits& bits) {
  return {.sizes = sizes,
          .bits = bits,
          .rounding = card.fc_bits < 16 ? Rounding::dorefa : Rounding::none};
}

SourceEntry multilevel_entry() {
  SourceEntry entry = generator_entry(
      multilevel_kind,
      [](const MultilevelCard& card, const LayerShape& shape) {
        return sizes_of(shape, card.intra, rank(card, shape), card.expansion);
      },
      factor_bits);
  entry.bits = 8;
  entry.describe_bits = [](Section& section, SourceSettings& settings) {
    section.card("bits", settings.of<MultilevelCard>().bits);
  };
  return entry;
}

SourceEntry low_rank_entry() {
  return generator_entry(
      "low_rank",
      [](const MultilevelCard& card, const LayerShape& shape) {
        return sizes_of(shape, 0, rank(card, shape), card.expansion);
      },
      one_width);
}

SourceEntry blueprint_entry() {
  return generator_entry(
      "bsconv",
      [](const MultilevelCard&, const LayerShape& shape) { return blueprint_sizes(shape); },
      one_width);
}

SourceEntry separable_entry() {
  return generator_entry(
      "dsconv",
      [](const MultilevelCard&, const LayerShape& shape) { return separable_sizes(shape); },
      one_width);
}

SourceEntry shared_kernels_entry() {
  return generator_entry(
      "penni",
      [](const MultilevelCard& card, const LayerShape& shape) {
        return shared_kernel_sizes(shape, card.kernels);
      },
      one_width);
}

}  // namespace lightloom::nn
