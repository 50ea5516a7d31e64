#include "cosim/layers/cost_report.hpp"

#include <iterator>
#include <numeric>

namespace lightloom::cosim {

std::string_view component_name(Component component) {
  static constexpr std::string_view names[] = {
      "DRAM transfer",     "DRAM activate",     "DRAM background",
      "weight buffer",     "tile buffer",       "activation buffer",
      "buffer leakage",    "generator",         "generator converters",
      "generator laser",   "generator static",  "decomposition",
      "programming",       "weight switching",  "hold",
      "input converters",  "weight converters", "laser",
      "output converters", "accumulation",      "core static",
      "post processing"};
  static_assert(std::size(names) == Energies::size());
  return names[static_cast<std::size_t>(component)];
}

double total(const Energies& energies) {
  return std::accumulate(energies.begin(), energies.end(), 0.0);
}

void add(Energies& sum, const Energies& energies) {
  for (const Component component : all_of_enum<Component>()) sum[component] += energies[component];
}

double CostReport::area_mm2() const {
  double sum = 0;
  for (const AreaPart& part : areas) sum += part.area_mm2;
  return sum;
}

}  // namespace lightloom::cosim
