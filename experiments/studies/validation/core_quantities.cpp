#include "experiments/studies/validation/core_quantities.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "core/statistics.hpp"
#include "cosim/analog/analog_engine.hpp"
#include "photonic/cores/chip_statistics.hpp"
#include "photonic/cores/core_cost.hpp"
#include "photonic/studies/link_budget.hpp"
#include "photonic/studies/throughput.hpp"

namespace lightloom::experiments {
namespace {

using photonic::CoreCost;
using photonic::CoreDescription;

bool among(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Every name must be one of the core's parts.
void require_parts(const CoreCost& cost, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    std::string known;
    bool found = false;
    for (const CoreCost::Part& part : cost.parts) {
      known += (known.empty() ? "" : ", ") + part.component;
      found = found || part.component == name;
    }
    require(found, "the core has no part '{}' (it has {})", name, known);
  }
}

/// Whether a part of the core is asked for.
bool asked(const QuantityOptions& options, const std::string& part) {
  return (options.parts.empty() || among(options.parts, part)) && !among(options.without, part);
}

/// What the cores do at their best; the parts that options name are parts of them.
photonic::Throughput peak_of(const Experiment& card, const QuantityOptions& options = {}) {
  const CoreDescription core = photonic::describe_core(card.hardware.core);
  require_parts(core.cost, options.parts);
  require_parts(core.cost, options.without);
  return photonic::throughput_of(core, card.hardware.schedule.cores);
}

/// Numbers between `low` and 1, evenly.
std::vector<float> drawn_numbers(std::size_t count, double low, std::uint32_t which) {
  const Stream stream({.purpose = Purpose::haar, .layer = which});  // targets, as of chips
  std::vector<float> numbers(count);
  for (std::size_t i = 0; i < count; ++i)
    numbers[i] = static_cast<float>(low + (1 - low) * stream.uniform(i));
  return numbers;
}

/// One tile of the core as a layer, and vectors that it is asked about.
struct ProductTrial {
  nn::LayerShape shape;
  std::vector<float> weights, inputs;
  int vectors = 0;
};

/// Products of all outputs: their root mean square is known to 0.3 % (1 / sqrt(2 products)).
constexpr int products_asked = 1 << 16;

ProductTrial product_trial(const CoreDescription& core) {
  ProductTrial trial{.shape = {}, .weights = {}, .inputs = {}, .vectors = 0};
  trial.vectors = std::max(256, products_asked / core.rows);
  trial.shape.name = "products";
  trial.shape.kind = nn::LayerShape::Kind::linear;
  trial.shape.in_channels = core.columns;
  trial.shape.out_channels = core.rows;
  const auto columns = static_cast<std::size_t>(core.columns);
  trial.weights = drawn_numbers(columns * static_cast<std::size_t>(core.rows), -1, 1);
  const double low = core.coding == photonic::InputCoding::intensity ? 0 : -1;
  trial.inputs = drawn_numbers(columns * static_cast<std::size_t>(trial.vectors), low, 2);
  // Full scale is reached, so that the units of weights and inputs are those of the core.
  trial.weights[0] = trial.inputs[0] = 1;
  return trial;
}

/// (output, vector) of exact sums, in the order of the engine.
std::vector<double> exact_products(const ProductTrial& trial) {
  const auto rows = static_cast<std::size_t>(trial.shape.out_channels),
             columns = static_cast<std::size_t>(trial.shape.in_channels);
  std::vector<double> exact(rows * static_cast<std::size_t>(trial.vectors), 0);
  for (std::size_t i = 0; i < exact.size(); ++i)
    for (std::size_t c = 0; c < columns; ++c)
      exact[i] +=
          double{trial.weights[i % rows * columns + c]} * trial.inputs[i / rows * columns + c];
  return exact;
}

}  // namespace

double throughput_TOPS(const Experiment& card, const QuantityOptions& /*options*/) {
  return peak_of(card).TOPS();
}

double latency_ns(const Experiment& card, const QuantityOptions& /*options*/) {
  return peak_of(card).product_ns;
}

double power_W(const Experiment& card, const QuantityOptions& options) {
  const photonic::Throughput peak = peak_of(card, options);
  double energy_pJ = 0;
  for (const photonic::Throughput::Part& part : peak.parts)
    if (asked(options, part.component)) energy_pJ += part.energy_pJ;
  return energy_pJ / peak.product_ns * peak.cores * 1e-3;
}

double efficiency_TOPS_per_W(const Experiment& card, const QuantityOptions& options) {
  const double power = power_W(card, options);
  require(power > 0, "the parts of the core that are asked for take no power");
  return throughput_TOPS(card, options) / power;
}

double energy_fJ_per_operation(const Experiment& card, const QuantityOptions& options) {
  return 1e3 * power_W(card, options) / throughput_TOPS(card, options);
}

double area_mm2(const Experiment& card, const QuantityOptions& options) {
  const CoreCost cost = photonic::core_cost(card.hardware.core);
  require_parts(cost, options.parts);
  require_parts(cost, options.without);
  double area = 0;
  for (const CoreCost::Part& part : cost.parts)
    if (asked(options, part.component)) area += part.area_mm2;
  return area * card.hardware.schedule.cores;
}

double density_TOPS_per_mm2(const Experiment& card, const QuantityOptions& options) {
  const double area = area_mm2(card, options);
  require(area > 0, "the parts of the core that are asked for have no area");
  return throughput_TOPS(card, options) / area;
}

double insertion_loss_dB(const Experiment& card, const QuantityOptions& /*options*/) {
  return photonic::link_budget(card.hardware.core).insertion_loss_db;
}

double enob_sine_bits(const Experiment& card, const QuantityOptions& /*options*/) {
  return photonic::link_budget(card.hardware.core).enob_sine;
}

double enob_uniform_bits(const Experiment& card, const QuantityOptions& /*options*/) {
  return photonic::link_budget(card.hardware.core).enob_uniform;
}

double enob_converted_bits(const Experiment& card, const QuantityOptions& /*options*/) {
  return photonic::link_budget(card.hardware.core).enob_converted;
}

double laser_W_for_enob(const Experiment& card, const QuantityOptions& options) {
  const photonic::CoreCard& core = card.hardware.core;
  const photonic::LaserRequirement laser = photonic::required_laser_power(core, options.bits);
  require(laser.reachable,
          "{:.4g} bits are out of reach at any power (intensity noise grows with the signal)",
          options.bits);
  return 1e-3 * laser.power_per_input_mW * photonic::lit_inputs(core) / core.laser.wall_plug *
         card.hardware.schedule.cores;
}

double weight_error_percent(const Experiment& card, const QuantityOptions& options) {
  photonic::ChipOptions asked{.chips = options.chips, .seed = card.seed, .targets = {}};
  if (options.targets == AskedWeights::normal)
    asked.targets.law = photonic::WeightTargets::Law::normal;
  return 100 * summarise(photonic::chip_statistics(card.hardware.core, asked).error).mean;
}

double product_error_percent(const Experiment& card, const QuantityOptions& options) {
  const auto core = photonic::make_core(card.hardware.core);
  const ProductTrial trial = product_trial(core->description());
  cosim::AnalogEngine engine(*core, card.seed, 0);
  engine.load(0, trial.shape, trial.weights, 0);
  const std::vector<double> exact = exact_products(trial);
  std::vector<float> read(exact.size());
  engine.begin_calibration();
  engine.multiply(0, {trial.inputs, trial.vectors, 0}, read);
  engine.end_calibration();
  std::vector<double> mean(exact.size(), 0);
  for (int reading = 0; reading < options.averages; ++reading) {
    // The same vectors under other numbers: noise of every reading is drawn anew.
    engine.multiply(
        0,
        {trial.inputs, trial.vectors,
         static_cast<std::uint64_t>(reading) * static_cast<std::uint64_t>(trial.vectors)},
        read);
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += double{read[i]} / options.averages;
  }
  double squares = 0;
  for (std::size_t i = 0; i < mean.size(); ++i)
    squares += (mean[i] - exact[i]) * (mean[i] - exact[i]);
  return 100 * std::sqrt(squares / static_cast<double>(mean.size()));
}

}  // namespace lightloom::experiments
