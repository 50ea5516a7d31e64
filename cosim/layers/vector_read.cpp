#include "cosim/layers/vector_read.hpp"

namespace lightloom::cosim {

VectorRead vector_read(const photonic::CoreDescription& core) {
  const photonic::CoreCost& cost = core.cost;
  const int phases = photonic::read_phases(core, photonic::InputSigns::positive);
  const double symbols = static_cast<double>(phases) * cost.symbols;
  const double ns = photonic::product_time_ns(cost, phases);
  return {ns, symbols * (core.columns * cost.input_energy_pJ + core.rows * cost.output_energy_pJ) +
                  phases * cost.phase_energy_pJ + cost.product_energy_pJ +
                  cost.laser_power_mW * ns};
}

}  // namespace lightloom::cosim
