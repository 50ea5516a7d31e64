#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "core/cards/card.hpp"
#include "core/enum_array.hpp"
#include "core/files/labelled.hpp"
#include "core/progress.hpp"
#include "experiments/results/json.hpp"
#include "experiments/studies/costs/cost_study.hpp"

namespace lightloom::experiments {

/// What is said about the card's own source against a baseline; above 1 it pays.
enum class Verdict { speedup, energy_gain, steady_speedup, steady_energy_gain, count };
/// "speedup", ..., as JSON and results name it.
const char* verdict_name(Verdict verdict);
/// Of every source, the card's own first (1). Not a number where a baseline is missing.
using Gains = EnumArray<Verdict, std::vector<double>>;
Gains gains_of(const CostStudy& study);

/// Which numbers of a card are moved.
struct SensitivityQuestion {
  enum class Which {
    assumptions,  // of the hardware, those that no published source gives
    all,          // of the hardware
    listed,       // of the whole card, those that match one of `keys`, in which `*` is any text
  };
  Which which = Which::assumptions;
  std::vector<std::string> keys;
};
/// "" asks for the assumptions, "all", or keys with commas between. Throws `Error` for empty keys.
SensitivityQuestion sensitivity_question(const std::string& text);

/// A number at another value than the card's.
struct MovedNumber {
  double value = 0;
  Gains gains;
  std::string limit;  // why it did not move as far as asked; "": it did
};

struct SensitiveNumber {
  CardNumber number;
  std::array<MovedNumber, 2> to;  // a half and the double; see `targets_of`
};
/// The gain that a number moves most, as the ratio of its largest to its least value.
struct Swing {
  Verdict verdict = Verdict::speedup;
  std::size_t source = 1;
  double ratio = 1;
};
/// A verdict that changes its sign when a number moves to `to[side]`.
struct Flip {
  Verdict verdict = Verdict::speedup;
  std::size_t source = 1;
  std::size_t side = 0;
};

/// What the verdicts of a card rest on.
struct Sensitivity {
  static constexpr double tolerance = 0.005;  // a gain this near to 1 is neither
  std::vector<std::string> labels;            // of the sources, the card's own first
  Gains today;
  std::vector<SensitiveNumber> numbers;     // that change a gain, the largest swing first
  std::vector<std::string> without_effect;  // keys that were moved and change none
  std::vector<std::pair<std::string, std::string>> not_moved;  // key and why
  std::size_t published = 0;                                   // numbers left out as published
};
Swing swing_of(const Sensitivity& sensitivity, const SensitiveNumber& number);
/// Crossings of 1, but for those that stay within the tolerance of it on both sides.
std::vector<Flip> flips_of(const Sensitivity& sensitivity, const SensitiveNumber& number);

/// Where a number is moved: to a half and to the double; bits (keys that end in `bits`) by one bit,
/// which is a factor of two of the levels; levels in dB against a carrier (`dBc`) by 3.01 dB; whole
/// numbers to the nearest whole one, never to 0, which often stands for something else. What its
/// range does not allow is brought back to the range's end.
std::array<MovedNumber, 2> targets_of(const CardNumber& number);

/// The layers under every source of a card.
using LayersOf = std::function<SourceLayers(const Experiment&)>;

/// Moves one number of the card after the other, the rest as it is, and simulates every source. A
/// value that the card refuses is brought back to what it accepts. Throws `Error` without
/// baselines, for a key that names no number, and when the card itself is refused.
Sensitivity study_sensitivity(const Tree& card, const SensitivityQuestion& question,
                              const LayersOf& layers, ProgressSink& progress);

Json sensitivity_json(const Sensitivity& sensitivity);
std::string sensitivity_text(const Sensitivity& sensitivity);
/// Adds axes moved_number and moved, and the variables sensitivity_* of
/// `docs/use/results-files.md`; nothing when no number changes a gain. The axis source must exist.
void add_sensitivity(Labelled& data, const Sensitivity& sensitivity);

}  // namespace lightloom::experiments
