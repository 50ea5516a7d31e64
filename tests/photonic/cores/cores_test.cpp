#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "photonic/cores/core_card.hpp"
#include "photonic/cores/core_cost.hpp"
#include "photonic/decomposition/svd/svd_settings.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::photonic {
namespace {

CoreCard card_of(const std::string& name, const std::vector<std::string>& settings = {}) {
  return read_card<CoreCard>(
      load_card(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/" + name + ".yaml", settings));
}

std::vector<float> random_weights(std::size_t count, std::uint64_t shot = 0) {
  std::vector<float> weights(count);
  fill_normal(Stream({.seed = 5, .purpose = Purpose::test}), shot, weights);
  return weights;
}

struct Realised {
  std::vector<float> weights, scales;
  RealisationReport report;
};
Realised realise(const TensorCore& core, const std::vector<float>& targets,
                 const TileAddress& address = {}) {
  const auto size = as_index(core.description().rows * core.description().columns);
  Realised result{
      std::vector<float>(targets.size()), std::vector<float>(targets.size() / size), {}};
  result.report = core.realise(targets, address, result.weights, result.scales);
  return result;
}

const std::vector<std::string> small_size{"rows=5", "columns=7"};
std::vector<std::string> small(std::vector<std::string> more) {
  more.insert(more.begin(), small_size.begin(), small_size.end());
  return more;
}
const std::vector<std::string> perfect_mesh =
    small({"fabrication.splitter_sigma_rad=0", "phase_sigma_rad=0", "phase_bits=0"});

TEST(Cores, IdealCoreReturnsTheTargetsToTheBit) {
  const auto core = make_core(card_of("ideal", small_size));
  const auto targets = random_weights(3 * 35);
  const Realised result = realise(*core, targets);
  EXPECT_EQ(result.weights, targets);
  EXPECT_EQ(result.report.squared_error, 0);
  EXPECT_EQ(result.report.tiles, 3);
}

TEST(Cores, PerfectMeshRealisesItsTargetsToSinglePrecision) {
  const auto core = make_core(card_of("mzi-mesh", perfect_mesh));
  const auto targets = random_weights(4 * 35);
  const Realised result = realise(*core, targets);
  // Built in double precision: what is left is the rounding to float of the result, half an ulp of
  // the largest weight.
  for (std::size_t i = 0; i < targets.size(); ++i)
    EXPECT_NEAR(result.weights[i], targets[i], 2.4e-7) << i;
}

TEST(Cores, PerfectRingBankRealisesItsTargets) {
  // Set points are solved for until a weight is 1e-6 away; 1e-3 leaves room for a
  // tile that keeps its scale with a few weights out of reach.
  const auto core = make_core(card_of("mrr-bank", small({"phase_sigma_rad=0", "phase_bits=0"})));
  const auto targets = random_weights(4 * 35);
  const Realised result = realise(*core, targets);
  EXPECT_LT(std::sqrt(result.report.squared_error / result.report.squared_target), 1e-3);
  EXPECT_EQ(result.report.unreachable_devices, 0);
}

TEST(Cores, RingBankWithoutCorrectionShowsTheCrosstalkOfNeighbours) {
  const auto core = make_core(
      card_of("mrr-bank", small({"phase_sigma_rad=0", "phase_bits=0", "correction=none"})));
  const Realised result = realise(*core, random_weights(4 * 35));
  EXPECT_GT(std::sqrt(result.report.squared_error / result.report.squared_target), 5e-3);
}

TEST(Cores, ScaleIsTheNetworkWeightOfFullScale) {
  auto targets = random_weights(35);
  auto doubled = targets;
  for (float& w : doubled) w *= 2;
  for (const char* name : {"ideal", "mrr-bank", "mzi-mesh"}) {
    const auto core = make_core(card_of(name, small_size));
    const Realised once = realise(*core, targets), twice = realise(*core, doubled);
    EXPECT_FLOAT_EQ(twice.scales[0], 2 * once.scales[0]) << name;
    for (std::size_t i = 0; i < targets.size(); ++i)
      EXPECT_NEAR(twice.weights[i], 2 * once.weights[i], 4e-6) << name;
    const Realised zero = realise(*core, std::vector<float>(35, 0.0F));
    EXPECT_GT(zero.scales[0], 0) << name;
  }
}

TEST(Cores, SameAddressGivesTheSameBitsAndAnotherChipOthers) {
  const auto targets = random_weights(6 * 35);
  for (const char* name : {"mrr-bank", "mzi-mesh"}) {
    const CoreCard card = card_of(name, small({"programming_sigma_rad=0.001"}));
    const TileAddress address{.seed = 3, .chip = 2, .layer = 1, .tile = 4};
    const Realised first = realise(*make_core(card), targets, address);
    EXPECT_EQ(first.weights, realise(*make_core(card), targets, address).weights) << name;
    // Tile i of a call is tile address.tile + i of the layer.
    const std::vector<float> last(targets.end() - 35, targets.end());
    TileAddress of_last = address;
    of_last.tile += 5;
    const Realised alone = realise(*make_core(card), last, of_last);
    EXPECT_TRUE(std::equal(alone.weights.begin(), alone.weights.end(), first.weights.end() - 35))
        << name;
    for (int field = 0; field < 3; ++field) {
      TileAddress other = address;
      (field == 0 ? other.chip : field == 1 ? other.write : other.layer) += 1;
      EXPECT_NE(first.weights, realise(*make_core(card), targets, other).weights) << name << field;
    }
  }
}

TEST(Cores, StaticErrorsStayWithTheChipWhateverTheTile) {
  const CoreCard card =
      card_of("mzi-mesh", small({"programming_sigma_rad=0", "phase_sigma_rad=0.01"}));
  const auto targets = random_weights(35);
  const auto core = make_core(card);
  EXPECT_EQ(realise(*core, targets, {.tile = 0}).weights,
            realise(*core, targets, {.layer = 3, .tile = 9, .write = 2}).weights);
}

TEST(Cores, SplitterErrorsAreCorrectedLocallyAndUnreachableDevicesCounted) {
  const auto targets = random_weights(8 * 35);
  const auto error = [&](const char* correction) {
    auto settings = perfect_mesh;
    settings.insert(settings.end(), {"fabrication.splitter_sigma_rad=0.02",
                                     std::string("correction=") + correction});
    const Realised result = realise(*make_core(card_of("mzi-mesh", settings)), targets);
    EXPECT_EQ(result.report.unreachable_devices > 0, std::string(correction) == "local");
    return std::sqrt(result.report.squared_error / result.report.squared_target);
  };
  EXPECT_LT(error("local"), 0.25 * error("none"));
}

TEST(Cores, RefusesWeightsThatAreNoNumbersAndOddCounts) {
  const auto core = make_core(card_of("mzi-mesh", small_size));
  auto targets = random_weights(35);
  targets[3] = std::nanf("");
  EXPECT_THROW(realise(*core, targets), Error);
  std::vector<float> realised(34), scales(1);
  EXPECT_THROW(core->realise(random_weights(34), {}, realised, scales), Error);
}

TEST(Cores, PartsAddUpToTheEnergyAndAreaOfTheCore) {
  for (const char* name : {"ideal", "mrr-bank", "mzi-mesh"}) {
    const CoreDescription d = make_core(card_of(name))->description();
    double energy = 0, area = 0;
    for (const CoreCost::Part& part : d.cost.parts) {
      energy += part.energy_pJ_per_symbol;
      area += part.area_mm2;
    }
    const double power_mW = d.cost.laser_power_mW +
                            d.cost.hold_power_mW * static_cast<double>(d.cost.devices) +
                            d.cost.static_power_mW;
    const double whole = d.columns * d.cost.input_energy_pJ + d.rows * d.cost.output_energy_pJ +
                         power_mW / d.cost.symbol_rate_GHz;
    EXPECT_NEAR(energy, whole, 1e-9 * whole) << name;
    EXPECT_NEAR(area, d.cost.area_mm2, 1e-9) << name;
  }
}

TEST(Cores, RowsAndColumnsTakeThePlaceOfMeshModes) {
  const auto by_modes = make_core(card_of("mzi-mesh", {"mesh.modes=16"}))->description();
  EXPECT_EQ(by_modes.rows, 16);
  EXPECT_EQ(by_modes.columns, 16);
  EXPECT_EQ(by_modes.cost.devices, 2 * 16 * 16 + 16);
  const auto by_size = make_core(card_of("mzi-mesh", {"rows=5", "columns=7"}))->description();
  EXPECT_EQ(by_size.rows, 5);
  EXPECT_EQ(by_size.columns, 7);
  EXPECT_EQ(by_size.cost.devices, 2 * 7 * 7 + 7);
}

TEST(Cores, ReadoutNoiseFollowsTheLaser) {
  // Amplifier noise scales as 1/P for intensity and 1/sqrt(P) for homodyne signals; shot noise of
  // intensity as 1/sqrt(P).
  const ReadoutNoise dim = readout_noise(card_of("mrr-bank"));
  const ReadoutNoise bright = readout_noise(card_of("mrr-bank", {"laser.power_per_input_mW=16"}));
  EXPECT_NEAR(dim.additive / bright.additive, 4, 1e-12);
  EXPECT_NEAR(dim.shot / bright.shot, 2, 1e-12);
  EXPECT_EQ(dim.relative, bright.relative);
  const ReadoutNoise low = readout_noise(card_of("mzi-mesh"));
  const ReadoutNoise high = readout_noise(card_of("mzi-mesh", {"laser.power_per_input_mW=16"}));
  EXPECT_NEAR(low.additive / high.additive, 2, 1e-12);
  EXPECT_EQ(low.shot, 0);
}

TEST(Cores, EnergyOfAConverterFollowsItsBits) {
  const double eight = make_core(card_of("mrr-bank"))->description().output_adc.energy_pJ();
  const double four =
      make_core(card_of("mrr-bank", {"output_adc.bits=4"}))->description().output_adc.energy_pJ();
  EXPECT_NEAR(eight, 1.48, 1e-12);
  EXPECT_NEAR(four, 0.74, 1e-12);
}

/// W of the settings, from the matrices of ideal meshes.
double svd_error(const SvdSettings& settings, const Topology& topology,
                 std::span<const float> matrix) {
  const int n = topology.modes;
  const SquareMatrix left = mesh_matrix(topology, DeviceKind::mzi, settings.left),
                     right = mesh_matrix(topology, DeviceKind::mzi, settings.right);
  double squares = 0, size = 0;
  for (int r = 0; r < n; ++r)
    for (int c = 0; c < n; ++c) {
      Complex sum = 0;
      for (int k = 0; k < n; ++k)
        sum += left(r, k) * settings.attenuation[static_cast<std::size_t>(k)] * right(k, c);
      const double wanted = matrix[as_index(r * n + c)];
      squares += std::norm(settings.scale * sum - wanted);
      size += wanted * wanted;
    }
  return std::sqrt(squares / size);
}

// Pruned tiles are where Eigen's divide and conquer loses its way, in about one of a thousand.
TEST(SvdCore, DecomposesPrunedTiles) {
  const Topology topology = clements_topology(20);
  const Stream stream({.seed = 20, .purpose = Purpose::test});
  std::vector<float> matrix(400);
  for (std::uint64_t tile = 0; tile < 3000; ++tile) {
    fill_normal(stream, tile, matrix);
    for (std::size_t i = 0; i < matrix.size(); ++i)
      if (stream.uniform(i, tile) > 0.1) matrix[i] = 0;
    ASSERT_LT(svd_error(decompose_svd(matrix, 20, 20, topology), topology, matrix), 1e-12) << tile;
  }
}

}  // namespace
}  // namespace lightloom::photonic
