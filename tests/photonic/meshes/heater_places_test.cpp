#include "photonic/meshes/heater_places.hpp"

#include <gtest/gtest.h>

namespace lightloom::photonic {
namespace {

TEST(HeaterPlaces, ShiftersOfADeviceAreHalfAColumnApart) {
  const Pitch pitch{.mode_um = 30, .column_um = 400};
  const Topology topology = clements_topology(5);
  const Cell cell{.column = 3, .top = 1, .bottom = 2};
  const Place phi = guide_place(pitch, phi_stage(cell), cell.top),
              theta = guide_place(pitch, theta_stage(cell), cell.top);
  EXPECT_EQ(phi.x_um, 1200);
  EXPECT_EQ(phi.y_um, 30);
  EXPECT_EQ(theta.x_um, 1400);
  EXPECT_EQ(guide_place(pitch, screen_stage(topology), 4).x_um, 2000);
  // The other arm of the same stage is a mode away, that of the next stage further.
  EXPECT_EQ(distance_um(phi, guide_place(pitch, phi_stage(cell), cell.bottom)), 30);
  EXPECT_EQ(distance_um({0, 0}, {3, -4}), 5);
}

}  // namespace
}  // namespace lightloom::photonic
