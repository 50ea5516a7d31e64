// Every unit by the International System, not by our own list; and tables whose numbers or columns
// look like others.
#include "calibration/tables/lab_units.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numbers>

#include "calibration/tables/heater_sweep.hpp"
#include "calibration/tables/spectrum_table.hpp"

namespace lightloom::calibration {
namespace {

using UnitValues = std::map<std::string, double>;

void expect_units(Quantity quantity, const UnitValues& values) {
  for (const auto& [symbol, value] : values) {
    const auto unit = lab_unit(symbol);
    ASSERT_TRUE(unit) << symbol;
    EXPECT_EQ(unit->quantity, quantity) << symbol;
    EXPECT_NEAR(unit->factor, value, 1e-12 * value) << symbol;
  }
}

TEST(LabUnits, AreThoseOfTheInternationalSystem) {
  const auto prefixed = [](Quantity quantity, const std::string& unit, double value,
                           const std::string& prefixes) {
    const std::map<char, double> sizes{{'f', 1e-15}, {'p', 1e-12}, {'n', 1e-9}, {'u', 1e-6},
                                       {'m', 1e-3},  {'k', 1e3},   {'M', 1e6},  {'G', 1e9},
                                       {'T', 1e12},  {'a', 1e-18}};
    UnitValues all{{unit, value}};
    for (const char prefix : prefixes) all[prefix + unit] = sizes.at(prefix) * value;
    expect_units(quantity, all);
  };
  prefixed(Quantity::voltage, "V", 1, "umk");
  prefixed(Quantity::current, "A", 1e3, "pnum");
  prefixed(Quantity::power, "W", 1e3, "fpnumk");
  prefixed(Quantity::length, "m", 1e9, "pnum");
  prefixed(Quantity::frequency, "Hz", 1e-12, "MGT");
  prefixed(Quantity::time, "s", 1, "num");
  prefixed(Quantity::energy, "J", 1e12, "afpnum");
  prefixed(Quantity::angle, "rad", 1, "um");
  for (const char* minute : {"min", "mins", "minute", "minutes"})
    expect_units(Quantity::time, {{minute, 60}});
  for (const char* hour : {"h", "hr", "hrs", "hour", "hours"})
    expect_units(Quantity::time, {{hour, 3600}});
  for (const char* day : {"d", "day", "days"}) expect_units(Quantity::time, {{day, 86400}});
  const double pi = std::numbers::pi;
  expect_units(Quantity::angle, {{"deg", pi / 180},
                                 {"degrees", pi / 180},
                                 {"pi", pi},
                                 {"turns", 2 * pi},
                                 {"cycles", 2 * pi}});
  expect_units(Quantity::frequency, {{"cm-1", 0.0299792458}, {"1/cm", 0.0299792458}});
  expect_units(Quantity::energy, {{"eV", 1.602176634e-7}});
  expect_units(Quantity::length, {{"Angstrom", 0.1}, {"micron", 1e3}});
}

TEST(LabUnits, OfOneLetterAreWrittenAsTheyAre) {
  for (const char* letter : {"S", "M", "a", "H", "D", "j"})
    EXPECT_FALSE(lab_unit(letter)) << letter;
  EXPECT_TRUE(lab_unit("v"));
  EXPECT_TRUE(lab_unit("w"));
}

TEST(LabTable, AColumnWhoseUnitMeasuresSomethingElseIsNotTheVoltage) {
  const HeaterSweep sweep = heater_sweep_from(
      read_lab_table("voltage sample [s],out [V],power [mW]\n0,5,1\n1,6,2\n2,7,1\n3,8,2\n",
                     "lab.csv"),
      {});
  EXPECT_EQ(sweep.drive, (std::vector<double>{5, 6, 7, 8}));
}

TEST(LabTable, AColumnAskedForByNameIsWhatItsUnitSays) {
  const HeaterSweep sweep = heater_sweep_from(
      read_lab_table("knob [W],signal [mW]\n0,1\n0.01,2\n0.02,1\n0.03,2\n", "lab.csv"),
      {.x = "knob"});
  EXPECT_EQ(sweep.over, Drive::power);
  EXPECT_NEAR(sweep.drive[3], 30, 1e-9);
}

TEST(LabTable, ANineAmongSmallReadingsIsAReading) {
  const HeaterSweep sweep = heater_sweep_from(
      read_lab_table("voltage_V,power\n0,0.1\n1,0.11\n2,9\n3,0.12\n4,0.1\n", "lab.csv"), {});
  EXPECT_EQ(sweep.readings.size(), 5u);
}

TEST(SpectrumTable, RowsOfDecimalCommasAreNotATableOfCommas) {
  std::string text = "Wellenlaenge;Leistung dBm\n";
  for (int i = 0; i < 8; ++i)
    text += "1.55" + std::to_string(i) + ",25;-3" + std::to_string(i) + ",5\n";
  const Spectrum spectrum = spectrum_from(read_lab_table(text, "lab.csv"), {});
  ASSERT_EQ(spectrum.wavelength_nm.size(), 8u);
  EXPECT_NEAR(spectrum.wavelength_nm[3], 1553.25, 1e-9);
  EXPECT_NEAR(spectrum.power[3], std::pow(10, -3.35), 1e-9);
}

TEST(SpectrumTable, PiecesThatDifferByTheirNoiseAloneKeepTheirReadings) {
  // Eleven wavelengths twice, scattered by 2 %, the later ones by 0.25 % higher: within their
  // error.
  std::string text = "wavelength_nm,power\n";
  for (int nm = 1500; nm <= 1520; ++nm)
    text += std::to_string(nm) + (nm % 2 == 0 ? ",4.08\n" : ",3.92\n");
  for (int nm = 1510; nm <= 1530; ++nm)
    text += std::to_string(nm) + (nm % 3 == 0 ? ",4.09\n" : ",3.93\n");
  const Spectrum spectrum = spectrum_from(read_lab_table(text, "lab.csv"), {});
  for (const std::string& note : spectrum.notes)
    EXPECT_EQ(note.find("is scaled"), std::string::npos) << note;
  EXPECT_EQ(spectrum.power.back(), 4.09);
}

}  // namespace
}  // namespace lightloom::calibration
