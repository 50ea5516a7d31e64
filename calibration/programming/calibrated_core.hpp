#pragma once

#include <memory>
#include <vector>

#include "calibration/model/chip_model.hpp"
#include "photonic/cores/core_card.hpp"

namespace lightloom::calibration {

/// Chips whose light goes through meshes as they are, programmed by what is believed of them.
struct ProgrammedChips {
  ChipShape shape;                         // of both meshes of the core
  std::vector<double> believed;            // the parameters by which voltages are found
  std::vector<std::vector<double>> truth;  // chip c is truth[c % size]
  std::vector<std::vector<double>> moved_rad =
      {};  // (truths, heaters) or none: since ports were trimmed
};

/// An MZI-mesh core (card.kind, as many modes as the shape has ports, Clements) each of whose two
/// meshes is such a chip: a tile's unitaries are decomposed, corrected for the splitters believed,
/// and set as voltages by the heater laws and the crosstalk believed; light meets the truth. The
/// phases of input and output ports that powers cannot see are taken in the gauge of what is
/// believed: trimmed once, as homodyne read-out must anyway; `moved_rad` comes after that. Output
/// phase shifters and attenuators are exact. A mesh's mean loss is known as far as it is believed.
/// Read-out noise, converters, time and energy are the card's. Throws `Error` for cards of another
/// kind or size.
std::unique_ptr<photonic::TensorCore> make_calibrated_core(const photonic::CoreCard& card,
                                                           ProgrammedChips chips);

}  // namespace lightloom::calibration
