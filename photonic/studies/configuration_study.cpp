#include "photonic/studies/configuration_study.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "photonic/control/field_nulling.hpp"
#include "photonic/control/power_nulling.hpp"
#include "photonic/control/self_configuration.hpp"
#include "photonic/cores/kinds/mesh_chip.hpp"
#include "photonic/cores/kinds/mesh_statistics.hpp"
#include "photonic/decomposition/local_correction.hpp"
#include "photonic/meshes/propagate.hpp"

namespace lightloom::photonic {
namespace {

/// Mesh 0 of a chip on the table: phases go in, light comes out. Every setting is a write of its
/// own.
class Laboratory final : public MeasuredMesh {
 public:
  Laboratory(std::shared_ptr<const MeshDesign> design, const TileAddress& address)
      : design_(std::move(design)), chip_(design_, address), address_(address) {}

  SquareMatrix measure(const MeshSettings& settings) override {
    const MeshChip::Applied real = write(settings);
    SquareMatrix matrix = mesh_matrix(design_->topology, design_->mesh().mesh.device, real.settings,
                                      real.fabrication);
    for (Complex& value : matrix.values) value *= chip_.loss_normalisation(1);
    return matrix;
  }
  std::vector<Complex> fields(const MeshSettings& settings, std::span<const Complex> inputs) {
    const MeshChip::Applied real = write(settings);
    const Topology& topology = design_->topology;
    std::vector<Transfer> transfers(topology.cells.size());
    cell_transfers({topology, design_->mesh().mesh.device, real.settings, real.fabrication},
                   transfers);
    std::vector<Complex> light(inputs.begin(), inputs.end());
    for (std::size_t k = 0; k < transfers.size(); ++k) {
      Complex& top = light[static_cast<std::size_t>(topology.cells[k].top)];
      Complex& bottom = light[static_cast<std::size_t>(topology.cells[k].bottom)];
      apply(transfers[k], top, bottom);
    }
    for (std::size_t m = 0; m < light.size(); ++m)
      light[m] = mul(light[m], std::polar(1.0, real.settings.screen[m]));
    return light;
  }
  std::vector<double> powers(const MeshSettings& settings, std::span<const Complex> inputs) {
    std::vector<double> powers;
    for (const Complex field : fields(settings, inputs)) powers.push_back(std::norm(field));
    return powers;
  }

 private:
  MeshChip::Applied write(const MeshSettings& settings) {
    ++address_.write;
    return chip_.drive(settings, 0, address_);
  }

  std::shared_ptr<const MeshDesign> design_;
  MeshChip chip_;
  TileAddress address_;
};

struct ConfiguredChip {
  double error_before = 0, error_after = 0, readings = 0, unreachable = 0;
};

/// What a perfect mesh of the card's devices is set to.
MeshSettings start_of(const MeshDesign& design, const MeshSettings& ideal) {
  const DeviceKind device = design.mesh().mesh.device;
  if (device == DeviceKind::mzi) return ideal;
  return correct_locally(design.topology, ideal, {}, {.device = device}).settings;
}

ConfiguredChip nulled(Laboratory& laboratory, const MeshDesign& design, const MeshSettings& ideal,
                      ConfigurationMethod method) {
  const Topology& topology = design.topology;
  const bool powers = method == ConfigurationMethod::nulling_powers;
  const SquareMatrix target = mesh_matrix(topology, DeviceKind::mzi, ideal);
  const auto error = [&](const MeshSettings& settings) {
    const SquareMatrix matrix = laboratory.measure(settings);
    return powers ? error_up_to_output_phases(matrix, target) : matrix_error(matrix, target);
  };
  ConfiguredChip chip{.error_before = error(start_of(design, ideal))};
  const auto read_fields = [&](const MeshSettings& settings, std::span<const Complex> inputs) {
    return laboratory.fields(settings, inputs);
  };
  const auto read_powers = [&](const MeshSettings& settings, std::span<const Complex> inputs) {
    return laboratory.powers(settings, inputs);
  };
  const NullingResult found = powers ? null_powers(read_powers, topology, ideal)
                                     : null_fields(read_fields, topology, ideal);
  chip.error_after = error(found.settings);
  chip.readings = static_cast<double>(found.readings);
  chip.unreachable =
      found.unreachable / static_cast<double>(std::max<std::size_t>(1, topology.cells.size()));
  return chip;
}

ConfiguredChip self_configured(Laboratory& laboratory, const MeshDesign& design,
                               const MeshSettings& ideal) {
  const Topology& topology = design.topology;
  const MeshSettings start = start_of(design, ideal);
  const SquareMatrix target = mesh_matrix(topology, DeviceKind::mzi, ideal);
  ConfiguredChip chip{.error_before = matrix_error(laboratory.measure(start), target)};
  const SelfConfiguration found = self_configure(laboratory, topology, {target, start});
  chip.error_after = found.error;
  chip.readings = found.readings;
  return chip;
}

}  // namespace

ConfiguredChips configure_chips(const CoreCard& card, const ChipOptions& options,
                                ConfigurationMethod method) {
  require(options.chips >= 1, "statistics need at least one chip, not {}", options.chips);
  const MeshCoreCard* own = find_mesh_part(card);
  require(own != nullptr, "only cores with meshes can be configured (this one is {})", card.kind);
  require(method == ConfigurationMethod::self || own->mesh.device == DeviceKind::mzi ||
              own->mesh.device == DeviceKind::crossing,
          "nulling sets MZIs and those with a crossing only (take mesh.device mzi or crossing, or "
          "self-configuration)");
  const auto design = std::make_shared<const MeshDesign>(card);
  std::vector<ConfiguredChip> chips(static_cast<std::size_t>(options.chips));
  parallel_for_dynamic(options.chips, [&](std::ptrdiff_t i) {
    const TileAddress address{.seed = options.seed,
                              .chip = options.first_chip + static_cast<std::uint32_t>(i)};
    Laboratory laboratory(design, address);
    const MeshSettings ideal = random_target(design->topology, address);
    chips[static_cast<std::size_t>(i)] = method == ConfigurationMethod::self
                                             ? self_configured(laboratory, *design, ideal)
                                             : nulled(laboratory, *design, ideal, method);
  });
  ConfiguredChips result{.target = name_of_target(design->topology),
                         .modes = design->topology.modes};
  for (const ConfiguredChip& chip : chips) {
    result.error_before.push_back(chip.error_before);
    result.error_after.push_back(chip.error_after);
    result.readings.push_back(chip.readings);
    result.unreachable.push_back(chip.unreachable);
  }
  return result;
}

}  // namespace lightloom::photonic
