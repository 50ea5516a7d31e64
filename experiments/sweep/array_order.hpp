#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/files/labelled.hpp"
#include "experiments/designs/sweep_grid.hpp"

namespace lightloom::experiments {

/// Attribute of a file that misses points: which point brought what, where not all is the first's.
inline constexpr const char* brought_by_key = "brought_by";

/// The order of a sweep's axes, the values along them and its arrays: that in which the points
/// bring them one after the other, whatever the order in which the points were computed; numbers
/// along an axis to which several points bring some rise. Points of most sweeps bring all the same.
class ArrayOrder {
 public:
  /// Of a table that holds some points.
  ArrayOrder(const Labelled& table, const SweepGrid& grid);

  /// `put_point`, noted.
  void put(Labelled& table, const SweepGrid& grid, std::size_t point, const Labelled& values);
  /// Takes over what a part's file says of its points; `merged` has those of all parts.
  void absorb(const Labelled& merged, const Labelled& part, const SweepGrid& grid);
  /// Sorts the table, and gives it, while points are missing, the attribute that says which point
  /// brought what, where not all is the first point's.
  void apply(Labelled& table, bool complete) const;

 private:
  struct Place {
    std::size_t point = 0, position = 0;
    auto operator<=>(const Place&) const = default;
  };
  using Places = std::map<std::string, Place, std::less<>>;
  static bool note_one(Places& places, const std::string& name, Place place);
  void note_values(const Labelled& table, std::size_t point, const Axis& axis);
  void sort_values(Labelled& table, const std::string& axis, const Places& values) const;
  [[nodiscard]] std::string text() const;
  void read(const std::string& text);

  std::size_t swept_;
  std::size_t masks_;  // `done`, and where the points of a list are: in front of the arrays
  Places axes_, arrays_;
  std::map<std::string, Places> values_;    // of axes that not every point brings whole
  std::map<std::string, Places> of_parts_;  // of all axes of the files absorbed so far
  std::set<std::string> differ_;            // axes whose values differ among them
};

}  // namespace lightloom::experiments
