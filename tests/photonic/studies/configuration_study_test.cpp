#include "photonic/studies/configuration_study.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "photonic/cores/kinds/mzi_core.hpp"

namespace lightloom::photonic {
namespace {

/// Chips of six modes, small enough errors for every device to reach its setting in most of them,
/// and phases of their own on every shifter.
CoreCard unknown_chips() {
  CoreCard card = default_card("mzi-mesh");
  mesh_part(card).mesh.modes = 6;
  mesh_part(card).fabrication.splitter_sigma_rad = 0.01;
  mesh_part(card).phase_bias = PhaseBias::uniform;
  card.phase_sigma_rad = 0.05;
  return card;
}

TEST(ConfigureChips, NullingReachesTheTargetWhereEveryDeviceDarkens) {
  for (const auto method : {ConfigurationMethod::nulling, ConfigurationMethod::nulling_powers}) {
    const ConfiguredChips chips = configure_chips(unknown_chips(), {.chips = 6, .seed = 2}, method);
    ASSERT_EQ(chips.error_after.size(), 6U);
    int reached = 0;
    for (std::size_t i = 0; i < 6; ++i) {
      EXPECT_GT(chips.error_before[i], 0.3);  // phases without drive are anywhere
      if (chips.unreachable[i] > 0) continue;
      ++reached;
      EXPECT_LT(chips.error_after[i], 1e-9) << i;
    }
    EXPECT_GE(reached, 3);
    EXPECT_GE(chips.readings[0], 8 * 15 - 4 * 5);
  }
}

TEST(ConfigureChips, SelfConfigurationComesNearer) {
  CoreCard card = unknown_chips();
  mesh_part(card).mesh.modes = 4;
  const ConfiguredChips chips =
      configure_chips(card, {.chips = 3, .seed = 2}, ConfigurationMethod::self);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_LT(chips.error_after[i], 0.7 * chips.error_before[i]);
  EXPECT_EQ(chips.modes, 4);
  EXPECT_EQ(chips.readings[0], 9 + 8 * 3 * (2 * 6 + 4));  // eight rounds and what they came to
}

TEST(ConfigureChips, ErrorsNewAtEveryWriteCannotBeNulled) {
  CoreCard card = unknown_chips();
  card.programming_sigma_rad = 0.01;
  const ConfiguredChips chips =
      configure_chips(card, {.chips = 2, .seed = 2}, ConfigurationMethod::nulling);
  for (const double error : chips.error_after) EXPECT_GT(error, 0.01);
}

TEST(ConfigureChips, WhatTheCardKnowsOfItsChipsIsNotUsed) {
  CoreCard card = unknown_chips(), knowing = card;
  card.correction = Correction::none;
  knowing.correction = Correction::local;
  EXPECT_EQ(configure_chips(card, {.chips = 1}, ConfigurationMethod::nulling).error_before,
            configure_chips(knowing, {.chips = 1}, ConfigurationMethod::nulling).error_before);
}

TEST(ConfigureChips, RefusesCoresWithoutMeshesAndDevicesThatNullingCannotSet) {
  EXPECT_THROW(configure_chips(default_card("mrr-bank"), {}, ConfigurationMethod::self), Error);
  CoreCard card = unknown_chips();
  mesh_part(card).mesh.device = DeviceKind::compact;
  EXPECT_THROW(configure_chips(card, {.chips = 1}, ConfigurationMethod::nulling), Error);
  EXPECT_NO_THROW(configure_chips(card, {.chips = 1}, ConfigurationMethod::self));
  EXPECT_THROW(configure_chips(card, {.chips = 0}, ConfigurationMethod::self), Error);
}

}  // namespace
}  // namespace lightloom::photonic
