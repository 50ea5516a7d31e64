#include "calibration/measurement/measurements_csv.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

/// Two ports, two heaters, two settings and a sweep of three points.
const char* const own_names =
    "# noise_relative = 0.02\n"
    "sweep,heater,input,output,volts,power,v0,v1\n"
    "0,1,0,1,0.5,0.25,1,2\n"
    "0,1,0,1,1.5,0.5,1,2\n"
    "setting,input,v0,v1,p0,p1\n"
    "0,0,1,2,0.75,0.125\n"
    "0,1,1,2,0.0625,0.5\n"
    "1,0,3,4,0.25,0.25\n"
    "1,1,3,4,0.5,0.125\n";

void expect_same(const Measurements& found, const Measurements& wanted) {
  EXPECT_EQ(found.settings, wanted.settings);
  ASSERT_EQ(found.voltages.size(), wanted.voltages.size());
  for (std::size_t i = 0; i < found.voltages.size(); ++i)
    EXPECT_NEAR(found.voltages[i], wanted.voltages[i], 1e-12);
  ASSERT_EQ(found.readings.size(), wanted.readings.size());
  for (std::size_t i = 0; i < found.readings.size(); ++i)
    EXPECT_NEAR(found.readings[i], wanted.readings[i], 1e-7);
  ASSERT_EQ(found.sweeps.size(), 1U);
  EXPECT_EQ(found.sweeps[0].heater, wanted.sweeps[0].heater);
  EXPECT_EQ(found.sweeps[0].input, wanted.sweeps[0].input);
  EXPECT_EQ(found.sweeps[0].output, wanted.sweeps[0].output);
  for (std::size_t i = 0; i < wanted.sweeps[0].volts.size(); ++i) {
    EXPECT_NEAR(found.sweeps[0].volts[i], wanted.sweeps[0].volts[i], 1e-12);
    EXPECT_NEAR(found.sweeps[0].readings[i], wanted.sweeps[0].readings[i], 1e-7);
    EXPECT_NEAR(found.sweeps[0].base_V[i], wanted.sweeps[0].base_V[i], 1e-12);
  }
}

Measurements read(const std::string& text) { return parse_measurements_csv(text, "lab.csv"); }

/// The message of a refused file, or "" where it is taken.
std::string refusal(const std::string& text) {
  try {
    read(text);
  } catch (const Error& problem) {
    return problem.what();
  }
  return "";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(MeasurementsCsv, UnitsInHeadersAreConverted) {
  // Light of 0.5 mW is sent in: 0.75 of it are 375 uW, 0.25 are 125 uW.
  const Measurements found = read(
      "# noise_relative = 0.02\n# input_power_mW = 0.5\n"
      "sweep,heater,input,output,Voltage [mV],Power (mW),v0,v1 [mV]\n"
      "0,1,0,1,500,0.125,1,2000\n"
      "0,1,0,1,1500,0.25,1,2000\n"
      "setting,input,v0 [V],v1 [mV],p0 [uW],p1_mW\n"
      "0,0,1,2000,375,0.0625\n"
      "0,1,1,2000,31.25,0.25\n"
      "1,0,3,4000,125,0.125\n"
      "1,1,3,4000,250,0.0625\n");
  expect_same(found, read(own_names));
}

TEST(MeasurementsCsv, DecibelsOfAMilliwattAreConverted) {
  // 10 log10(0.75 * 0.5 mW) and so on.
  const auto dbm = [](double share) { return std::to_string(10 * std::log10(0.5 * share)); };
  const std::string text =
      "# input_power_mW = 0.5\n"
      "sweep,heater,input,output,volts,power [dBm],v0,v1\n0,1,0,1,0.5," +
      dbm(0.25) + ",1,2\n0,1,0,1,1.5," + dbm(0.5) +
      ",1,2\nsetting,input,v0,v1,p0 [dBm],p1 [dBm]\n" + "0,0,1,2," + dbm(0.75) + "," + dbm(0.125) +
      "\n0,1,1,2," + dbm(0.0625) + "," + dbm(0.5) + "\n1,0,3,4," + dbm(0.25) + "," + dbm(0.25) +
      "\n1,1,3,4," + dbm(0.5) + "," + dbm(0.125) + "\n";
  expect_same(read(text), read(own_names));
}

TEST(MeasurementsCsv, PhotocurrentsAreSharesOfThatOfAllTheLight) {
  // All the light that is sent in would give 0.4 mA: 0.75 of it are 300 uA.
  const std::string text =
      "# noise_relative = 0.02\n# input_current_mA = 0.4\n"
      "sweep,heater,input,output,volts,power [mA],v0,v1\n"
      "0,1,0,1,0.5,0.1,1,2\n"
      "0,1,0,1,1.5,0.2,1,2\n"
      "setting,input,v0,v1,p0 [uA],p1 [mA]\n"
      "0,0,1,2,300,0.05\n"
      "0,1,1,2,25,0.2\n"
      "1,0,3,4,100,0.1\n"
      "1,1,3,4,200,0.05\n";
  expect_same(read(text), read(own_names));
  const std::string unsaid = refusal(replaced(text, "# input_current_mA", "# input_power_mW"));
  EXPECT_NE(unsaid.find("add the line '# input_current_mA = ...'"), std::string::npos) << unsaid;
}

TEST(MeasurementsCsv, UnitsMayStandInARowBelowTheNames) {
  const std::string text =
      "# noise_relative = 0.02\n# input_power_mW = 0.5\n"
      "sweep,heater,input,output,volts,power,v0,v1\n"
      ",,,,mV,mW,V,mV\n"
      "0,1,0,1,500,0.125,1,2000\n"
      "0,1,0,1,1500,0.25,1,2000\n"
      "setting,input,v0,v1,p0,p1\n"
      "-,-,V,mV,uW,mW\n"
      "0,0,1,2000,375,0.0625\n"
      "0,1,1,2000,31.25,0.25\n"
      "1,0,3,4000,125,0.125\n"
      "1,1,3,4000,250,0.0625\n";
  expect_same(read(text), read(own_names));
  EXPECT_NE(
      refusal(replaced(text, "-,-,V,mV,uW,mW", "-,-,V,mV,uW,V")).find("no unit of an optical"),
      std::string::npos);
  EXPECT_NE(refusal(replaced(text, "-,-,V,mV,uW,mW", "-,-,V,mV,uW,furlong")), "");
}

TEST(MeasurementsCsv, UsualNamesOfColumnsAreTaken) {
  std::string text = replaced(own_names, "sweep,heater,input,output,volts,power,v0,v1",
                              "Sweep,Shifter,In,Out,V,P,heater 0,heater 1");
  text = replaced(text, "setting,input,v0,v1,p0,p1", "Setting,Input port,V0,V1,det0,Detector_1");
  expect_same(read(text), read(own_names));
}

TEST(MeasurementsCsv, RowsOfSettingsMayStandInAnyOrder) {
  const std::string first = "0,0,1,2,0.75,0.125\n", last = "1,1,3,4,0.5,0.125\n";
  std::string text = replaced(own_names, first, "");
  text = replaced(text, last, last + first);
  expect_same(read(text), read(own_names));
}

TEST(MeasurementsCsv, FilesThatCountFromOneAreTakenWhereNothingElseIsPossible) {
  const std::string text =
      "sweep,heater,input,output,volts,power,v0,v1\n"
      "1,2,1,2,0.5,0.25,1,2\n1,2,1,2,1.5,0.5,1,2\n"
      "setting,input,v0,v1,p0,p1\n"
      "1,1,1,2,0.75,0.125\n1,2,1,2,0.0625,0.5\n2,1,3,4,0.25,0.25\n2,2,3,4,0.5,0.125\n";
  expect_same(read(text), read(own_names));
  EXPECT_EQ(read(text).notes.at("counted_from"), "1");
  EXPECT_NE(refusal(replaced(text, "1,2,1,2,0.5", "1,2,0,2,0.5")).find("sweeps count input from 0"),
            std::string::npos);
}

TEST(MeasurementsCsv, WhatCannotBeReadIsSaidWithItsLine) {
  const std::string header = "setting,input,v0,v1,p0,p1";
  const struct {
    std::string text, said;
  } cases[] = {
      {replaced(own_names, header, "setting,input,v0,v1,p0 [uW],p1"), "add the line"},
      {replaced(own_names, header, "setting,input,v0 [mA],v1,p0,p1"), "no unit of a voltage"},
      {replaced(own_names, header, "setting,input,v0,v1,p0 [dB],p1"), "relative to what"},
      {replaced(own_names, header, "setting,input,v0,v1,p0 [V],p1"), "no unit of an optical power"},
      {replaced(own_names, header, "setting,input [s],v0,v1,p0,p1"), "no unit of a number"},
      {replaced(own_names, header, "setting,input,v0,v1,p1,p0"), "'p1' is out of order"},
      {replaced(own_names, header, "row,input,v0,v1,p0,p1"), "the first column is 'row'"},
      {replaced(own_names, "1,1,3,4,0.5,0.125", "1,0,3,4,0.5,0.125"), "lists all 2 ports once"},
      {replaced(own_names, "1,1,3,4,0.5,0.125\n", ""), "3 rows of readings"},
      {replaced(own_names, "1,0,3", "nan,0,3"), "there is no setting nan"},
      {replaced(own_names, "1,0,3", "0.5,0,3"), "there is no setting 0.5"},
      {replaced(own_names, "# noise_relative = 0.02", "# input_power_mW = -1"), "above 0 mW"},
      {replaced(own_names, "# noise_relative = 0.02", "# input_current_mA = 0"), "above 0 mA"},
  };
  for (const auto& [text, said] : cases)
    EXPECT_NE(refusal(text).find(said), std::string::npos) << said << "\n" << refusal(text);
  EXPECT_EQ(refusal(own_names), "");
}

}  // namespace
}  // namespace lightloom::calibration
