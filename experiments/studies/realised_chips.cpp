#include "experiments/studies/realised_chips.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "cosim/studies/realised_matrix.hpp"
#include "photonic/cores/core_table.hpp"

namespace lightloom::experiments {
namespace {

using cosim::RealisedMatrix;
using photonic::DeviceSettings;

constexpr double most_numbers = 1 << 28;

std::vector<std::int64_t> numbered(std::size_t count) {
  std::vector<std::int64_t> list(count);
  std::iota(list.begin(), list.end(), 0);
  return list;
}

std::vector<float> real_weights(const ComplexMatrix& target, const std::string& name) {
  std::vector<float> weights;
  weights.reserve(target.values.size());
  const auto columns = static_cast<std::size_t>(target.columns);
  for (const std::complex<double> value : target.values) {
    require(value.imag() == 0,
            "{}: element ({}, {}) is complex (the weights of a core are real numbers)", name,
            weights.size() / columns, weights.size() % columns);
    weights.push_back(static_cast<float>(value.real()));
    require(std::isfinite(weights.back()),
            "{}: element ({}, {}) is {}, beyond what weights of single precision hold", name,
            (weights.size() - 1) / columns, (weights.size() - 1) % columns, value.real());
  }
  return weights;
}

/// All chips one after the other.
struct AllChips {
  std::vector<float> weights, full_scale;
  std::vector<double> offset, noise;
  std::vector<std::int64_t> clipped;
  std::vector<DeviceSettings> settings;
  int core_rows = 0, row_tiles = 0, column_tiles = 0;
  int period = 0;  // of the errors of outputs; 0: none
};

template <class To, class From>
void append(std::vector<To>& to, const std::vector<From>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

void add_settings(std::vector<DeviceSettings> chip, std::vector<DeviceSettings>& all) {
  if (all.empty()) {
    all = std::move(chip);
    return;
  }
  for (std::size_t k = 0; k < chip.size(); ++k) append(all[k].values, chip[k].values);
}

void add_chip(const RealisedMatrix& matrix, RealisedChips& found, AllChips& all) {
  append(all.weights, matrix.weights);
  append(all.full_scale, matrix.full_scale);
  all.row_tiles = matrix.row_tiles;
  all.column_tiles = matrix.column_tiles;
  const photonic::RealisationReport& report = matrix.report;
  all.clipped.push_back(report.clipped_weights);
  found.unreachable.push_back(report.devices > 0 ? static_cast<double>(report.unreachable_devices) /
                                                       static_cast<double>(report.devices)
                                                 : 0.0);
}

/// ||realised - target||_F / ||target||_F.
double error_of(const std::vector<float>& realised, const std::vector<float>& target) {
  double error = 0, norm = 0;
  for (std::size_t k = 0; k < target.size(); ++k) {
    const double difference = double{realised[k]} - target[k];
    error += difference * difference;
    norm += double{target[k]} * target[k];
  }
  return std::sqrt(error / norm);
}

void add_axes(const ComplexMatrix& target, std::size_t chips, const AllChips& all, Labelled& data) {
  data.add_axis({"chip", numbered(chips), "", "chip"});
  data.add_axis({"output", numbered(static_cast<std::size_t>(target.rows)), "", "output"});
  data.add_axis({"input", numbered(static_cast<std::size_t>(target.columns)), "", "input"});
  data.add_axis({"tile",
                 numbered(static_cast<std::size_t>(all.row_tiles) *
                          static_cast<std::size_t>(all.column_tiles)),
                 "", "tile: row of tiles times their columns, plus column"});
  data.add_axis({"core_output", numbered(static_cast<std::size_t>(all.core_rows)), "",
                 "output of the core in a tile"});
}

/// Each on an axis of its own devices.
void add_device_settings(const AllChips& all, std::size_t chips, std::size_t tiles,
                         Labelled& data) {
  for (const DeviceSettings& one : all.settings) {
    const std::string axis = one.name + "_device";
    data.add_axis({axis, numbered(one.values.size() / (chips * tiles)), "", "device"});
    data.add({one.name, {"chip", "tile", axis}, one.values, one.unit, one.long_name});
  }
}

void add_output_errors(const AllChips& all, Labelled& data) {
  if (all.period == 0) return;
  data.add_axis({"phase", numbered(static_cast<std::size_t>(all.period)), "",
                 "number of an input vector on its tile modulo the period"});
  data.add({"output_offset",
            {"chip", "phase", "core_output"},
            all.offset,
            "1",
            "offset of an output, in full-scale products"});
  data.add({"output_noise",
            {"chip", "core_output"},
            all.noise,
            "1",
            "standard deviation of a reading, in full-scale products"});
}

void check(const ComplexMatrix& target, const std::vector<float>& weights,
           const RealisedOptions& options) {
  require(options.chips >= 1, "realised matrices need at least one chip, not {}", options.chips);
  require(std::any_of(weights.begin(), weights.end(), [](float w) { return w != 0; }),
          "{}: all {} x {} weights are zero (an error in proportion to them says nothing)",
          options.name, target.rows, target.columns);
  require(static_cast<double>(options.chips) * static_cast<double>(weights.size()) <= most_numbers,
          "{} chips of {} x {} weights are more than 2^28 numbers (take fewer with --chips)",
          options.chips, target.rows, target.columns);
}

/// Runs the chips in order.
AllChips run_chips(const photonic::CoreCard& card, const cosim::TargetMatrix& matrix,
                   const RealisedOptions& options, RealisedChips& found) {
  const auto core = photonic::make_core(card);
  const auto& tell = photonic::core_entry(card.kind).settings;
  AllChips all{.core_rows = core->description().rows};
  for (std::uint32_t number = 0; number < static_cast<std::uint32_t>(options.chips); ++number) {
    const cosim::ChipCore chip(*core, options.seed, number);
    const RealisedMatrix realised = cosim::realise_matrix(chip, matrix);
    add_chip(realised, found, all);
    found.error.push_back(
        error_of(realised.weights, {matrix.weights.begin(), matrix.weights.end()}));
    if (tell) {
      const cosim::LayerTargets asked = cosim::matrix_targets(chip, matrix);
      add_settings(tell(card, {asked.weights, asked.address, {}, {}, asked.used}), all.settings);
    }
    if (!chip.errors.any()) continue;
    all.period = chip.errors.period;
    append(all.offset, chip.errors.offset);
    append(all.noise, chip.errors.noise_sigma);
  }
  found.tiles = all.row_tiles * all.column_tiles;
  found.settings = static_cast<bool>(tell);
  return all;
}

}  // namespace

RealisedChips realise_chips(const photonic::CoreCard& card, const ComplexMatrix& target,
                            const RealisedOptions& options) {
  const std::vector<float> weights = real_weights(target, options.name);
  check(target, weights, options);
  RealisedChips found;
  AllChips all = run_chips(card, {target.rows, target.columns, weights}, options, found);
  const auto chips = static_cast<std::size_t>(options.chips);
  Labelled& data = found.data;
  add_axes(target, chips, all, data);
  data.add({"target", {"output", "input"}, weights, "1", "weights asked for"});
  data.add({"realised",
            {"chip", "output", "input"},
            std::move(all.weights),
            "1",
            "weights that the chip multiplies with"});
  data.add({"full_scale",
            {"chip", "tile", "core_output"},
            std::move(all.full_scale),
            "1",
            "weight that a full-scale weight of the core stands for"});
  data.add({"error", {"chip"}, found.error, "1", "relative error of the weights"});
  data.add({"unreachable",
            {"chip"},
            found.unreachable,
            "1",
            "share of devices that cannot take their setting"});
  data.add({"clipped_weights",
            {"chip"},
            std::move(all.clipped),
            "",
            "weights outside the range of the core"});
  add_output_errors(all, data);
  add_device_settings(all, chips, static_cast<std::size_t>(found.tiles), data);
  data.attributes["row_tiles"] = std::int64_t{all.row_tiles};
  data.attributes["column_tiles"] = std::int64_t{all.column_tiles};
  return found;
}

}  // namespace lightloom::experiments
