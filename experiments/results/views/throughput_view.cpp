#include "experiments/results/views/throughput_view.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "experiments/results/json.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
Json throughput_json(const photonic::Throughput& throughput) {
  Json parts = Json::object();
  for (const photonic::Throughput::Part& part : throughput.parts)
    parts[part.component] = part.energy_pJ * 1e-12;
  return {{"cores", throughput.cores},
          {"read_phases", throughput.phases},
          {"symbols", throughput.symbols},
          {"conversions", throughput.conversions},
          {"operations_per_product", throughput.operations},
          {"latency_s", throughput.product_ns * 1e-9},
          {"operations_per_s", throughput.operations_per_s},
          {"TOPS", throughput.TOPS()},
          {"energy_per_product_J", throughput.energy_pJ * 1e-12},
          {"energy_parts_J", std::move(parts)},
          {"power_W", throughput.power_mW() * 1e-3},
          {"TOPS_per_W", number_or_null(throughput.TOPS_per_W())},
          {"area_mm2", throughput.area_mm2},
          {"TOPS_per_mm2", number_or_null(throughput.TOPS_per_mm2())}};
}

std::string throughput_text(const photonic::Throughput& throughput) {
  std::string text = fmt::format(
      "throughput: {:.4g} TOPS, {} a product of {:.0f} operations ({} read phase{}, {} symbol{} "
      "and "
      "{} conversion{} in each)\n",
      throughput.TOPS(), with_prefix(throughput.product_ns * 1e-9, "s"), throughput.operations,
      throughput.phases, throughput.phases == 1 ? "" : "s", throughput.symbols,
      throughput.symbols == 1 ? "" : "s", throughput.conversions,
      throughput.conversions == 1 ? "" : "s");
  if (!(throughput.energy_pJ > 0)) return text + "its components have no energy on the card\n";
  text += fmt::format("efficiency: {:.4g} TOPS/W, {} a product:", throughput.TOPS_per_W(),
                      with_prefix(throughput.energy_pJ * 1e-12, "J"));
  const char* between = " ";
  for (const photonic::Throughput::Part& part : throughput.parts) {
    if (!(part.energy_pJ > 0)) continue;
    text +=
        fmt::format("{}{} {}", between, part.component, with_prefix(part.energy_pJ * 1e-12, "J"));
    between = ", ";
  }
  return text + "\n";
}

}  // namespace lightloom::experiments
