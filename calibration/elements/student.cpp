#include "calibration/elements/student.hpp"

#include <cmath>

namespace lightloom::calibration {

double student_95(int freedom) {
  if (freedom <= 0) return INFINITY;
  if (freedom == 1) return 12.7062;
  if (freedom == 2) return 4.30265;
  const double z = 1.959963985, n = freedom, z2 = z * z;
  return z + z * (z2 + 1) / (4 * n) + z * (5 * z2 * z2 + 16 * z2 + 3) / (96 * n * n) +
         z * (3 * z2 * z2 * z2 + 19 * z2 * z2 + 17 * z2 - 15) / (384 * n * n * n);
}

}  // namespace lightloom::calibration
