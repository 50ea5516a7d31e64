#include "photonic/meshes/heater_places.hpp"

#include <cmath>

namespace lightloom::photonic {

double distance_um(const Place& a, const Place& b) {
  return std::hypot(a.x_um - b.x_um, a.y_um - b.y_um);
}

Place guide_place(const Pitch& pitch, int stage, int mode) {
  return {stage * pitch.column_um / 2, mode * pitch.mode_um};
}

}  // namespace lightloom::photonic
