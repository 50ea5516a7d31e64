#include "photonic/readout/precision_table.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "core/cards/card.hpp"
#include "core/cards/tree.hpp"
#include "core/error.hpp"

namespace lightloom::photonic {
namespace {

/// A part whose energies fall on a bent line of precisions, with entries off it.
PrecisionTable bent_table(Interpolation interpolation) {
  return {
      .entries =
          {{.part = "neuron", .output_bits = 2, .input_bits = 1, .energy_pJ = 10, .time_ns = 4},
           {.part = "neuron", .output_bits = 6, .input_bits = 5, .energy_pJ = 90, .time_ns = 64},
           {.part = "neuron", .output_bits = 6, .input_bits = 1, .energy_pJ = 30, .time_ns = 12}},
      .interpolation = interpolation};
}

PrecisionPart neuron_at(const PrecisionTable& table, int output_bits, int input_bits) {
  return precision_parts(table, {output_bits, input_bits}, 1).at(0);
}

TEST(PrecisionTable, IsExactAtItsEntriesWhateverTheInterpolation) {
  for (const Interpolation way :
       {Interpolation::none, Interpolation::linear, Interpolation::geometric}) {
    const PrecisionTable table = bent_table(way);
    for (const PrecisionEntry& entry : table.entries) {
      const PrecisionPart found = neuron_at(table, entry.output_bits, entry.input_bits);
      EXPECT_EQ(found.energy_pJ, entry.energy_pJ);
      EXPECT_EQ(found.time_ns, entry.time_ns);
      EXPECT_EQ(found.part, "neuron");
    }
  }
}

TEST(PrecisionTable, InterpolatesOnStraightLinesByItsName) {
  const PrecisionTable linear = bent_table(Interpolation::linear);
  // (3, 2) is a quarter of the way from (2, 1) to (6, 5); (6, 4) three quarters from (6, 1) to it.
  EXPECT_DOUBLE_EQ(neuron_at(linear, 3, 2).energy_pJ, 10 + 0.25 * 80);
  EXPECT_DOUBLE_EQ(neuron_at(linear, 3, 2).time_ns, 4 + 0.25 * 60);
  EXPECT_DOUBLE_EQ(neuron_at(linear, 6, 4).energy_pJ, 30 + 0.75 * 60);
  EXPECT_DOUBLE_EQ(neuron_at(linear, 5, 1).energy_pJ, 10 + 0.75 * 20);
  const PrecisionTable geometric = bent_table(Interpolation::geometric);
  EXPECT_DOUBLE_EQ(neuron_at(geometric, 4, 3).energy_pJ, std::sqrt(10.0 * 90));
  EXPECT_DOUBLE_EQ(neuron_at(geometric, 4, 3).time_ns, std::sqrt(4.0 * 64));
}

TEST(PrecisionTable, TakesTheNearestEntriesOfALineAndRisesBetweenRisingOnes) {
  PrecisionTable table{.entries = {}, .interpolation = Interpolation::geometric};
  for (const int bits : {2, 4, 8, 12})
    table.entries.push_back(
        {.output_bits = bits, .energy_pJ = std::exp2(bits), .time_ns = 1.0 * bits * bits});
  double before = 0;
  for (int bits = 2; bits <= 12; ++bits) {
    // Any input bits; the law itself is geometric, so that only the right neighbours give it.
    const PrecisionPart found = neuron_at(table, bits, bits % 5);
    EXPECT_NEAR(found.energy_pJ, std::exp2(bits), 1e-9 * std::exp2(bits)) << bits;
    EXPECT_GT(found.time_ns, before);
    before = found.time_ns;
  }
  EXPECT_DOUBLE_EQ(neuron_at(table, 6, 1).time_ns, 4.0 * 8);  // sqrt(16 64)
}

TEST(PrecisionTable, RefusesWhatItDoesNotGive) {
  const PrecisionTable none = bent_table(Interpolation::none),
                       linear = bent_table(Interpolation::linear);
  EXPECT_THROW(neuron_at(none, 4, 3), Error);    // between two entries
  EXPECT_THROW(neuron_at(linear, 1, 1), Error);  // below
  EXPECT_THROW(neuron_at(linear, 7, 6), Error);  // above, on the line of two entries
  EXPECT_THROW(neuron_at(linear, 4, 2), Error);  // between, on no line
  try {
    neuron_at(none, 4, 3);
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("'neuron' at 4 output and 3 input bits"), std::string::npos) << text;
    EXPECT_NE(text.find("2/1, 6/5, 6/1"), std::string::npos) << text;
    EXPECT_NE(text.find("interpolation: linear"), std::string::npos) << text;
  }
}

TEST(PrecisionTable, AnOperationIsHalfAMultiplyAccumulateOfTheWholeArray) {
  const PrecisionTable table{
      .entries = {
          {.part = "array", .output_bits = 8, .input_bits = 6, .energy_fJ_per_operation = 3},
          {.part = "control", .per = PaidPer::product, .energy_pJ = 7}}};
  const auto parts = precision_parts(table, {8, 6}, 32 * 20);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_DOUBLE_EQ(parts[0].energy_pJ, 3e-3 * 2 * 32 * 20);
  EXPECT_EQ(parts[1].energy_pJ, 7);
  EXPECT_EQ(parts[1].per, PaidPer::product);
}

struct RefusedTable {
  const char* text;
  const char* says;
};

TEST(PrecisionTable, ACardThatContradictsItselfIsRefusedWithWhatIsWrong) {
  const RefusedTable cases[] = {
      {"{}", "missing or empty"},
      {"{table: []}", "missing or empty"},
      {"{table: [{output_bits: 8}]}", "neither energy nor time"},
      {"{table: [{energy_pJ: 1, energy_fJ_per_operation: 1}]}", "give one of them"},
      {"{table: [{per: symbol, energy_fJ_per_operation: 1}]}", "per: phase or product"},
      {"{table: [{per: symbol, energy_pJ: 1, time_ns: 2}]}", "symbol_rate_GHz"},
      {"{table: [{output_bits: 8, energy_pJ: 1}, {output_bits: 8, energy_pJ: 2}]}", "twice at 8"},
      {"{table: [{output_bits: 8, energy_pJ: 1}, {energy_pJ: 2}]}", "output_bits or input_bits"},
      {"{table: [{output_bits: 8, energy_pJ: 1, time_ns: 1}, {output_bits: 9, energy_pJ: 2}]}",
       "whether they give time_ns"},
      {"{table: [{output_bits: 8, energy_pJ: 1}, {output_bits: 9, energy_pJ: 2, per: product}]}",
       "`per`"},
      {"{table: [{output_bits: 8, energy_pJ: -1}]}", "energy_pJ"},
      {"{table: [{output_bits: 8, energy: 1}]}", "energy_pJ"},
      {"{interpolation: spline, table: [{energy_pJ: 1}]}", "none, linear, geometric"}};
  for (const auto& [text, says] : cases) {
    try {
      read_card<PrecisionTable>(parse_yaml(text, "card.yaml"));
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(says), std::string::npos)
          << text << ": " << error.what();
    }
  }
}

}  // namespace
}  // namespace lightloom::photonic
