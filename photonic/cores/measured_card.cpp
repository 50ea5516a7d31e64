#include "photonic/cores/measured_card.hpp"

#include "core/error.hpp"
#include "photonic/readout/frozen_errors.hpp"

namespace lightloom::photonic {
namespace {

constexpr Range share{.low = 0, .high = 1};
constexpr Range spread{.low = 0, .high = 3};

/// The card that a value stands in, "" for one that stands in none: "card.yaml:12" is its place.
std::string card_of(const Tree& value) {
  const auto colon = value.origin.rfind(':');
  return colon == std::string::npos ? "" : value.origin.substr(0, colon);
}

void read_file(Section& section, MeasuredCard& card) {
  const Tree* named = section.raw("file");
  if (named == nullptr) return;
  card.file = named->scalar;
  if (named->kind != Tree::Kind::scalar || card.file.empty()) {
    section.problem("file", "must be the path of a file of errors of products");
    return;
  }
  try {
    card.errors = std::make_shared<const ProductErrors>(
        read_product_errors(resolve_path(card.file, card_of(*named))));
    card.law = error_law(*card.errors);
  } catch (const Error& error) {
    section.problem("file", fmt::format("cannot be used: {}", error.what()));
  }
}

void describe_law(Section& section, ProductErrorLaw& law) {
  section.value("full_scale", law.full_scale, positive);
  section.value("gain_mean", law.gain_mean, {.low = -10, .high = 10});
  section.value("gain_sd", law.gain_sd, not_negative);
  section.value("mixing_share", law.mixing_share, not_negative);
  section.value("mixing_spread", law.mixing_spread, spread);
  section.value("offset_mean", law.offset_mean);
  section.value("offset_sd", law.offset_sd, not_negative);
  section.value("period", law.period, {.low = 1, .high = 4096});
  section.value("periodic_sd", law.periodic_sd, not_negative);
  section.value("periodic_common", law.periodic_common, share);
  section.value("noise_sigma", law.noise_sigma, not_negative);
  section.value("noise_spread", law.noise_spread, spread);
  section.value("noise_common", law.noise_common, share);
  if (law.period == 1 && law.periodic_sd > 0)
    section.problem("periodic_sd",
                    "is of no use with a period of 1 (give the period, or leave it)");
}

}  // namespace

void describe(Section& section, MeasuredCard& card) {
  section.choice("chip", card.chip,
                 {{"none", MeasuredChip::none},
                  {"as_measured", MeasuredChip::as_measured},
                  {"drawn", MeasuredChip::drawn}});
  read_file(section, card);
  FrozenErrorOf of = card.errors ? card.law.frozen : FrozenErrorOf::weights;
  section.choice("frozen", of,
                 {{"weights", FrozenErrorOf::weights}, {"outputs", FrozenErrorOf::outputs}});
  card.law.frozen = of;
  section.value("repeat", card.repeat);
  const double measured_scale = card.law.full_scale;
  describe_law(section, card.law);
  if (card.chip == MeasuredChip::as_measured && !section.has("file"))
    section.problem("chip",
                    "as_measured needs the key 'file' (what lightloom calibrate products writes)");
  if (card.errors && card.law.full_scale != measured_scale) {
    auto scaled = std::make_shared<ProductErrors>(*card.errors);
    scaled->full_scale = card.law.full_scale;
    card.errors = std::move(scaled);
  }
}

}  // namespace lightloom::photonic
