#include "calibration/measurement/measurements_file.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>

#include "calibration/laboratory/heater_sweeps.hpp"
#include "calibration/laboratory/virtual_chip.hpp"
#include "calibration/measurement/measurements_csv.hpp"
#include "calibration/model/chip_card.hpp"
#include "calibration/model/device_card.hpp"
#include "core/error.hpp"
#include "core/files/labelled.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::calibration {
namespace {

Measurements example() {
  const ChipCard card{.modes = 3};
  const ChipShape shape = chip_shape(card);
  LaboratoryCard laboratory;
  laboratory.source_drift = 0.02;
  VirtualChip chip(shape, hidden_parameters(shape, card, 1, 0), laboratory, {1});
  Measurements data = measure(chip, random_voltages(shape, 4, 6.5, 2), single_ports(3));
  data.sweeps = sweep_heaters(shape, instrument_of(chip), {}).sweeps;
  data.notes["chip"] = "A7";
  return data;
}

class MeasurementsFile : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(BothFormats, MeasurementsFile,
                         testing::Values("measurements.h5", "measurements.csv"));

TEST_P(MeasurementsFile, ReadsBackWhatItWroteToTheBit) {
  const Measurements data = example();
  const std::string path = scratch_path(GetParam()).string();
  write_measurements(path, data);
  const Measurements back = read_measurements(path);
  std::remove(path.c_str());
  EXPECT_EQ(back.settings, data.settings);
  EXPECT_EQ(back.voltages, data.voltages);
  EXPECT_EQ(back.readings, data.readings);
  EXPECT_EQ(back.monitor, data.monitor);
  EXPECT_EQ(back.inputs.fields, data.inputs.fields);
  EXPECT_EQ(back.noise.relative, data.noise.relative);
  EXPECT_EQ(back.notes.at("chip"), "A7");
  ASSERT_EQ(back.sweeps.size(), data.sweeps.size());
  for (std::size_t s = 0; s < back.sweeps.size(); ++s) {
    EXPECT_EQ(back.sweeps[s].volts, data.sweeps[s].volts);
    EXPECT_EQ(back.sweeps[s].heater, data.sweeps[s].heater);
    EXPECT_EQ(back.sweeps[s].base_V, data.sweeps[s].base_V);
    EXPECT_EQ(back.sweeps[s].readings, data.sweeps[s].readings);
  }
}

TEST(MeasurementsHdf5, RefusesHeatersAndPortsThatAreNoNumbersOfAny) {
  const std::string path = scratch_path("odd-measurements.h5").string();
  for (const char* name : {"sweep_heater", "sweep_input", "sweep_output"})
    for (const double wrong : {-1.0, 0.5, 3e9, -1e300, std::nan("")}) {
      write_measurements(path, example());
      Labelled file = read_labelled(path);
      for (Variable& variable : file.variables)
        if (variable.name == name)
          variable.values = std::vector<double>(size_of(variable.values), wrong);
      write_labelled(path, file);
      try {
        read_measurements(path);
        ADD_FAILURE() << name << " of " << wrong << " is taken";
      } catch (const Error& problem) {
        EXPECT_NE(std::string(problem.what()).find(name), std::string::npos) << problem.what();
      }
    }
  std::remove(path.c_str());
}

const char* const two_ports =
    "# noise_relative = 0.02\n# chip = B2\n"
    "setting,input,v0,v1,p0,p1\n"
    "0,0,1.5,2,0.25,0.75\n0,1,1.5,2,0.75,0.25\n";

TEST(MeasurementsText, ReadsCsvThatAScriptWrote) {
  const Measurements data = parse_measurements_csv(two_ports, "lab.csv");
  EXPECT_EQ(data.settings, 1);
  EXPECT_EQ(data.voltages, (std::vector<double>{1.5, 2}));
  EXPECT_EQ(data.readings, (std::vector<double>{0.25, 0.75, 0.75, 0.25}));
  EXPECT_EQ(data.noise.relative, 0.02);
  EXPECT_EQ(data.notes.at("chip"), "B2");
}

TEST(MeasurementsText, ReadsOtherDelimitersDecimalCommasAndTrailingOnes) {
  const Measurements plain = parse_measurements_csv(two_ports, "lab.csv");
  const auto changed = [](const std::string& with, bool decimal_commas) {
    std::string text;
    for (const char c : std::string(two_ports))
      text += c == ',' ? with : c == '.' && decimal_commas ? std::string(",") : std::string(1, c);
    return text;
  };
  std::string trailing;
  for (const char c : std::string(two_ports)) {
    trailing += c == '\n' ? std::string(",\n") : std::string(1, c);
  }
  for (const std::string& text : {changed(";", false), changed(";", true), changed("\t", true),
                                  trailing, "\xEF\xBB\xBF" + std::string(two_ports)}) {
    const Measurements read = parse_measurements_csv(text, "lab.csv");
    EXPECT_EQ(read.voltages, plain.voltages) << text;
    EXPECT_EQ(read.readings, plain.readings) << text;
    EXPECT_EQ(read.noise.relative, plain.noise.relative) << text;
  }
}

TEST(MeasurementsText, KeepsWhatIsNotANumberForTheCheckToName) {
  Measurements data = example();
  data.readings[4] = NAN;
  const Measurements back = parse_measurements_csv(measurements_csv(data), "lab.csv");
  EXPECT_TRUE(std::isnan(back.readings[4]));
}

TEST(MeasurementsText, RefusesSwappedColumnsWrongCountsAndText) {
  const auto message = [](std::string text, const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
    try {
      parse_measurements_csv(text, "lab.csv");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(message(two_ports, "p0,p1", "p1,p0").find("lab.csv:3: column 'p1'"), std::string::npos);
  EXPECT_NE(message(two_ports, "0.25,0.75", "0.25").find("lab.csv:4: 5 values for 6"),
            std::string::npos);
  EXPECT_NE(message(two_ports, "0.75,0.25", "0.75,dark").find("'dark' is not a number"),
            std::string::npos);
  EXPECT_NE(message(two_ports, "0,1,1.5", "0,2,1.5").find("wrong port count"), std::string::npos);
  EXPECT_NE(message(two_ports, "0,1,1.5", "0,1,1.6").find("voltages change"), std::string::npos);
}

TEST(MeasurementsText, DeviceCardGivesTheParametersBack) {
  const ChipCard card{.modes = 4};
  const ChipShape shape = chip_shape(card);
  const std::vector<double> truth = hidden_parameters(shape, card, 1, 0);
  const Tree tree = parse_yaml(to_yaml(device_card(shape, truth, truth)), "device.yaml");
  EXPECT_EQ(parameters_of_card(shape, tree), truth);
  EXPECT_THROW(parameters_of_card(chip_shape({.modes = 5}), tree), Error);
}

}  // namespace
}  // namespace lightloom::calibration
