#include "cosim/analog/readout/converter_errors.hpp"

#include <algorithm>

namespace lightloom::cosim {

using photonic::ConverterCurve;

AdcCurves adc_curves(const photonic::CoreDescription& core, std::uint64_t seed,
                     std::uint32_t chip) {
  AdcCurves curves;
  const auto drawn = photonic::draw_curves(core.output_adc, photonic::adc_address(seed, chip),
                                           static_cast<std::size_t>(core.rows));
  if (drawn.empty()) return curves;
  const std::size_t padded = drawn.size() + 4 * readout_lanes;
  for (auto* part : {&curves.offset, &curves.gain, &curves.bow, &curves.bend})
    part->assign(padded, 0.0F);
  for (std::size_t r = 0; r < drawn.size(); ++r) {
    curves.offset[r] = static_cast<float>(drawn[r].offset_lsb);
    curves.gain[r] = static_cast<float>(drawn[r].gain);
    curves.bow[r] = static_cast<float>(drawn[r].bow_lsb);
    curves.bend[r] = static_cast<float>(photonic::bend_peak * drawn[r].bend_lsb);
  }
  return curves;
}

std::vector<ConverterCurve> dac_curves(const photonic::CoreDescription& core, std::uint64_t seed,
                                       std::uint32_t chip) {
  return photonic::draw_curves(core.input_dac, photonic::dac_address(seed, chip),
                               static_cast<std::size_t>(core.columns));
}

float dac_output(const ConverterCurve& curve, const InputCode& code, float coded) {
  const bool intensity = code.lowest == 0;
  const double u = intensity && !code.signs_apart ? 2.0 * coded - 1 : coded;
  const double level = double{coded} * code.levels;
  const auto sent =
      static_cast<float>((level + photonic::curve_error_lsb(curve, level, u)) / code.levels);
  return intensity ? std::max(0.0F, sent) : sent;
}

std::size_t inputs_of(std::span<const InputRun> runs) {
  std::size_t inputs = 0;
  for (const InputRun& run : runs) inputs += static_cast<std::size_t>(run.length);
  return inputs;
}

void gather_inputs(std::span<const InputRun> runs, const InputDacs& dacs, ReadoutBlock& block,
                   SentInputs& sent) {
  const auto positions = static_cast<std::size_t>(block.positions);
  const std::size_t inputs = inputs_of(runs);
  sent.values.resize(positions * inputs);
  sent.bases.resize(positions);
  float* to = sent.values.data();
  for (std::size_t p = 0; p < positions; ++p) {
    sent.bases[p] = static_cast<int>(p * inputs);
    std::size_t column = 0;
    for (const InputRun& run : runs) {
      const float* from = block.map + block.bases[p] + run.offset;
      if (dacs.curves.empty()) {
        to = std::copy_n(from, run.length, to);
        continue;
      }
      for (int k = 0; k < run.length; ++k, ++column)
        *to++ = dac_output(dacs.curves[column], dacs.code, from[k]);
    }
  }
  block.map = sent.values.data();
  block.bases = sent.bases.data();
}

}  // namespace lightloom::cosim
