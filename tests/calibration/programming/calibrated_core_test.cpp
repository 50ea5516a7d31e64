#include "calibration/programming/calibrated_core.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <string>

#include "calibration/laboratory/virtual_chip.hpp"
#include "calibration/model/chip_card.hpp"
#include "calibration/model/gauge.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "photonic/cores/kinds/mzi_core.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::calibration {
namespace {

photonic::CoreCard mesh_core(int modes) {
  photonic::CoreCard card = photonic::default_card("mzi-mesh");
  photonic::mesh_part(card).mesh.modes = modes;
  return card;
}

/// Frobenius norm of what two random tiles are off by, over that of the targets.
double relative_error(const photonic::TensorCore& core, std::uint32_t chip = 0) {
  const auto size = as_index(core.description().rows * core.description().columns);
  std::vector<float> targets(2 * size), realised(2 * size), scales(2);
  fill_normal(Stream({.seed = 5, .purpose = Purpose::test}), 0, targets);
  const auto report = core.realise(targets, {.chip = chip}, realised, scales);
  EXPECT_EQ(report.tiles, 2);
  double squares = 0, all = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    squares += std::pow(realised[i] - targets[i], 2);
    all += std::pow(targets[i], 2);
  }
  EXPECT_NEAR(report.squared_error, squares, 1e-5 * squares);
  return std::sqrt(squares / all);
}

struct Chips {
  ChipCard card{.modes = 6};
  ChipShape shape = chip_shape(card);
  std::vector<double> truth = hidden_parameters(shape, card, 8, 0);
  std::vector<double> design = design_parameters(shape, card);

  [[nodiscard]] double error(const std::vector<double>& believed,
                             const std::vector<std::vector<double>>& chips,
                             std::uint32_t chip = 0) const {
    return relative_error(*make_calibrated_core(mesh_core(6), {shape, believed, chips}), chip);
  }
};

TEST(CalibratedCore, PerfectChipsRealiseTheirTargetsToSinglePrecision) {
  Chips c;
  c.card = {.modes = 6,
            .heater_sigma = 0,
            .bias_sigma_rad = 2,
            .splitter_sigma_rad = 0,
            .device_loss_db = 0,
            .crosstalk_amplitude = 0.02};
  const std::vector<double> truth = hidden_parameters(c.shape, c.card, 8, 0);
  // Fixed-point iteration to 1e-13 of the greatest heat; floats round to 6e-8.
  EXPECT_LT(c.error(truth, {truth}), 1e-6);
}

TEST(CalibratedCore, KnowledgeOfTheChipIsWhatMakesItsMatricesRight) {
  const Chips c;
  std::vector<double> near = c.truth;
  const Stream stream({.seed = 5, .purpose = Purpose::test});
  for (int h = 0; h < c.shape.heater_count(); ++h)
    near[static_cast<std::size_t>(c.shape.parameters.at(ParameterKind::bias, h))] +=
        0.02 * stream.normal(static_cast<std::uint64_t>(h));
  const double perfect = c.error(c.truth, {c.truth}), fitted = c.error(near, {c.truth}),
               none = c.error(c.design, {c.truth});
  EXPECT_LT(perfect, fitted);
  EXPECT_LT(fitted, none / 4);
  EXPECT_GT(none, 0.5);
}

TEST(CalibratedCore, PhasesOfPortsThatPowersCannotSeeChangeNothing) {
  const Chips c;
  // The same chip in another gauge: phi_0 of the first column moved with what follows from it.
  std::vector<double> elsewhere = c.design;
  const std::vector<double> moved = [&] {
    std::vector<double> reference = c.truth;
    for (int h = 0; h < c.shape.heater_count(); ++h)
      reference[static_cast<std::size_t>(c.shape.parameters.at(ParameterKind::bias, h))] += 0.7;
    return in_gauge_of(c.shape, c.truth, reference);
  }();
  EXPECT_NE(moved, c.truth);
  EXPECT_NEAR(c.error(c.truth, {moved}), c.error(c.truth, {c.truth}), 1e-6);
}

TEST(CalibratedCore, DriftSinceThePortsWereTrimmedIsNotTrimmedAway) {
  const Chips c;
  const auto heaters = static_cast<std::size_t>(c.shape.heater_count());
  const auto error = [&](const std::vector<std::vector<double>>& moved, std::uint32_t chip) {
    const std::vector<std::vector<double>> chips(moved.size(), c.truth);
    return relative_error(*make_calibrated_core(mesh_core(6), {c.shape, c.truth, chips, moved}),
                          chip);
  };
  std::vector<double> gauge(heaters), other(heaters);
  gauge[1] = 0.5;   // phi of the first MZI, which input phases can undo
  other[10] = 0.5;  // a theta
  const auto drifted = [&](const std::vector<double>& moved) {
    std::vector<double> truth = c.truth;
    for (std::size_t h = 0; h < heaters; ++h)
      truth[static_cast<std::size_t>(c.shape.parameters.first(ParameterKind::bias)) + h] +=
          moved[h];
    return c.error(c.truth, {truth});
  };
  const double fresh = c.error(c.truth, {c.truth});
  EXPECT_NEAR(drifted(gauge), fresh, 1e-6);                     // as a truth: trimmed
  EXPECT_GT(error({gauge, other}, 0), fresh + 0.05);            // as a drift: not
  EXPECT_NEAR(error({gauge, other}, 1), drifted(other), 1e-6);  // where no port can
  EXPECT_EQ(error({std::vector<double>(heaters)}, 0), fresh);
}

TEST(CalibratedCore, EveryChipIsOneOfThoseGiven) {
  const Chips c;
  const std::vector<double> other = hidden_parameters(c.shape, c.card, 9, 0);
  const std::vector<std::vector<double>> both{c.truth, other};
  EXPECT_LT(c.error(c.truth, both, 0), 0.1);
  EXPECT_GT(c.error(c.truth, both, 1), 0.5);
  EXPECT_EQ(c.error(c.truth, both, 2), c.error(c.truth, both, 0));
}

TEST(CalibratedCore, IsFreeInWhatNobodyUsesOfATile) {
  const Chips c;
  const auto core = make_calibrated_core(mesh_core(6), {c.shape, c.truth, {c.truth}});
  std::vector<float> targets(36, 0.0F), realised(36), scales(1);
  targets[0] = 1;
  const std::vector<photonic::UsedPart> used{{1, 1}};
  const auto report = core->realise_used({targets, {}, realised, scales, used});
  // Beside zeros, the scale would be the weight: it is what the completion adds, 0.2 % at most.
  EXPECT_GT(scales[0], 1.0001F);
  EXPECT_LT(scales[0], 1.0021F);
  EXPECT_NEAR(realised[0], 1, 0.1);
  for (std::size_t k = 1; k < 36; ++k) EXPECT_EQ(realised[k], 0);
  EXPECT_NEAR(report.squared_error, std::pow(double{realised[0]} - 1, 2), 1e-12);
}

TEST(CalibratedCore, RefusesWeightsThatAreNoNumbers) {
  const Chips c;
  const auto core = make_calibrated_core(mesh_core(6), {c.shape, c.truth, {c.truth}});
  std::vector<float> targets(72), realised(72), scales(2);
  fill_normal(Stream({.seed = 5, .purpose = Purpose::test}), 0, targets);
  EXPECT_NO_THROW(core->realise(targets, {}, realised, scales));
  for (const float wrong : {NAN, INFINITY, -INFINITY}) {
    targets[41] = wrong;
    try {
      core->realise(targets, {}, realised, scales);
      FAIL() << wrong;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("not a finite number"), std::string::npos)
          << error.what();
    }
  }
}

TEST(CalibratedCore, RefusesCoresOfAnotherKindOrSize) {
  const Chips c;
  photonic::CoreCard ring = photonic::default_card("mrr-bank");
  ring.rows = ring.columns = 6;
  for (const auto& card : {mesh_core(5), ring})
    EXPECT_THROW(make_calibrated_core(card, {c.shape, c.truth, {c.truth}}), Error);
  EXPECT_THROW(make_calibrated_core(mesh_core(6), {c.shape, c.truth, {}}), Error);
}

}  // namespace
}  // namespace lightloom::calibration
