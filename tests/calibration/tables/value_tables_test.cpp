// Lines and energies from tables as laboratories write them.
#include "calibration/tables/value_tables.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

using Values = std::vector<double>;

LineTable line_of(const std::string& text, const LineColumns& columns = {}) {
  return line_table(read_lab_table(text, "lab.csv"), columns);
}

EnergyTable energies_of(const std::string& text, const std::string& target = "") {
  return energy_table(read_lab_table(text, "lab.csv"), target);
}

template <class Read>
std::string refusal(const Read& read) {
  try {
    read();
  } catch (const Error& problem) {
    return problem.what();
  }
  return "";
}

void expect_values(const LabColumn& got, const std::string& unit, const Values& expected) {
  EXPECT_EQ(got.unit, unit);
  ASSERT_EQ(got.values.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(got.values[i], expected[i], 1e-12 * std::abs(expected[i])) << i;
}

TEST(ValueTables, ALineIsTheSameInAnyUnitAndNotation) {
  // 0.1, 1, 10 mW and 0.02, 0.2, 2 V.
  const Values power{0.1, 1, 10}, volts{0.02, 0.2, 2};
  for (const char* text : {"power_mW,voltage_V\n0.1,0.02\n1,0.2\n10,2\n",
                           "Power [dBm],Output [mV]\n-10,20\n0,200\n10,2000\n",
                           "P (uW);U (V)\n100;0,02\n1000;0,2\n10000;2\n",
                           "Bench 3\nPower\tOutput\nW\tkV\n1e-4\t2e-5\n1e-3\t2e-4\n1e-2\t2e-3\n",
                           "P [dBuW],V [V]\n20,0.02\n30,0.2\n40,2\n",
                           ",Power [mW],Output [V]\n0,0.1,0.02\n1,1,0.2\n2,10,2\n"}) {
    const LineTable line = line_of(text);
    expect_values(line.x, "mW", power);
    expect_values(line.y, "V", volts);
  }
}

TEST(ValueTables, NumbersWithoutAUnitAndLevelsStayAsTheyAre) {
  const LineTable codes = line_of("code,level [dB]\n3,-1\n7,-2\n");
  expect_values(codes.x, "", {3, 7});
  expect_values(codes.y, "dB", {-1, -2});
  expect_values(line_of("a,share [%]\n1,50\n2,75\n").y, "", {0.5, 0.75});
  // What the user says goes before what the file says.
  const LineTable told = line_of("a,b [mV]\n1,50\n2,75\n", {.x_unit = "um", .y_unit = "V"});
  expect_values(told.x, "nm", {1000, 2000});
  expect_values(told.y, "V", {50, 75});
  EXPECT_NE(refusal([] {
              line_of("a,b\n1,2\n3,4\n", {.x_unit = "furlong"});
            }).find("'furlong' is no unit that is known here"),
            std::string::npos);
}

TEST(ValueTables, WholeNumbersInFrontAreARowsNumberOnlyBesideTwoOtherColumns) {
  const LineTable steps = line_of("1,3\n2,5\n3,8\n");  // a code and what it gave
  expect_values(steps.x, "", {1, 2, 3});
  expect_values(steps.y, "", {3, 5, 8});
  expect_values(line_of("index,a,b\n0,3,7\n1,5,9\n2,8,4\n").x, "", {3, 5, 8});
}

TEST(ValueTables, OfSeveralColumnsALineTakesThoseThatAreNamed) {
  const std::string text = "power_mW,dark_nA,current_mA\n1,3,0.5\n2,4,1\n3,,1.5\n";
  const std::string problem = refusal([&] { line_of(text); });
  EXPECT_NE(problem.find("lab.csv: 3 columns, a line has two (x, y)"), std::string::npos)
      << problem;
  EXPECT_NE(problem.find("power_mW, dark_nA, current_mA"), std::string::npos) << problem;
  const LineTable dark = line_of(text, {.x = "power_mW", .y = "2"});
  expect_values(dark.x, "mW", {1, 2});
  expect_values(dark.y, "mA", {3e-6, 4e-6});
  ASSERT_EQ(dark.notes.size(), 1u);
  EXPECT_NE(dark.notes[0].find("1 of 3 rows hold no reading and are left out (line 4)"),
            std::string::npos)
      << dark.notes[0];
  const LineTable turned = line_of("a,b\n1,2\n3,4\n", {.x = "b"});
  expect_values(turned.x, "", {2, 4});
  expect_values(turned.y, "", {1, 3});
  EXPECT_NE(refusal([] { line_of("a,b\n1,2\n3,4\n", {.x = "a", .y = "1"}); }).find("same column"),
            std::string::npos);
}

TEST(ValueTables, EnergiesComeInPicojoulesAndTimesThenInNanoseconds) {
  const EnergyTable table =
      energies_of("Reads;Time [us];Energy [nJ]\n1;2;3,5\n10;20;35\n4;;9\n5;1;7\n");
  ASSERT_EQ(table.counts.size(), 2u);
  EXPECT_EQ(table.counts[0].name, "Reads");
  expect_values(table.counts[0], "", {1, 10, 5});
  expect_values(table.counts[1], "ns", {2000, 20000, 1000});
  expect_values(table.target, "pJ", {3500, 35000, 7000});
  ASSERT_EQ(table.notes.size(), 1u);
  EXPECT_NE(table.notes[0].find("line 4"), std::string::npos) << table.notes[0];
}

TEST(ValueTables, TimesOfEnergiesWithoutAUnitStayAsTheyAre) {
  const EnergyTable table = energies_of("Time [us],Energy\n1,2\n2,4\n");
  expect_values(table.counts[0], "us", {1, 2});
  expect_values(table.target, "", {2, 4});
  const EnergyTable powers = energies_of("Time [us],Power [uW]\n1,2\n2,4\n");
  expect_values(powers.counts[0], "us", {1, 2});
  expect_values(powers.target, "mW", {2e-3, 4e-3});
}

TEST(ValueTables, UnitsInTheNamesOfCountsAreThoseOfTheirCoefficients) {
  // How often each was read, under the keys of a card.
  const EnergyTable table = energies_of(",read_fJ,idle_uW,energy_fJ\n0,7,8,900\n1,1,2,300\n");
  ASSERT_EQ(table.counts.size(), 2u);  // without pandas' numbers of rows
  EXPECT_EQ(table.counts[0].values, (Values{7, 1}));
  EXPECT_EQ(table.counts[1].values, (Values{8, 2}));
  expect_values(table.target, "pJ", {0.9, 0.3});
}

TEST(ValueTables, ColumnsOfTextAreNamedAndTablesWithoutNamesRefused) {
  const EnergyTable table = energies_of("kind,reads,energy_pJ\nhot,7,9\ncold,1,2\n");
  EXPECT_EQ(table.counts.size(), 1u);
  ASSERT_EQ(table.notes.size(), 1u);
  EXPECT_NE(table.notes[0].find("the column 'kind' holds text"), std::string::npos);
  EXPECT_NE(refusal([] { energies_of("1,2\n3,4\n5,6\n"); }).find("no names"), std::string::npos);
  EXPECT_NE(refusal([] {
              energies_of("reads,energy_pJ\n7,9\n1,2\n", "energy_nJ");
            }).find("no column 'energy_nJ' (it has reads, energy_pJ)"),
            std::string::npos);
}

}  // namespace
}  // namespace lightloom::calibration
