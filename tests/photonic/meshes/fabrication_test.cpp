#include "photonic/meshes/fabrication.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lightloom::photonic {
namespace {

TEST(Fabrication, AWaferGradientIsAPlaneOfRandomDirectionAndKnownSize) {
  const Topology topology = clements_topology(9);
  const Pitch pitch{.mode_um = 30, .column_um = 400};
  const FabricationCard card{.gradient_sigma_rad = 0.02};
  const int chips = 400;
  double corner = 0;
  for (std::uint32_t chip = 0; chip < chips; ++chip) {
    const Fabrication cells = draw_fabrication(card, topology, {5, chip, 0, pitch});
    // Every error follows from three cells that span the plane: (0, 0), (0, 2) and (2, 0).
    const auto at = [&](int column, int top) {
      for (std::size_t k = 0; k < cells.size(); ++k)
        if (topology.cells[k].column == column && topology.cells[k].top == top)
          return cells[k].alpha_rad;
      return std::numeric_limits<double>::quiet_NaN();
    };
    const double origin = at(0, 0), by_mode = (at(0, 2) - origin) / 2,
                 by_column = (at(2, 0) - origin) / 2;
    for (std::size_t k = 0; k < cells.size(); ++k) {
      const Cell& cell = topology.cells[k];
      EXPECT_NEAR(cells[k].alpha_rad, origin + by_mode * cell.top + by_column * cell.column, 1e-15);
      EXPECT_EQ(cells[k].alpha_rad, cells[k].beta_rad);
    }
    // The chip's corner is half a column and half a mode before the first cell.
    corner += std::pow(origin - by_mode / 2 - by_column / 2, 2) / chips;
  }
  // A variance of 400 draws is good to sqrt(2 / 400).
  EXPECT_NEAR(corner / 4e-4, 1, 4 * std::sqrt(2.0 / chips));
}

}  // namespace
}  // namespace lightloom::photonic
