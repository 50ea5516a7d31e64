#pragma once

#include <string>

namespace lightloom::experiments {

/// A chip that nobody has built, all of whose numbers differ: 8 outputs and 4 inputs at 2 GHz,
/// three cores. Its light takes 80 mW, DACs 40 mW, ADCs 32 mW, modulators 4 mW, receivers 48 mW of
/// each core.
inline const std::string made_up_chip = R"(
name: Made up
paper: none
summary: A crossbar for tests.
model:
  core: {kind: pcm-crossbar}
  dataset: {name: cifar10}
inputs:
  outputs: {value: 8, unit: "1", sets: [core.rows], source: made up, mark: published}
  inputs: {value: 4, unit: "1", sets: [core.columns], source: made up, mark: published}
  cores: {value: 3, unit: "1", sets: [schedule.cores], source: made up, mark: published_code}
  rate: {value: 2, unit: GHz, sets: [core.symbol_rate_GHz], source: made up, mark: measured}
  light: {value: 5, unit: mW, sets: [core.laser.power_per_input_mW], source: made up, mark: derived}
  wall plug: {value: 0.25, unit: "1", sets: [core.laser.wall_plug], source: made up, mark: derived}
  DAC: {value: 50, unit: mW, sets: [core.input_dac.power_mW], source: made up, mark: published}
  ADC: {value: 20, unit: mW, sets: [core.output_adc.power_mW], source: made up, mark: published}
  rates: {value: 10, unit: GHz, sets: [core.input_dac.rate_GHz, core.output_adc.rate_GHz], source: made up, mark: published}
  bits: {value: 6, unit: bit, sets: [core.input_dac.bits, core.output_adc.bits], source: made up, mark: published}
  modulator: {value: 500, unit: fJ, sets: [core.modulator.energy_fJ], source: made up, mark: published}
  amplifier: {value: 6, unit: mW, sets: [core.detector.tia_power_mW], source: made up, mark: published}
  DAC area: {value: 30000, unit: um^2, sets: [core.input_dac.area_um2], source: made up, mark: from_memory}
  laser noise: {value: -160, unit: dBc/Hz, sets: [core.laser.rin_dBc_per_Hz], source: made up, mark: from_memory}
fits:
  amplifier noise: {value: 12, unit: pA/rtHz, sets: [core.detector.tia_noise_pA_per_rtHz], to: bits}
predictions:
  operations:
    quantity: throughput_TOPS
    published: {value: 0.4, unit: TOPS, source: made up, mark: published}
    reason: rounded
  power:
    quantity: power_W
    published: {value: 0.306, unit: W, source: made up, mark: published}
  power of the converters:
    quantity: power_W
    parts: [DAC, ADC]
    published: {value: 0.2, unit: W, source: made up, mark: published}
  bits:
    quantity: enob_uniform
    published: {value: 5, unit: bit, source: made up, mark: published}
  accuracy:
    quantity: accuracy_percent
    needs: {files: [no/such/weights.h5], command: lightloom train made-up.yaml}
    published: {value: 90, unit: "%", source: made up, mark: published}
consequences:
  twice the rate:
    quantity: throughput_TOPS
    with: {core.symbol_rate_GHz: 4}
)";

/// Writes a card into an empty folder of the running test, and its name.
std::string written_chip(const std::string& text);
/// The same chip with one text in place of another.
std::string changed_chip(const std::string& from, const std::string& to);

}  // namespace lightloom::experiments
