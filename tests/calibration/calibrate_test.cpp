#include "calibration/calibrate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "calibration/calibration_card.hpp"
#include "calibration/laboratory/heater_sweeps.hpp"
#include "calibration/laboratory/virtual_chip.hpp"
#include "calibration/model/chip_card.hpp"
#include "calibration/model/device_card.hpp"
#include "core/cards/tree.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

const ChipCard four_ports{.modes = 4};

/// One chip measured once, for tests that spoil copies of its data.
const Measurements& good_data() {
  static const Measurements data = [] {
    const ChipShape shape = chip_shape(four_ports);
    VirtualChip chip(shape, hidden_parameters(shape, four_ports, 8, 0), {}, {8});
    const SweepRun run = sweep_heaters(shape, instrument_of(chip), {});
    Measurements measured = measure(chip, random_voltages(shape, 40, 6.5, 8), single_ports(4));
    measured.sweeps = run.sweeps;
    add_notes(four_ports, measured);
    return measured;
  }();
  return data;
}

/// What `calibrate` says of the data after `spoil`, "" when it fits them.
template <class Spoil>
std::string complaint(const Spoil& spoil) {
  Measurements bad = good_data();
  spoil(bad);
  try {
    calibrate(chip_shape(four_ports), bad, {});
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

TEST(Calibrate, CountsWhatTheDataDetermineByBothMethods) {
  const ChipShape shape = chip_shape(four_ports);
  const Calibration found = calibrate(shape, good_data(), {});
  EXPECT_TRUE(found.visibility.by_jacobian);
  // docs/models/calibration/mesh.md#gauges: N - 1 input phases with crosstalk free, one scale.
  EXPECT_EQ(found.visibility.unknowns - found.visibility.rank, 4);
  EXPECT_TRUE(found.visibility.unexplained.empty());
  const Visibility certified = visibility_of(shape, good_data(), found.fit, {.dense_limit = 0});
  EXPECT_FALSE(certified.by_jacobian);
  EXPECT_EQ(certified.rank, found.visibility.rank);
  EXPECT_EQ(certified.unknowns, found.visibility.unknowns);
  EXPECT_EQ(certified.null_directions, found.visibility.null_directions);
}

TEST(Calibrate, NamesEachParameterThatTooFewSettingsLeaveOpen) {
  const ChipShape shape = chip_shape(four_ports);
  Measurements data = good_data();
  const Calibration found = calibrate(shape, data, {});
  data.settings = 1;  // gamma and phi_0 cannot be told apart
  data.voltages.resize(12);
  data.readings.resize(16);
  EXPECT_FALSE(visibility_of(shape, data, found.fit, {.dense_limit = 0}).unexplained.empty());
  EXPECT_LT(visibility_of(shape, data, found.fit, {.dense_limit = 0}).rank, found.visibility.rank);
}

TEST(Calibrate, NamesSwappedColumnsOfDetectorsInputsAndHeaters) {
  EXPECT_EQ(complaint([](Measurements&) {}), "");
  EXPECT_TRUE(contains(complaint([](Measurements& m) {
                         for (std::size_t row = 0; row < m.readings.size(); row += 4)
                           std::swap(m.readings[row], m.readings[row + 2]);
                       }),
                       "detectors 0 and 2 seem swapped"));
  EXPECT_TRUE(contains(complaint([](Measurements& m) {
                         for (std::size_t s = 0; s < m.readings.size(); s += 16)
                           for (std::size_t p = 0; p < 4; ++p)
                             std::swap(m.readings[s + 4 + p], m.readings[s + 8 + p]);
                       }),
                       "inputs 1 and 2 seem swapped"));
  EXPECT_TRUE(contains(complaint([](Measurements& m) {
                         for (std::size_t s = 0; s < m.voltages.size(); s += 12)
                           std::swap(m.voltages[s + 3], m.voltages[s + 8]);
                       }),
                       "the voltages of heaters 3 and 8 seem swapped"));
}

TEST(Calibrate, RefusesSweepsThatCannotBeReadAndReadingsOfAnotherChip) {
  EXPECT_TRUE(contains(complaint([](Measurements& m) { m.sweeps[2].readings[3] = NAN; }),
                       "sweep 2: a reading is not finite"));
  EXPECT_TRUE(contains(complaint([](Measurements& m) { m.sweeps[1].heater = 12; }),
                       "sweep 1: heater 12 of 12"));
  EXPECT_TRUE(contains(complaint([](Measurements& m) {
                         for (double& v : m.sweeps[0].volts) v = 2;
                       }),
                       "sweep 0: its voltage never changes"));
  EXPECT_TRUE(contains(complaint([](Measurements& m) {
                         std::vector<double>& volts = m.sweeps[0].volts;
                         for (std::size_t i = 0; i < volts.size(); ++i)
                           volts[i] = std::sqrt(25.0 * static_cast<double>(i));
                       }),
                       "aliased sweeps"));
  EXPECT_TRUE(contains(complaint([](Measurements& m) {
                         std::rotate(m.readings.begin(), m.readings.begin() + 16, m.readings.end());
                       }),
                       "no chip of this shape gives these readings"));
  EXPECT_TRUE(contains(complaint([](Measurements& m) { m.sweeps.clear(); }), "sweep every heater"));
}

TEST(Calibrate, StartsFromAnEarlierCardWithoutSweeps) {
  const ChipShape shape = chip_shape(four_ports);
  const Calibration first = calibrate(shape, good_data(), {});
  Measurements later = good_data();
  later.sweeps.clear();
  const Tree card =
      parse_yaml(to_yaml(device_card(shape, first.fit.parameters, first.fit.sigma)), "device.yaml");
  const Calibration again = calibrate(shape, later, {}, parameters_of_card(shape, card));
  EXPECT_NEAR(again.fit.chi2, first.fit.chi2, 1e-3 * first.fit.chi2);
}

TEST(Calibrate, PutsTheStrangestDeviceFirst) {
  ChipCard chip = four_ports;
  const ChipShape shape = chip_shape(chip);
  std::vector<double> hidden = hidden_parameters(shape, chip, 8, 0);
  const int odd = shape.parameters.at(ParameterKind::alpha, 3);
  hidden[static_cast<std::size_t>(odd)] = 0.15;
  VirtualChip device(shape, hidden, {}, {8});
  const SweepRun run = sweep_heaters(shape, instrument_of(device), {});
  Measurements data = measure(device, random_voltages(shape, 40, 6.5, 8), single_ports(4));
  data.sweeps = run.sweeps;
  const Calibration found = calibrate(shape, data, {});
  ASSERT_FALSE(found.worst.empty());
  EXPECT_EQ(found.worst.front().parameter, odd);
  EXPECT_NEAR(found.worst.front().value, 0.15, 5 * found.worst.front().sigma);
}

TEST(CalibrationCard, ACoreCardAndAFittedCardAreChipsToo) {
  const Tree core = parse_yaml(
      "kind: mzi-mesh\nmesh: {modes: 5, device_loss_db: 0.2}\nfabrication: {splitter_sigma_rad: "
      "0.03}\nheater: {pi_voltage_V: 5}\nsettings: 7\nlaboratory: {max_voltage_V: 8}\n",
      "core.yaml");
  const HiddenChip from_core = hidden_chip(core);
  EXPECT_EQ(from_core.shape.ports(), 5);
  EXPECT_EQ(from_core.card.chip.pi_voltage_V, 5);
  EXPECT_EQ(from_core.card.fit.device_loss_db, 0.2);
  EXPECT_EQ(from_core.card.laboratory.max_voltage_V, 8);
  EXPECT_EQ(from_core.card.settings, 7);
  const Tree device = parse_yaml(
      to_yaml(device_card(from_core.shape, from_core.parameters, {})) + "settings: 9\n", "d.yaml");
  const HiddenChip again = hidden_chip(device);
  EXPECT_EQ(again.parameters, from_core.parameters);
  EXPECT_EQ(again.card.settings, 9);
  EXPECT_THROW(hidden_chip(parse_yaml("kind: mrr-bank\n", "ring.yaml")), Error);
}

TEST(CalibrationCard, TakesTheChipFromTheNotesOfTheDataUnlessGiven) {
  Measurements data = good_data();
  data.notes["pi_voltage_V"] = "5.5";
  EXPECT_EQ(card_for(data, Tree{}).fit.pi_voltage_V, 5.5);
  EXPECT_EQ(card_for(data, Tree{}).chip.modes, 4);
  EXPECT_EQ(card_for(data, parse_yaml("chip: {pi_voltage_V: 3}", "c.yaml")).fit.pi_voltage_V, 3);
  data.notes["topology"] = "ring";
  EXPECT_THROW(card_for(data, Tree{}), Error);
}

}  // namespace
}  // namespace lightloom::calibration
