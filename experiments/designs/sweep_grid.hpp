#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/cards/tree.hpp"
#include "core/files/labelled.hpp"
#include "experiments/designs/sweep_axis.hpp"

namespace lightloom::experiments {

/// The most points of a sweep.
inline constexpr std::size_t most_points = 1'000'000;

/// Points that are no product of their axes. A cell is the index of the axis' value or, of a range,
/// the number itself; not-a-number where the axis does not exist.
struct PointList {
  std::vector<double> cells;  // (points, axes)
  std::size_t points = 0;
  std::size_t drawn = 0;  // with those that repeat others and were left out
};

/// The name of the axis of such points in a results file, and the attribute that names arrays over
/// it which say where the points are.
inline constexpr const char* point_axis = "point";
inline constexpr const char* coordinates_key = "coordinates";

/// The points of a card's `sweep` section. A grid is the product of its lists of values, the last
/// key running fastest; other designs, and grids with axes that exist only where another has some
/// value, are lists of points.
struct SweepGrid {
  std::vector<SweepAxis> axes;
  std::optional<PointList> list = {};  // none: the product

  [[nodiscard]] std::size_t points() const;
  /// "basis_bits=3, phase_sigma_rad=0.01"
  [[nodiscard]] std::string describe(std::size_t point) const;
  /// The settings that reproduce one point: "--set weights.bits.basis=3 --set ...".
  [[nodiscard]] std::string settings(std::size_t point) const;
  /// `card` without its sweep section and with the point's values set.
  [[nodiscard]] Tree card_at(const Tree& card, std::size_t point) const;

  /// How many axes its points have in front of their own in a results file: the swept ones, of a
  /// list the axis `point` alone.
  [[nodiscard]] std::size_t dimensions() const { return list ? 1 : axes.size(); }
  /// These axes, and of a list what says where its points are: an array over them for every key.
  [[nodiscard]] std::vector<Axis> front_axes() const;
  [[nodiscard]] std::vector<Variable> coordinates() const;
  [[nodiscard]] bool is_coordinate(const std::string& variable) const;

  /// Where a point is along an axis (see `PointList`).
  [[nodiscard]] double cell(std::size_t point, std::size_t axis) const;
};

/// Throws `Error` for what is wrong with the card's `sweep` section.
SweepGrid read_grid(const Tree& card);

/// The same, its values called as the table of its results calls them: names of cards' files stand
/// there alone.
SweepGrid read_grid(const Tree& card, const Labelled& table);

/// The axis of a product as a coordinate: whole numbers, numbers, or labels.
Axis coordinate(const SweepAxis& axis);

}  // namespace lightloom::experiments
