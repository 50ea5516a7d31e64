#pragma once

#include <memory>
#include <string>

#include "core/cards/card.hpp"
#include "photonic/readout/product_errors.hpp"

namespace lightloom::photonic {

/// Whose errors chips have.
enum class MeasuredChip {
  none,         // those that the core's own devices make
  as_measured,  // every chip those of the measured one
  drawn,        // every chip its own, drawn from a law
};

/// The section `measured` of a core's card: errors of products as they were measured, in place of
/// the read-out noise of the core. What else the core's devices are off by stays.
struct MeasuredCard {
  MeasuredChip chip = MeasuredChip::none;
  std::string file;     // of errors of products, as the card names it; as_measured needs one
  bool repeat = false;  // outputs measured are taken in turn where a core has not as many
  /// Of drawn chips: that of the file where there is one, with the keys of the card on top; its
  /// `frozen` and `full_scale` are those of measured chips as well.
  ProductErrorLaw law;
  std::shared_ptr<const ProductErrors> errors;  // of the file

  [[nodiscard]] bool used() const { return chip != MeasuredChip::none; }
};

/// Reads the section and its file, which is looked for from the working directory, then beside the
/// card. What is wrong with the file is a problem of the card.
void describe(Section& section, MeasuredCard& card);

}  // namespace lightloom::photonic
