#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cosim/generator/generation_cost.hpp"
#include "cosim/generator/generator_card.hpp"

namespace lightloom::cosim {

/// What a generator is and draws besides the electronic unit that every kind has.
struct GeneratorFigures {
  /// Of one that works with light; without, its weights are exact.
  struct Light {
    double laser_power_mW = 0;  // electrical, while it is on
    double noise_of_full_scale = 0;
    double bits_uniform = 0, bits_converted = 0;
  };
  struct Part {
    std::string component;
    double area_mm2 = 0;
  };
  double static_power_mW = 0;
  double area_mm2 = 0;
  std::vector<Part> parts{};        // of that area; what is left has no name
  std::int64_t adcs = 0, dacs = 0;  // converters, each at the rate that one can have
  std::optional<Light> light{};
  int word_bits = 0;  // of kernels and weights that its ADCs put into the tile buffer; 0: as wide
                      // as a device setting
  bool keeps_kernels = true;  // kernels of level 1 wait in the tile buffer for the tiles that use
                              // them; else every tile forms its own
};

/// What some work costs, before the card's scales.
using GeneratorCost = std::function<GenerationCost(const GenerationWork&)>;

/// One kind of weight generator: all that the rest of the code knows of it. A kind is one file,
/// which ends in this row, and one line of the table in generator_table.cpp; code outside this
/// library hands its row to `register_generator`.
struct GeneratorEntry {
  /// What cards call it (`generator.kind`).
  std::string name;
  /// Reads the section that only this kind has, into `card.own`. May be empty.
  std::function<void(Section&, GeneratorCard& card)> describe;
  /// Works out what the card's generator is, once, and returns what work costs on it.
  std::function<GeneratorCost(const GeneratorCard&)> cost;
  /// May be empty: the electronic unit is all.
  std::function<GeneratorFigures(const GeneratorCard&)> figures;
  /// The weights of a two-level product [out, in, area] as one chip's generator hands them over,
  /// drawn from the write's address. May be empty: exact ones.
  std::function<void(const GeneratorCard&, const nn::TwoLevelFactors&, const WeightWrite&,
                     std::span<float> dense)>
      regenerate;
  /// Its weights can drive the core as they are (`handover: analog`).
  bool drives_core = false;
};

/// The row of that name; it stays where it is. Throws `Error`, naming the nearest known name.
const GeneratorEntry& generator_entry(std::string_view name);
/// All names, ours first.
std::vector<std::string> generator_kinds();

/// Adds a kind of generator, from then on as good as ours in cards. Throws `Error` for a name that
/// is empty or taken, and for a row without `cost`. Thread-safe.
void register_generator(const GeneratorEntry& entry);

/// Whether the card's generator sets the core without digits in between.
bool hands_over_light(const GeneratorCard& card);

/// What work costs on the card's generator, its scales included.
GeneratorCost generator_cost(const GeneratorCard& card);
/// What the card's generator is besides its electronic unit; nothing for a card without one.
GeneratorFigures generator_figures(const GeneratorCard& card);

/// Our rows, each at the end of its own file.
GeneratorEntry electronic_generator();
GeneratorEntry photonic_generator();
/// The kind that is the electronic unit and nothing else.
inline constexpr const char* electronic_name = "electronic";

}  // namespace lightloom::cosim
