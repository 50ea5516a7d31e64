#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/cards/tree.hpp"

namespace lightloom::experiments {

/// Numbers that a design draws from, both ends included.
struct AxisRange {
  double from = 0, to = 0;
  bool logarithmic = false;
  bool whole = false;  // whole numbers alone
};

/// An axis exists only where another has one of some values.
struct AxisCondition {
  std::size_t axis = 0;     // the other, among the sweep's
  std::vector<bool> holds;  // by its values
};

/// One swept card key: a list of values, or a range of numbers.
struct SweepAxis {
  std::string key;   // "weights.bits.basis"
  std::string name;  // "basis_bits": unique among the axes, never the name of an axis of a run
  std::string unit;
  std::vector<Tree> values;
  std::vector<std::string> labels;  // of the values, all different
  std::optional<AxisRange> range = {};
  std::vector<AxisCondition> when = {};  // all of them
};

/// Fills `axis.labels`. Cards go by what they call themselves, else by the names of their files,
/// with folders where these are not enough, other values by their text; `list` is what holds them.
void label_values(const Tree& list, SweepAxis& axis);

/// Gives every axis its name and unit, both from its key.
void name_axes(std::vector<SweepAxis>& axes);

/// Throws `Error` for an axis whose key is another's too, and for one with two values of one label.
void require_different(const std::vector<SweepAxis>& axes);

/// The number that a scalar is; none for all else.
std::optional<double> number_of(const Tree& value);

/// YAML on one line, without the sources of a mapping's numbers.
std::string flow_text(const Tree& value);

/// A short text for a swept value that was written in the sweep itself: the scalar itself, the name
/// or kind of a mapping, else its YAML on one line.
std::string label_of(const Tree& value);

}  // namespace lightloom::experiments
