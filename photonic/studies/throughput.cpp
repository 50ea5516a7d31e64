#include "photonic/studies/throughput.hpp"

#include <limits>

namespace lightloom::photonic {
namespace {

double ratio_or_nan(double above, double below) {
  return below > 0 ? above / below : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

// Operations per pJ are 1e12 operations per J.
double Throughput::TOPS_per_W() const { return ratio_or_nan(operations, energy_pJ); }

double Throughput::TOPS_per_mm2() const { return ratio_or_nan(TOPS(), area_mm2); }

double Throughput::power_mW() const { return product_ns > 0 ? cores * energy_pJ / product_ns : 0; }

Throughput throughput_of(const CoreDescription& core, int cores) {
  const CoreCost& cost = core.cost;
  Throughput found{.cores = cores,
                   .phases = read_phases(core, InputSigns::positive),
                   .symbols = cost.symbols,
                   .conversions = cost.conversions};
  found.operations = 2 * core.products_per_symbol();
  found.product_ns = product_time_ns(cost, found.phases);
  found.operations_per_s = 2 * peak_macs_per_ns(core) * cores * 1e9;
  found.area_mm2 = cost.area_mm2 * cores;
  const double symbols = static_cast<double>(found.phases) * cost.symbols;
  for (const CoreCost::Part& part : cost.parts) {
    const double energy_pJ = symbols * part.energy_pJ_per_symbol + part.energy_pJ_per_product;
    found.parts.push_back({part.component, energy_pJ});
    found.energy_pJ += energy_pJ;
  }
  return found;
}

}  // namespace lightloom::photonic
