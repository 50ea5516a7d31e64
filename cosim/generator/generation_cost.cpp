#include "cosim/generator/generation_cost.hpp"

namespace lightloom::cosim {

FactorShape factor_shape(const nn::TwoLevelFactors& f) {
  return {.out = f.out,
          .in = f.in,
          .area = f.area,
          .cross = f.cross,
          .intra = f.intra,
          .intra_level = !f.u.empty(),
          .cross_level = !f.v.empty()};
}

}  // namespace lightloom::cosim
