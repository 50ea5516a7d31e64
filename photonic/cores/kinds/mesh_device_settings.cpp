#include "photonic/cores/kinds/mesh_device_settings.hpp"

#include <fmt/format.h>

#include "photonic/cores/kinds/mesh_chip.hpp"
#include "photonic/cores/tiles.hpp"
#include "photonic/decomposition/svd/svd_settings.hpp"

namespace lightloom::photonic {
namespace {

/// Arrays in the order in which they are filled: four of the first mesh, four of the last.
std::vector<DeviceSettings> empty_settings() {
  std::vector<DeviceSettings> all;
  for (const auto& [mesh, words] :
       {std::pair{"first", "first mesh (V^T)"}, {"last", "last mesh (U)"}})
    for (const auto& [phase, what] : {std::pair{"theta", "phase between the arms"},
                                      {"phi", "phase in front"},
                                      {"screen", "phase behind every mode"},
                                      {"outer", "phase in front of a compact device"}})
      all.push_back({.name = fmt::format("{}_{}", phase, mesh),
                     .unit = "rad",
                     .long_name = fmt::format("{}, {}", what, words),
                     .values = {}});
  all.push_back({.name = "attenuation",
                 .unit = "1",
                 .long_name = "amplitude of the attenuators between the meshes",
                 .values = {}});
  return all;
}

void append(std::vector<double>& to, const std::vector<double>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

void add_mesh(const MeshSettings& phases, DeviceSettings* of) {
  append(of[0].values, phases.theta);
  append(of[1].values, phases.phi);
  append(of[2].values, phases.screen);
  append(of[3].values, phases.outer);
}

}  // namespace

std::vector<DeviceSettings> mesh_device_settings(const CoreCard& card, const TileBatch& batch) {
  const auto design = std::make_shared<const MeshDesign>(card);
  const CoreDescription about = describe_core(card);
  const MeshChip chip(design, batch.address);
  const std::size_t size =
      static_cast<std::size_t>(about.rows) * static_cast<std::size_t>(about.columns);
  std::vector<DeviceSettings> all = empty_settings();
  float scale = 1;
  for (std::size_t i = 0; i * size < batch.targets.size(); ++i) {
    Tile tile{.target = batch.targets.subspan(i * size, size),
              .address = batch.address,
              .realised = {},
              .scale = scale};
    tile.address.tile += static_cast<std::uint32_t>(i);
    const UsedWeights used = used_weights(about, batch, tile);
    const SvdSettings target =
        decompose_svd(used.weights, used.part.rows, used.part.columns, design->topology);
    add_mesh(chip.apply(target.right, 0, tile.address, Leak::quadrature).settings, all.data());
    add_mesh(chip.apply(target.left, 1, tile.address, Leak::quadrature).settings, all.data() + 4);
    for (const Complex amplitude : chip.attenuators(target.attenuation, tile.address))
      all.back().values.push_back(amplitude.real());
  }
  std::erase_if(all, [](const DeviceSettings& one) { return one.values.empty(); });
  return all;
}

}  // namespace lightloom::photonic
