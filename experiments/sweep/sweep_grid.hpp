#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/cards/tree.hpp"
#include "core/files/labelled.hpp"

namespace lightloom::experiments {

/// One swept card key.
struct SweepAxis {
  std::string key;   // "weights.bits.basis"
  std::string name;  // "basis_bits": unique among the axes, never the name of an axis of a run
  std::string unit;
  std::vector<Tree> values;
  std::vector<std::string> labels;  // of the values, all different
};

/// The Cartesian grid of a card's `sweep` section: keys to lists of values, the last key running
/// fastest. The section may name keys by path (`core.rows: [..]`) or nested (`core: {rows: [..]}`).
struct SweepGrid {
  std::vector<SweepAxis> axes;

  [[nodiscard]] std::size_t points() const;
  /// The position of a point along every axis.
  [[nodiscard]] std::vector<std::size_t> position(std::size_t point) const;
  /// "basis_bits=3, phase_sigma_rad=0.01"
  [[nodiscard]] std::string describe(std::size_t point) const;
  /// The settings that reproduce one point: "--set weights.bits.basis=3 --set ...".
  [[nodiscard]] std::string settings(std::size_t point) const;
  /// `card` without its sweep section and with the point's values set.
  [[nodiscard]] Tree card_at(const Tree& card, std::size_t point) const;
};

/// Throws `Error` when the card has no sweep section, or an axis is empty, no list, or holds a
/// value twice.
SweepGrid read_grid(const Tree& card);

/// The axis as a coordinate: whole numbers, numbers, or labels.
Axis coordinate(const SweepAxis& axis);

/// YAML on one line, without the sources of a mapping's numbers.
std::string flow_text(const Tree& value);

/// A short text for a swept value that was written in the sweep itself: the scalar itself, the name
/// or kind of a mapping, else its YAML on one line.
std::string label_of(const Tree& value);

}  // namespace lightloom::experiments
