// The same few numbers as many laboratories write them.
#include "calibration/tables/lab_table.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "calibration/tables/heater_sweep.hpp"
#include "calibration/tables/lab_units.hpp"
#include "calibration/tables/spectrum_table.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

const std::vector<double> table_volts{0, 0.5, 1, 1.5, 2, 2.5};
const std::vector<double> table_milliwatts{0.9, 0.75, 0.5, 0.125, 0.25, 0.625};

HeaterSweep heater(const std::string& text) {
  return heater_sweep_from(read_lab_table(text, "lab.csv"), {});
}

void expect_table(const std::string& text) {
  const HeaterSweep sweep = heater(text);
  ASSERT_EQ(sweep.drive.size(), table_volts.size()) << text;
  for (std::size_t i = 0; i < table_volts.size(); ++i) {
    EXPECT_NEAR(sweep.drive[i], table_volts[i], 1e-12) << text;
    EXPECT_NEAR(sweep.readings[i], table_milliwatts[i], 1e-12) << text;
  }
}

std::string refusal(const std::string& text) {
  try {
    heater(text);
  } catch (const Error& problem) {
    return problem.what();
  }
  return "";
}

TEST(LabTable, ReadsSeparatorsDecimalMarksHeadersAndPreamblesAlike) {
  const std::string rows = "0,0.9\n0.5,0.75\n1,0.5\n1.5,0.125\n2,0.25\n2.5,0.625\n";
  expect_table("voltage_V,power\n" + rows);
  expect_table(rows);
  expect_table("\xEF\xBB\xBFVoltage [V],Optical power [mW]\n" + rows);
  expect_table("Bench 7\nLaser: 1550 nm\nPoints, 6\n# by hand\nVoltage (V),Power (mW)\n" + rows);
  expect_table("voltage,power\nV,mW\n" + rows);
  expect_table("# voltage_V,power\n" + rows);
  expect_table(
      "\"voltage_V\",\"power\"\r\n0,0.9\r\n0.5,0.75\r\n1,0.5\r\n1.5,0.125\r\n2,0.25\r\n2.5,0."
      "625\r\n");
  expect_table("voltage_V;power\n0;0,9\n0,5;0,75\n1;0,5\n1,5;0,125\n2;0,25\n2,5;0,625\n");
  expect_table("voltage_V\tpower\n0\t0.9\n0.5\t0.75\n1\t0.5\n1.5\t0.125\n2\t0.25\n2.5\t0.625\n");
  expect_table("voltage_V power\n0 0.9\n0.5  0.75\n1 0.5\n1.5 0.125\n2 0.25\n2.5 0.625\n");
  expect_table(
      "voltage_V,power\n+0.0E+00,+9.0E-01\n+5D-01,7.5e-1\n1,0.5\n1.5,0.125\n2,.25\n2.5,0.625,\n");
  expect_table(
      "Voltage_mV,power_W\n0,9e-4\n500,7.5e-4\n1000,5e-4\n1500,1.25e-4\n2000,2.5e-4\n2500,6.25e-"
      "4\n");
  expect_table(
      "n,time,voltage_V,current_mA,power\n0,12:00:01,0,0,0.9\n1,12:00:02,0.5,1,0.75\n"
      "2,12:00:03,1,2,0.5\n3,12:00:04,1.5,3,0.125\n4,12:00:05,2,4,0.25\n5,12:00:06,2.5,5,0.625\n");
}

TEST(LabTable, ReadsAQuantityALine) {
  const LabTable table = read_lab_table(
      "Bench 7\nwavelength,1500,1501,1502,1503,1504,1505,1506,1507\n"
      "channel_1 [dBm],-10,-20,-10,-10,-10,-20,-10,-10\n",
      "lab.csv");
  EXPECT_TRUE(table.transposed);
  const Spectrum spectrum = spectrum_from(table, {});
  ASSERT_EQ(spectrum.power.size(), 8u);
  EXPECT_NEAR(spectrum.wavelength_nm[7], 1507, 1e-9);
  EXPECT_NEAR(spectrum.power[1], 0.01, 1e-12);  // 10^(-20 / 10) mW
}

TEST(LabTable, LeavesOutRowsWithoutAReadingAndSaysWhere) {
  const HeaterSweep sweep =
      heater("voltage_V,power\n0,0.9\n0.5,NaN\n1,9.9E+37\n1.5,\n2,0.25\n2.5,0.625\nthe end\n");
  EXPECT_EQ(sweep.drive, (std::vector<double>{0, 2, 2.5}));
  EXPECT_EQ(sweep.lines, (std::vector<int>{2, 6, 7}));
  ASSERT_EQ(sweep.notes.size(), 2u);
  EXPECT_NE(sweep.notes[0].find("line 8"), std::string::npos) << sweep.notes[0];
  EXPECT_NE(sweep.notes[1].find("3, 4, 5"), std::string::npos) << sweep.notes[1];
}

TEST(LabTable, RefusesWhatCanBeReadInTwoWaysOrNotAtAll) {
  EXPECT_NE(refusal("voltage_V,power\n0,5,0,75\n1,5,0,25\n2,5,0,35\n").find("decimal commas"),
            std::string::npos);
  EXPECT_NE(refusal("").find("empty"), std::string::npos);
  EXPECT_NE(refusal("power\n1\n2\n3\n").find("two columns"), std::string::npos);
  EXPECT_NE(refusal("voltage_V,power\n").find("no table of numbers"), std::string::npos);
  EXPECT_NE(refusal("voltage_V,power\n0,1\n2500,2\n5000,1\n").find("millivolts"),
            std::string::npos);
  EXPECT_NE(refusal("speed,size\n0,1\n2,2\n3,1\n").find("the voltage"), std::string::npos);
}

TEST(LabTable, TellsDecibelsBySignUnitOrWord) {
  EXPECT_TRUE(heater("voltage_V,power\n0,-3\n1,-10\n2,-20\n").decibels);
  EXPECT_NEAR(heater("voltage_V,power\n0,-3\n1,-10\n2,-20\n").readings[2], 0.01, 1e-12);
  EXPECT_TRUE(heater("voltage_V,power [dBm]\n0,3\n1,1\n2,2\n").decibels);
  EXPECT_FALSE(heater("voltage_V,power\n0,3\n1,1\n2,2\n").decibels);
  EXPECT_TRUE(heater("voltage_V,power\n0,0.3\n1,-0.1\n2,0.2\n").unsure);
}

TEST(LabTable, TakesElectricalPowerFromItsColumnOrVoltageTimesCurrent) {
  const std::string text = "Voltage [V],Current [mA],Power [uW]\n0,0,1\n1,2,2\n2,4,1\n3,6,2\n";
  const HeaterSweep sweep =
      heater_sweep_from(read_lab_table(text, "lab.csv"), {.over = Drive::power});
  EXPECT_EQ(sweep.drive, (std::vector<double>{0, 2, 8, 18}));  // V times mA is mW
  EXPECT_NEAR(sweep.readings[1], 2e-3, 1e-15);
  EXPECT_EQ(heater("Electrical power [W],Power\n0,1\n0.01,2\n0.02,1\n").over, Drive::power);
  EXPECT_EQ(heater("Electrical power [W],Power\n0,1\n0.01,2\n0.02,1\n").drive[1], 10);
}

TEST(LabUnits, AreTakenFromHeadersInTheirUsualForms) {
  for (const std::string head :
       {"Power [uW]", "Power (uW)", "power_uW", "Power / uW", "POWER_UW"}) {
    const ColumnHead found = column_head(head);
    ASSERT_TRUE(lab_unit(found.unit)) << head;
    EXPECT_EQ(lab_unit(found.unit)->quantity, Quantity::power) << head;
    EXPECT_DOUBLE_EQ(lab_unit(found.unit)->factor, 1e-3) << head;
  }
  EXPECT_EQ(column_head("Channel A").unit, "");
  EXPECT_DOUBLE_EQ(lab_unit("mV")->factor, 1e-3);
  EXPECT_DOUBLE_EQ(lab_unit("GHz")->factor, 1e-3);  // THz
  EXPECT_FALSE(lab_unit("furlong"));
}

TEST(LabUnits, AreTakenFromNamesOfAnyLanguage) {
  const std::pair<const char*, const char*> heads[] = {{"Spannung_V", "V"},
                                                       {"Strom_mA", "mA"},
                                                       {"U (mV)", "mV"},
                                                       {"leistung/dBm", "dBm"},
                                                       {"P_opt_uW", "uW"},
                                                       {"U / V", "V"},
                                                       {"Strom in A", "A"},
                                                       {"lambda_m", "m"},
                                                       {"Tensione V", "V"},
                                                       {"t_s", "s"},
                                                       {"Zeit_min", "min"},
                                                       {"Ausgang_MW", "MW"},
                                                       {"ch1_V", "V"},
                                                       {"Heater [A]", "A"},
                                                       {"Kanal / A", "A"},
                                                       {"I_heater_A", "A"},
                                                       {"photo current_mV", "mV"},
                                                       {"total_J", "J"},
                                                       {"Detuning_GHz", "GHz"}};
  for (const auto& [text, unit] : heads) EXPECT_EQ(column_head(text).unit, unit) << text;
}

TEST(LabUnits, AreNotReadIntoNamesThatEndAlike) {
  for (const char* text : {"Kanal_A", "channel_V", "Port W", "P_min", "V_min", "power_pm",
                           "P_1550_nm", "laser_1550_nm", "sweep_min", "voltage_1", "heater_A",
                           "sample_s", "mode_m", "speed m", "power_ms"})
    EXPECT_EQ(column_head(text).unit, "") << text;
  const auto units = [](const std::vector<std::string>& names) {
    std::vector<std::string> all;
    for (const ColumnHead& head : column_heads(names)) all.push_back(head.unit);
    return all;
  };
  using Units = std::vector<std::string>;
  EXPECT_EQ(units({"I_A", "I_B"}), (Units{"", ""}));
  EXPECT_EQ(units({"Power_H", "Power_V"}), (Units{"", ""}));
  EXPECT_EQ(units({"U_V", "I_A"}), (Units{"V", "A"}));
  EXPECT_EQ(units({"U_V", "U_V"}), (Units{"V", "V"}));
}

TEST(LabUnits, TwoOfOneColumnAreRefused) {
  for (const char* text :
       {"Voltage_mV [V]", "Voltage_V [mV]", "power_mW_dBm", "U (V) [mV]", "P / mW (uW)"})
    EXPECT_THROW(column_head(text), Error) << text;
  for (const char* text : {"Voltage_V [V]", "Voltage_mV (mV)", "P (mW) at 1550 nm", "I_V_mA"})
    EXPECT_NO_THROW(column_head(text)) << text;
  EXPECT_NE(refusal("voltage_V,power\nmV,mW\n0,1\n1,2\n2,1\n").find("V in its name and mV"),
            std::string::npos);
  EXPECT_NE(refusal("voltage_mV [V],power\n0,1\n1,2\n2,1\n").find("two units, mV and V"),
            std::string::npos);
}

TEST(LabTable, ReadsColumnsOfUnknownNamesByTheirUnits) {
  expect_table("Spannung_mV;Leistung_uW\n0;900\n500;750\n1000;500\n1500;125\n2000;250\n2500;625\n");
}

TEST(SpectrumTable, TurnsJoinsScalesAndAveragesPieces) {
  // 1500 to 1509 falling, then 1507 to 1515 rising and half as bright.
  std::string text = "wavelength_nm,power\n";
  for (int nm = 1509; nm >= 1500; --nm) text += std::to_string(nm) + ",4\n";
  for (int nm = 1507; nm <= 1515; ++nm) text += std::to_string(nm) + ",2\n";
  const Spectrum spectrum = spectrum_from(read_lab_table(text, "lab.csv"), {});
  ASSERT_EQ(spectrum.wavelength_nm.size(), 16u);
  for (std::size_t i = 0; i < 16; ++i) {
    EXPECT_DOUBLE_EQ(spectrum.wavelength_nm[i], 1500.0 + static_cast<double>(i));
    EXPECT_NEAR(spectrum.power[i], 4, 1e-9);
  }
}

TEST(SpectrumTable, ReadsWavelengthsInAnyUnitAndFrequencies) {
  const auto first = [](const std::string& text) {
    return spectrum_from(read_lab_table(text, "lab.csv"), {}).wavelength_nm.front();
  };
  EXPECT_NEAR(first("wavelength_nm,power\n1.55,1\n1.56,2\n1.57,1\n"), 1550, 1e-9);
  EXPECT_NEAR(first("wavelength_nm,power\n1.55e-6,1\n1.56e-6,2\n1.57e-6,1\n"), 1550, 1e-9);
  EXPECT_NEAR(first("Wavelength [um],power\n1.55,1\n1.56,2\n1.57,1\n"), 1550, 1e-9);
  EXPECT_NEAR(first("Frequency [THz],power\n193,1\n192,2\n191,1\n"), 299792.458 / 193, 1e-6);
  EXPECT_THROW(first("wavelength_nm,power\n100,1\n101,2\n102,1\n"), Error);
}

TEST(LabTable, ReadsHeadersThatAreDividedInAnotherWayThanTheRows) {
  const std::string blanks = "0 0.9\n0.5 0.75\n1 0.5\n1.5 0.125\n2 0.25\n2.5 0.625\n";
  std::string tabs = blanks;
  for (char& c : tabs) c = c == ' ' ? '\t' : c;
  expect_table(
      "# Voltage (mV) Power (W)\n0 9e-4\n500 7.5e-4\n1000 5e-4\n1500 1.25e-4\n2000 2.5e-4\n"
      "2500 6.25e-4\n");
  expect_table("# voltage_V,power_mW\n" + blanks);
  expect_table("voltage_V;power_mW\n" + tabs);
  expect_table("Heater voltage (V)   Optical power (mW)\n" + blanks);
  EXPECT_EQ(heater("# Heater power (mW) Transmission\n" + blanks).over, Drive::power);
  EXPECT_EQ(heater("heater_power_mW,transmission\n" + tabs).over, Drive::power);
  // LabVIEW names a column of comments that rows leave out.
  expect_table(
      "X_Value\tVoltage\tPower\tComment\n0.0\t0\t0.9\n0.3\t0.5\t0.75\n0.6\t1\t0.5\n"
      "0.9\t1.5\t0.125\n1.2\t2\t0.25\n1.5\t2.5\t0.625\n");
}

TEST(LabTable, ReadsNumbersWithTheirUnitsBehindThem) {
  expect_table(
      "Voltage,Power\n0 mV,900uW\n500 mV,750uW\n1000 mV,500uW\n1500 mV,125uW\n2000 mV,250uW\n"
      "2500 mV,625uW\n");
  expect_table("Voltage;Power\n0;90,0 %\n0,5;75,0 %\n1;50 %\n1,5;12,5 %\n2;25,0 %\n2,5;62,5 %\n");
  EXPECT_NE(refusal("a,b\n1 furlong,2\n2 furlong,3\n").find("no table"), std::string::npos);
}

TEST(LabTable, LinesOfAPreambleThatLookLikeRowsBelongToIt) {
  std::string rows, all =
                        "Samples\t40\t40\t\nDate\t2024/05/01\t2024/05/01\t\n***End***\t\t\t\n"
                        "X_Value\tVoltage\tPower\tComment\n";
  for (int k = 0; k < 40; ++k) rows += "0\t" + std::to_string(k) + "\t0.5\n";
  const HeaterSweep sweep = heater(all + rows);
  ASSERT_EQ(sweep.drive.size(), 40u);
  EXPECT_EQ(sweep.drive[39], 39);
  EXPECT_TRUE(sweep.notes.empty());
}

TEST(LabTable, SaysWhereNoLineNamesTheColumns) {
  const auto notes = [](const std::string& text) { return heater(text).notes.size(); };
  EXPECT_EQ(notes("0,1\n1,2\n2,1\n"), 0u);
  EXPECT_EQ(notes("Bench 7, by hand, at night\n0,1\n1,2\n2,1\n"), 1u);
}

TEST(LabTable, ReadsThousandsWhereTheyAreNothingElse) {
  const auto drives = [](const std::string& text) { return heater(text).drive; };
  const std::vector<double> volts{1.0005, 1.5, 2};
  EXPECT_EQ(drives("Voltage (mV);Power\n1.000,50;0,9\n1.500,00;0,5\n2.000,00;0,2\n"), volts);
  EXPECT_EQ(drives("Voltage (mV);Power\n1,000.50;0.9\n1,500.00;0.5\n2,000.00;0.2\n"), volts);
  EXPECT_EQ(drives("Voltage (mV);Power\n1 000.50;0.9\n1 500.00;0.5\n2 000.00;0.2\n"), volts);
  EXPECT_EQ(drives("Voltage (mV);Power\n1'000.5;0.9\n1'500;0.5\n2'000;0.2\n"), volts);
  EXPECT_EQ(drives("\"Voltage (mV)\",\"Power\"\n\"1,000.50\",\"0.9\"\n\"1,500.00\",\"0.5\"\n"
                   "\"2,000.00\",\"0.2\"\n"),
            volts);
  // Three decimals behind a point are decimals, and a comma alone is no group.
  EXPECT_EQ(drives("voltage_V;power\n1.500;0.9\n2.000;0.5\n2.500;0.2\n"),
            (std::vector<double>{1.5, 2, 2.5}));
  EXPECT_EQ(drives("voltage_V;power\n1,500;0,9\n2,000;0,5\n2,500;0,2\n"),
            (std::vector<double>{1.5, 2, 2.5}));
  EXPECT_EQ(drives("voltage_V;power\n1,500;2,250\n2,000;1,125\n2,500;1,000\n"),
            (std::vector<double>{1.5, 2, 2.5}));
}

TEST(LabTable, TakesMarkersForNoReadings) {
  const HeaterSweep marked =
      heater("voltage_V,power\n0,0.9\n0.5,-9999\n1,0.5\n1.5,0.125\n2,-9999\n2.5,0.625\n");
  EXPECT_EQ(marked.drive, (std::vector<double>{0, 1, 1.5, 2.5}));
  EXPECT_FALSE(marked.decibels);
  ASSERT_FALSE(marked.notes.empty());
  EXPECT_NE(marked.notes[0].find("-9999"), std::string::npos);
  // Numbers that are only large are readings.
  EXPECT_EQ(heater("voltage_V,power\n0,999\n1,850\n2,300\n3,9\n").drive.size(), 4u);
  EXPECT_EQ(heater("n;U (V);Power (mW)\n1;0;0,9\n2;1;#NV\n3;2;#DIV/0!\n4;3;0,1\n5;4;0,2\n").drive,
            (std::vector<double>{0, 3, 4}));
}

TEST(LabTable, TheHeatersOwnPowerIsNotTheLight) {
  const HeaterSweep sweep = heater(
      "Voltage [V],Current [A],Power [W],Optical [dBm]\n0,0,0,-1\n1,0.001,0.001,-2\n"
      "2,0.002,0.004,-5\n3,0.003,0.009,-9\n");
  EXPECT_TRUE(sweep.decibels);
  EXPECT_NEAR(sweep.readings[2], std::pow(10, -0.5), 1e-12);
  const HeaterSweep two = heater("V_heater [V],Input power [mW],I_pd [uA]\n0,5,1\n1,5,2\n2,5,3\n");
  EXPECT_EQ(two.readings, (std::vector<double>{1e-3, 2e-3, 3e-3}));
}

TEST(LabTable, NamesThatSayNothingArePlaces) {
  const std::string rows = "\n0,0.9\n0.5,0.75\n1,0.5\n1.5,0.125\n2,0.25\n2.5,0.625\n";
  for (const char* head : {"X,Y", "a,b", "Var1,Var2", "column 1,column 2", "V,P", "U,I", "V,T"})
    expect_table(head + rows);
  expect_table(",0,1\n0,0,0.9\n1,0.5,0.75\n2,1,0.5\n3,1.5,0.125\n4,2,0.25\n5,2.5,0.625\n");
  EXPECT_THROW(heater("speed,size" + rows), Error);
  // Of two heaters the one that moves.
  const HeaterSweep sweep = heater("V1 (V),V2 (V),P (mW)\n3,0,1\n3,1,2\n3,2,1\n");
  EXPECT_EQ(sweep.drive, (std::vector<double>{0, 1, 2}));
  const Spectrum spectrum =
      spectrum_from(read_lab_table("0,1\n1550.1,0.5\n1550.2,0.4\n1550.3,0.6\n", "lab.csv"), {});
  EXPECT_EQ(spectrum.power, (std::vector<double>{0.5, 0.4, 0.6}));
  EXPECT_THROW(spectrum_from(read_lab_table("227.1,0.5\n227.2,0.4\n227.3,0.6\n", "lab.csv"), {}),
               Error);
}

TEST(LabTable, DetectorsThatInvertAreTurned) {
  EXPECT_EQ(heater("voltage_V,PD (V)\n0,-3\n1,-1\n2,-2\n").readings,
            (std::vector<double>{3, 1, 2}));
  const Spectrum spectrum = spectrum_from(
      read_lab_table("wavelength_nm,PD (V)\n1550,-3\n1551,-1\n1552,-2\n", "lab.csv"), {});
  EXPECT_EQ(spectrum.power, (std::vector<double>{3, 1, 2}));
  EXPECT_FALSE(spectrum.decibels);
}

TEST(LabTable, TheOnlyColumnWithAUnitOfLightIsIt) {
  const auto power = [](const std::string& heads) {
    return spectrum_from(read_lab_table(heads + "\n1550,3,7\n1551,4,7\n1552,5,7\n", "lab.csv"), {})
        .power.front();
  };
  EXPECT_EQ(power("Wavelength (nm),Sample (uA),Reference (uA)"), 3e-3);
  EXPECT_EQ(power("Wavelength (nm),Sample,Photodiode (mA)"), 7);
  EXPECT_THROW(heater("voltage_squared,power\n0,1\n1,2\n2,1\n3,1\n4,2\n").drive, Error);
}

TEST(LabTable, LossesInDecibelsFallWhereLightRises) {
  for (const char* head : {"Insertion loss [dB]", "IL (dB)", "Attenuation (dB)", "IL", "loss"}) {
    const HeaterSweep sweep = heater(std::string("voltage_V,") + head + "\n0,3\n1,10\n2,20\n");
    EXPECT_TRUE(sweep.decibels) << head;
    EXPECT_NEAR(sweep.readings[1], 0.1, 1e-12) << head;
  }
  EXPECT_NEAR(heater("voltage_V,Loss [dB]\n0,-3\n1,-10\n2,-20\n").readings[1], 0.1, 1e-12);
  const auto power = [](const std::string& text) {
    return spectrum_from(read_lab_table(text, "lab.csv"), {}).power[1];
  };
  EXPECT_NEAR(power("wavelength_nm,D\xC3\xA4mpfung (dB)\n1550,-0.1\n1551,10\n1552,20\n"), 0.1,
              1e-12);
  EXPECT_NEAR(power("wavelength_nm,absorbance\n1550,0.1\n1551,2\n1552,1\n"), 0.01, 1e-12);
  const auto notes = [](const std::string& text) {
    return spectrum_from(read_lab_table(text, "lab.csv"), {}).notes;
  };
  ASSERT_EQ(notes("wavelength_nm,S21 [dB]\n1550,3\n1551,10\n1552,20\n").size(), 1u);
  EXPECT_EQ(notes("wavelength_nm,abs(S21)\n1550,0.3\n1551,0.1\n1552,0.2\n").size(), 1u);
  EXPECT_EQ(notes("wavelength_nm,|S21|^2\n1550,0.3\n1551,0.1\n1552,0.2\n").size(), 0u);
}

TEST(LabTable, PowersLessADarkLevelAreNoDecibels) {
  EXPECT_FALSE(look_like_decibels({-0.002, -0.001, -0.003, -0.002, 0.9, 0.4}));
  EXPECT_TRUE(look_like_decibels({-0.2, -0.1, -10, -20, 0.05, -0.1}));
  EXPECT_TRUE(look_like_decibels({0.1, 0.2, 0.1, -10, 0.1, 0.2}));
  EXPECT_TRUE(look_like_decibels({-10, -10.5, -10.2, 2, -10.1}));
}

TEST(LabUnits, AreTakenForWavenumbersEnergiesAndTimesToo) {
  const auto first = [](const std::string& text) {
    return spectrum_from(read_lab_table(text, "lab.csv"), {}).wavelength_nm.front();
  };
  for (const char* head : {"Wavenumber [cm-1]", "wavenumber (1/cm)", "k (cm^-1)", "Wavenumber",
                           "Wellenzahl (cm\xE2\x81\xBB\xC2\xB9)"})
    EXPECT_NEAR(first(std::string(head) + ",Transmission\n6500,1\n6400,2\n6300,1\n"), 1e7 / 6500,
                1e-6)
        << head;
  EXPECT_NEAR(first("Photon energy (eV),T\n0.8,1\n0.79,2\n0.78,1\n"), 1239.841984 / 0.8, 1e-5);
  EXPECT_NEAR(first("Wavelength (\xC3\x85),T\n15500,1\n15510,2\n15520,1\n"), 1550, 1e-9);
  EXPECT_NEAR(first("frequency,power\n193400,1\n193300,2\n193200,1\n"), 299792.458 / 193.4, 1e-6);
  EXPECT_NEAR(first("frequency,power\n1.934e14,1\n1.933e14,2\n1.932e14,1\n"), 299792.458 / 193.4,
              1e-6);
  EXPECT_THROW(first("Detuning (GHz),power\n-1,1\n0,2\n1,1\n"), Error);
  const std::pair<const char*, double> units[] = {{"Time [d]", 86400},
                                                  {"t (hrs)", 3600},
                                                  {"phase [\xC2\xB0]", 0.0174532925199433},
                                                  {"Phase (degrees)", 0.0174532925199433},
                                                  {"phase/pi", 3.14159265358979},
                                                  {"theta_turns", 6.28318530717959}};
  for (const auto& [head, factor] : units) {
    ASSERT_TRUE(lab_unit(column_head(head).unit)) << head;
    EXPECT_NEAR(lab_unit(column_head(head).unit)->factor, factor, 1e-12 * factor) << head;
  }
  for (const char* head : {"V_pi", "clock_cycles", "chip_day", "Temperature (degrees)", "x_pi"})
    EXPECT_EQ(column_head(head).unit, "") << head;
}

TEST(LabUnits, ThatAreNotKnownAreSaid) {
  const std::vector<std::string> notes = heater("Voltage [Vrms],power\n0,1\n1,2\n2,1\n").notes;
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("'Vrms'"), std::string::npos);
  EXPECT_TRUE(heater("Voltage (heater 3),power\n0,1\n1,2\n2,1\n").notes.empty());
}

/// Lines at `centre` and 8 nm on, every 0.1 nm.
std::string scan_of(double centre, bool falling) {
  std::string text;
  for (int k = 0; k < 160; ++k) {
    const double nm = 1540 + 0.1 * (falling ? 159 - k : k);
    const auto dip = [&](double c) { return 0.9 / (1 + std::pow((nm - c) / 0.3, 2)); };
    text += std::to_string(nm) + "," + std::to_string(1 - dip(centre) - dip(centre + 8)) + "\n";
  }
  return text;
}

TEST(SpectrumTable, DifferentSpectraOfOneRangeAreNotAveraged) {
  const auto read = [](const std::string& text) {
    return spectrum_from(read_lab_table("wavelength_nm,power\n" + text, "lab.csv"), {});
  };
  const Spectrum one = read(scan_of(1543, false));
  for (const bool falling : {false, true}) {
    const Spectrum same = read(scan_of(1543, false) + scan_of(1543, falling));
    EXPECT_TRUE(same.problems.empty());
    EXPECT_EQ(same.power.size(), 160u);
    const Spectrum moved = read(scan_of(1543, false) + scan_of(1544, falling));
    ASSERT_EQ(moved.problems.size(), 1u);
    ASSERT_EQ(moved.power.size(), one.power.size());
    // A sweep that turns back has its last reading twice, which counts to both.
    for (std::size_t i = 0; i + (falling ? 1 : 0) < one.power.size(); ++i)
      EXPECT_DOUBLE_EQ(moved.power[i], one.power[i]);
    if (!falling) {
      EXPECT_NE(moved.problems[0].find("lines 162 to 321 differs from that in lines 2 to 161"),
                std::string::npos)
          << moved.problems[0];
    }
  }
}

TEST(SpectrumTable, SeveralPortsInOneColumnAreNamed) {
  std::string ports = "wavelength_nm,port,power\n", twice = "wavelength_nm,power\n";
  for (int k = 0; k < 60; ++k) {
    const std::string nm = std::to_string(1550 + 0.1 * k);
    ports += nm + ",1,0.9\n" + nm + ",2,0.1\n";
    twice += nm + ",0.9\n" + nm + "," + (k == 30 ? "0.2" : "0.88") + "\n";
  }
  const Spectrum mixed = spectrum_from(read_lab_table(ports, "lab.csv"), {});
  ASSERT_EQ(mixed.problems.size(), 1u);
  EXPECT_NE(mixed.problems[0].find("at 60 of 60 wavelengths"), std::string::npos);
  EXPECT_TRUE(spectrum_from(read_lab_table(twice, "lab.csv"), {}).problems.empty());
}

}  // namespace
}  // namespace lightloom::calibration
