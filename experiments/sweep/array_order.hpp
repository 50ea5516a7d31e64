#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "core/files/labelled.hpp"
#include "experiments/sweep/sweep_grid.hpp"

namespace lightloom::experiments {

/// The order of a sweep's axes and arrays: that in which the points bring them one after the other,
/// whatever the order in which the points were computed. Points of most sweeps bring all the same.
class ArrayOrder {
 public:
  /// Of a table that holds some points.
  ArrayOrder(const Labelled& table, const SweepGrid& grid);

  /// Call behind `put_point`: `values` are the point's.
  void note(Labelled& table, std::size_t point, const Labelled& values);
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
  [[nodiscard]] std::string text() const;
  void read(const std::string& text);

  std::size_t swept_;
  Places axes_, arrays_;
};

}  // namespace lightloom::experiments
