#include "photonic/studies/throughput.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "photonic/cores/core_card.hpp"
#include "photonic/cores/core_cost.hpp"

// Throughputs of published chips from their sizes and rates, and cores whose figures come from
// tables and from how inputs are sent, by hand.

namespace lightloom::photonic {
namespace {

CoreCard plain_card(const std::string& text, const std::vector<std::string>& settings = {}) {
  Tree tree = parse_yaml(text, "card.yaml");
  for (const std::string& setting : settings) apply_setting(tree, setting, "");
  return read_card<CoreCard>(tree);
}

Throughput throughput_at(const CoreCard& card, int cores = 1) {
  return throughput_of(describe_core(card), cores);
}

TEST(Throughput, IsRowsColumnsAndRateOfPublishedChips) {
  const auto card = [](int rows, int columns, double rate_GHz) {
    return plain_card(
        fmt::format("{{rows: {}, columns: {}, symbol_rate_GHz: {}}}", rows, columns, rate_GHz));
  };
  // Nature 640, 361 (2025): 64 x 64 at 1 GHz, 8.19 TOPS. Nat. Commun. 17, 3396 (2026): 9 x 3 at 1
  // GHz, 27 GMAC/s. Nature 640, 368 (2025): four cores of 128 x 128 at 500 MHz, 65.5 TOPS.
  EXPECT_EQ(throughput_at(card(64, 64, 1)).operations_per_s, 8.192e12);
  EXPECT_EQ(throughput_at(card(3, 9, 1)).operations_per_s, 54e9);
  EXPECT_EQ(throughput_at(card(128, 128, 0.5), 4).operations_per_s, 65.536e12);
  EXPECT_EQ(throughput_at(card(64, 64, 1)).product_ns, 1);
  EXPECT_TRUE(std::isnan(throughput_at(card(64, 64, 1)).TOPS_per_W()));  // nothing is paid
}

/// A published row of NeuRRAM, Nature 608, 504 (2022): fJ per operation of word lines, of neurons
/// and their control, and of input pulses; 48 cores of 256 x 256 cells, two a weight.
struct NeurramRow {
  int output_bits, input_bits;
  double word_line, neuron, pulses;  // fJ per operation
  double latency_us;                 // of one product of one core
  double TOPS, TOPS_per_W;           // published
};
constexpr NeurramRow neurram[] = {{3, 1, 8.99, 10.62, 3.45, 1.48, 2.122, 43.08},
                                  {4, 2, 8.27, 12.39, 3.96, 1.75, 1.793, 40.33},
                                  {5, 3, 15.46, 20.12, 7.73, 2.70, 1.165, 23.09},
                                  {6, 4, 21.76, 29.11, 11.51, 4.23, 0.744, 15.95},
                                  {7, 5, 30.93, 44.21, 14.02, 5.99, 0.525, 11.03},
                                  {8, 6, 37.22, 52.48, 19.24, 7.53, 0.418, 8.26},
                                  {9, 7, 43.69, 61.83, 22.83, 9.15, 0.344, 7.75},
                                  {10, 8, 50.52, 75.86, 27.51, 11.92, 0.264, 6.44}};

/// The shipped cells with the shipped table in the place of their converters' power.
CoreCard neurram_card(std::vector<std::string> settings) {
  const std::string data = std::string(LIGHTLOOM_SOURCE_DIR) + "/data/";
  for (const std::string& setting :
       {"precision=" + data + "readout/neurram.yaml", std::string("input_coding=pulses"),
        std::string("input_dac.power_mW=0"), std::string("output_adc.power_mW=0")})
    settings.push_back(setting);
  return read_card<CoreCard>(load_card(data + "devices/neurram-rram.yaml", settings));
}

TEST(Throughput, OfAPublishedTableIsThePublishedOneWithinItsRounding) {
  for (const NeurramRow& row : neurram) {
    const CoreCard card = neurram_card({fmt::format("input_dac.bits={}", row.input_bits),
                                        fmt::format("output_adc.bits={}", row.output_bits)});
    const Throughput chip = throughput_at(card, 48);
    // By hand: 2 x 256 x 128 operations.
    const double sum_fJ = row.word_line + row.neuron + row.pulses;
    EXPECT_NEAR(chip.energy_pJ, 65536 * sum_fJ * 1e-3, 1e-9 * chip.energy_pJ);
    EXPECT_NEAR(chip.TOPS_per_W(), 1e3 / sum_fJ, 1e-9 * chip.TOPS_per_W());
    EXPECT_NEAR(chip.product_ns, row.latency_us * 1e3, 1e-9 * chip.product_ns);
    // Published. Row 8/6 contradicts its own parts by 11 %.
    EXPECT_NEAR(chip.TOPS_per_W() / row.TOPS_per_W, 1, row.output_bits == 8 ? 0.12 : 0.018);
    EXPECT_NEAR(chip.TOPS() / row.TOPS, 1, 0.005);
  }
  EXPECT_THROW(neurram_card({"input_dac.bits=4", "output_adc.bits=8"}), Error);
  EXPECT_THROW(neurram_card({"input_dac.bits=4", "output_adc.bits=6", "rows=64"}), Error);
}

TEST(Throughput, InputsInBitsTakeTheirSymbolsAndConversions) {
  const std::string text =
      "{rows: 10, columns: 12, symbol_rate_GHz: 2, input_dac: {bits: 5, rate_GHz: 2, power_mW: 6, "
      "reference_bits: 5, power_law: sar}, output_adc: {bits: 6, rate_GHz: 1, power_mW: 4, "
      "time_ns: "
      "3, reference_bits: 8, time_law: ramp, power_law: flash}}";
  // A bit costs a fifth of the 3 pJ of five; a conversion 4 pJ 63/255 and 3 ns 63/255. Signed codes
  // of five bits have four of magnitude.
  const double symbol_pJ = 12 * 3.0 / 5, conversion_pJ = 10 * 4.0 * 63 / 255,
               conversion_ns = 3.0 * 63 / 255;
  struct Expected {
    const char* coding;
    int symbols, conversions;
  };
  for (const auto& [coding, symbols, conversions] :
       {Expected{"bit_serial", 4, 4}, Expected{"bit_serial_integrated", 4, 1},
        Expected{"pulses", 15, 1}}) {
    const Throughput found =
        throughput_at(plain_card(text, {fmt::format("input_coding={}", coding)}));
    const double ns = symbols / 2.0 + conversions * conversion_ns;
    EXPECT_EQ(found.symbols, symbols) << coding;
    EXPECT_EQ(found.conversions, conversions) << coding;
    EXPECT_NEAR(found.product_ns, ns, 1e-9 * ns) << coding;
    EXPECT_NEAR(found.energy_pJ, symbols * symbol_pJ + conversions * conversion_pJ, 1e-9) << coding;
    EXPECT_NEAR(found.operations_per_s, 2 * 10 * 12 / ns * 1e9, 1e-3 * found.operations_per_s);
  }
  const Throughput levels = throughput_at(plain_card(text));
  EXPECT_NEAR(levels.energy_pJ, 12 * 3.0 + conversion_pJ, 1e-9);
  EXPECT_NEAR(levels.product_ns, 0.5 + conversion_ns, 1e-9);
}

TEST(Throughput, FourPhasesTakeFourReadsAndWhatFollowsAProductIsPaidOnce) {
  const std::string text =
      "{rows: 256, columns: 256, symbol_rate_GHz: 1, input_coding: pulses, input_dac: {bits: 8}, "
      "output_adc: {bits: 8}, precision: {table: [{part: array, energy_pJ: 800}, {part: ADC, per: "
      "conversion, energy_pJ: 2, time_ns: 3}, {part: drivers, per: symbol, energy_pJ: 0.5}, {part: "
      "digital, per: product, energy_pJ: 90, time_ns: 5}]}}";
  const double phase_pJ = 800 + 256 * 2 + 127 * 256 * 0.5, phase_ns = 127 + 3;
  for (const int phases : {1, 2, 4}) {
    const Throughput found =
        throughput_at(plain_card(text, {fmt::format("read_phases={}", phases)}), 64);
    EXPECT_EQ(found.phases, phases);
    EXPECT_NEAR(found.product_ns, phases * phase_ns + 5, 1e-9);
    EXPECT_NEAR(found.energy_pJ, phases * phase_pJ + 90, 1e-6);
    EXPECT_NEAR(found.TOPS(), 64 * 131072 / found.product_ns * 1e-3, 1e-9 * found.TOPS());
    double parts = 0;
    for (const Throughput::Part& part : found.parts) parts += part.energy_pJ;
    EXPECT_NEAR(parts, found.energy_pJ, 1e-6);
    EXPECT_NEAR(found.power_mW(), 64 * found.energy_pJ / found.product_ns, 1e-6);
  }
}

TEST(Throughput, PowerOfTheLightFlowsAsLongAsAProductTakes) {
  const std::string card = std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/mrr-bank.yaml";
  const auto at = [&](const std::vector<std::string>& settings) {
    return throughput_of(describe_core(read_card<CoreCard>(load_card(card, settings))));
  };
  const auto part = [](const Throughput& found, const std::string& component) {
    for (const Throughput::Part& one : found.parts)
      if (one.component == component) return one.energy_pJ;
    return -1.0;
  };
  const Throughput levels = at({}), pulses = at({"input_coding=pulses", "output_adc.time_ns=2"}),
                   tabled = at({"precision={table: [{per: product, time_ns: 7}]}"});
  const double rate = 1 / levels.product_ns;
  EXPECT_NEAR(pulses.product_ns, 255 / rate + 2, 1e-9);  // intensities have all eight bits
  EXPECT_NEAR(tabled.product_ns, 1 / rate + 7, 1e-12);
  for (const char* component : {"laser", "phase shifters"})
    for (const Throughput* found : {&pulses, &tabled})
      EXPECT_NEAR(part(*found, component) / found->product_ns,
                  part(levels, component) / levels.product_ns, 1e-9)
          << component;
}

TEST(Throughput, CardsOfReadsThatContradictThemselvesAreRefused) {
  struct Refused {
    const char* text;
    const char* says;
  };
  const Refused cases[] = {
      {"{input_coding: bit_serial}", "input_dac.bits is 0"},
      {"{input_coding: pulses, input_dac: {bits: 17}}", "input_dac.bits is 17"},
      {"{input_coding: pulses, input_dac: {bits: 4, inl_lsb: 0.1}}", "no levels"},
      {"{kind: mzi-mesh, read_phases: 4}", "not read apart"},
      {"{read_phases: 3}", "auto, 1, 2, 4"},
      {"{input_range: least_error}", "takes any number"},
      {"{input_range: least}", "largest, least_error"},
      {"{input_range: least_error, input_dac: {bits: 4}, output_adc: {bits: 4}, "
       "block_floating_point: {gain: 2}}",
       "scale of its own"},
      {"{weight_scales: row}", "tile, output"},
      {"{weight_scales: output, input_dac: {bits: 4}, output_adc: {bits: 4}, "
       "block_floating_point: {gain: 2}}",
       "gives the weights of an output a scale"},
      {"{input_dac: {bits: 4, time_ns: 1}}", "for output_adc"},
      {"{input_dac: {bits: 4}, precision: {table: [{input_bits: 5, energy_pJ: 1}]}}", "any/5"},
      {"{rows: 8, precision: {rows: 9, table: [{energy_pJ: 1}]}}", "array of 9 x 64"},
  };
  for (const auto& [text, says] : cases) {
    try {
      plain_card(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(says), std::string::npos)
          << text << ": " << error.what();
    }
  }
}

}  // namespace
}  // namespace lightloom::photonic
