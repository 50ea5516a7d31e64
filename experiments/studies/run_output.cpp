// How a run is shown: arrays, JSON, tables.
#include <omp.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/error.hpp"
#include "experiments/results/files/provenance.hpp"
#include "experiments/results/json.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/results/views/freeze_view.hpp"
#include "experiments/studies/accuracy/accuracy_arrays.hpp"
#include "experiments/studies/accuracy/accuracy_output.hpp"
#include "experiments/studies/loop_output.hpp"
#include "experiments/studies/run_experiment.hpp"

namespace lightloom::experiments {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

/// Published accounting, weights and biases of weight layers, over all of them.
double bits_per_weight(const nn::Ratio& ratio) {
  std::int64_t bits = 0, weights = 0;
  for (const nn::LayerRatio& layer : ratio.layers) {
    bits += layer.memory_bits;
    weights += layer.dense_parameters;
  }
  return weights > 0 ? static_cast<double>(bits) / static_cast<double>(weights) : none;
}

/// A number without a unit.
void add_scalar(Labelled& data, const char* name, double value, const char* long_name) {
  data.add({name, {}, std::vector<double>{value}, "1", long_name});
}

void add_storage(Labelled& data, const RunResult& result) {
  std::vector<std::string> layers;
  for (const nn::LayerRatio& layer : result.ratios[0].layers) layers.push_back(layer.name);
  data.add_axis({"source", result.labels, "", "weight source, the card's own first"});
  data.add_axis({"layer", layers, "", "layer of the network"});
  std::vector<double> stored, parameters, precision, memory_ratio, parameter_ratio, per_weight;
  for (const nn::Ratio& ratio : result.ratios) {
    for (const nn::LayerRatio& layer : ratio.layers) {
      stored.push_back(static_cast<double>(layer.memory_bits));
      parameters.push_back(static_cast<double>(layer.parameters));
      precision.push_back(layer.precision_bits);
    }
    memory_ratio.push_back(ratio.memory_ratio);
    parameter_ratio.push_back(ratio.parameter_ratio);
    per_weight.push_back(bits_per_weight(ratio));
  }
  data.add({"stored_bits", {"source", "layer"}, stored, "bit", "stored bits"});
  data.add({"parameters", {"source", "layer"}, parameters, "1", "stored parameters"});
  data.add({"memory_ratio", {"source"}, memory_ratio, "1", "stored bits over 32-bit dense"});
  data.add({"parameter_ratio", {"source"}, parameter_ratio, "1", "stored parameters over dense"});
  data.add({"stored_bits_per_weight", {"source"}, per_weight, "bit", "stored bits per weight"});
  data.add({"precision_bits",
            {"source", "layer"},
            precision,
            "bit",
            "most bits a regenerated weight can need, sup(q)"});
}

void add_effective_bits(Labelled& data, const std::vector<ChipResult>& chips) {
  if (chips.front().effective_bits.empty()) return;
  std::vector<double> values;
  for (const ChipResult& chip : chips)
    values.insert(values.end(), chip.effective_bits.begin(), chip.effective_bits.end());
  data.add({"effective_bits",
            {"chip", "layer"},
            values,
            "bit",
            "effective bits of the optically generated weights"});
}

/// Accuracies with statistics of batch normalisation that each chip measured.
void add_retaken(Labelled& data, const AccuracyResult& accuracy) {
  data.add({"accuracy_chip_retaken",
            {"chip"},
            accuracies_of(accuracy.own.retaken),
            "1",
            "accuracy on the analog chip with statistics taken on it"});
  add_scalar(data, "accuracy_chips_retaken_mean", accuracy.over_retaken.mean,
             "mean accuracy over chips with statistics taken on each");
  add_scalar(data, "accuracy_chips_retaken_std", accuracy.over_retaken.standard_deviation,
             "standard deviation over chips with statistics taken on each");
}

void add_chips(Labelled& data, const AccuracyResult& accuracy) {
  if (accuracy.chips.empty()) return;
  std::vector<std::int64_t> numbers(accuracy.chips.size());
  std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
  data.add_axis({"chip", numbers, "1", "number of the chip"});
  const auto by_chip = [&](const char* name, const char* long_name, auto get) {
    std::vector<double> values;
    for (const ChipResult& chip : accuracy.chips) values.push_back(get(chip));
    data.add({name, {"chip"}, values, "1", long_name});
  };
  by_chip("accuracy_chip", "accuracy on the analog chip",
          [](const ChipResult& chip) { return chip.accuracy; });
  by_chip("weight_error", "relative error of the realised weights", [](const ChipResult& chip) {
    return std::sqrt(chip.counts.realisation.squared_error /
                     chip.counts.realisation.squared_target);
  });
  by_chip("clipped_weights", "weights outside the core's range", [](const ChipResult& chip) {
    return static_cast<double>(chip.counts.realisation.clipped_weights);
  });
  by_chip("unreachable_devices", "devices that cannot take their setting",
          [](const ChipResult& chip) {
            return static_cast<double>(chip.counts.realisation.unreachable_devices);
          });
  by_chip("clipped_inputs", "inputs outside the calibrated range",
          [](const ChipResult& chip) { return static_cast<double>(chip.counts.clipped_inputs); });
  by_chip("saturated_conversions", "conversions outside the ADC's range",
          [](const ChipResult& chip) {
            return static_cast<double>(chip.counts.saturated_conversions);
          });
  if (!accuracy.own.retaken.empty()) add_retaken(data, accuracy);
  add_effective_bits(data, accuracy.chips);
  add_scalar(data, "accuracy_chips_mean", accuracy.over_chips.mean, "mean accuracy over chips");
  add_scalar(data, "accuracy_chips_std", accuracy.over_chips.standard_deviation,
             "standard deviation over chips");
  add_scalar(data, "accuracy_chips_low", accuracy.over_chips.low,
             "lower end of the mean's 95 % interval");
  add_scalar(data, "accuracy_chips_high", accuracy.over_chips.high,
             "upper end of the mean's 95 % interval");
}

/// What a training's curves are called: their axis, what stands before their names and behind their
/// descriptions.
struct HistoryNames {
  std::string axis, prefix, of;
};

void add_history(Labelled& data, const nn::TrainResult& history, const HistoryNames& names) {
  const std::string &axis = names.axis, &prefix = names.prefix, &of = names.of;
  if (history.epochs.empty()) return;
  std::vector<std::int64_t> epochs(history.epochs.size());
  std::iota(epochs.begin(), epochs.end(), std::int64_t{1});
  data.add_axis({axis, epochs, "1", "epoch"});
  const auto curve = [&](const char* name, const std::string& long_name,
                         double nn::EpochRecord::*field) {
    std::vector<double> values;
    for (const nn::EpochRecord& epoch : history.epochs) values.push_back(epoch.*field);
    data.add({prefix + name, {axis}, values, "1", long_name + of});
  };
  curve("training_loss", "training loss", &nn::EpochRecord::loss);
  curve("training_accuracy", "training accuracy", &nn::EpochRecord::train_accuracy);
  curve("validation_accuracy", "validation accuracy", &nn::EpochRecord::validation_accuracy);
}

void add_faulty(Labelled& data, const AccuracyResult& accuracy) {
  add_scalar(data, "accuracy_faulty", *accuracy.faulty,
             "test accuracy from stored words with bit errors");
  add_scalar(data, "flipped_bits", static_cast<double>(accuracy.flipped_bits),
             "flipped bits of the stored words");
  add_scalar(data, "bit_error_rate", accuracy.bit_errors.rate, "bit errors per stored bit");
  add_scalar(data, "access_energy", accuracy.bit_errors.access_energy,
             "energy per access of the faulty memory, relative to its lowest safe voltage");
}

void add_accuracy(Labelled& data, const AccuracyResult& accuracy) {
  add_scalar(data, "accuracy_float", accuracy.float_network.value_or(none),
             "accuracy of the float network");
  if (accuracy.faulty) add_faulty(data, accuracy);
  add_scalar(data, "accuracy_source", accuracy.source,
             "accuracy with regenerated weights, digital");
  add_chips(data, accuracy);
  add_statistics(data, accuracy);
  add_history(data, accuracy.teacher_history, {"teacher_epoch", "teacher_", ", float network"});
  add_history(data, accuracy.history, {"epoch", "", ""});
}

cosim::AnalogCounts summed_counts(const std::vector<ChipResult>& chips) {
  cosim::AnalogCounts sum;
  for (const ChipResult& chip : chips) {
    sum.inputs += chip.counts.inputs;
    sum.clipped_inputs += chip.counts.clipped_inputs;
    sum.conversions += chip.counts.conversions;
    sum.saturated_conversions += chip.counts.saturated_conversions;
    sum.core_products += chip.counts.core_products;
    sum.digital_products += chip.counts.digital_products;
    sum.realisation.add(chip.counts.realisation);
  }
  return sum;
}

Json counts_json(const std::vector<ChipResult>& chips) {
  const cosim::AnalogCounts sum = summed_counts(chips);
  return {{"inputs", sum.inputs},
          {"clipped_inputs", sum.clipped_inputs},
          {"conversions", sum.conversions},
          {"saturated_conversions", sum.saturated_conversions},
          {"weights", sum.realisation.weights},
          {"clipped_weights", sum.realisation.clipped_weights},
          {"devices", sum.realisation.devices},
          {"unreachable_devices", sum.realisation.unreachable_devices},
          {"core_products", sum.core_products},
          {"digital_products", sum.digital_products}};
}

/// Where products of activations with activations were computed; nothing where there are none.
std::string product_place_text(const std::vector<ChipResult>& chips) {
  const cosim::AnalogCounts sum = summed_counts(chips);
  if (sum.core_products > 0)
    return "products of activations with activations ran on the core, with its noise\n";
  if (sum.digital_products > 0)
    return "products of activations with activations were exact: the core's weights are stored, so "
           "they are the digital unit's\n";
  return {};
}

/// Mean over chips of a layer's effective bits, or nothing where the generator does not make it.
std::vector<double> mean_effective_bits(const std::vector<ChipResult>& chips) {
  if (chips.empty()) return {};
  std::vector<double> mean(chips.front().effective_bits.size());
  for (const ChipResult& chip : chips)
    for (std::size_t l = 0; l < mean.size(); ++l)
      mean[l] += chip.effective_bits[l] / static_cast<double>(chips.size());
  return mean;
}

/// Effective bits of the weights that a photonic generator made, beside the most that they could
/// need.
Json effective_bits_json(const RunResult& result) {
  Json layers = Json::array();
  const std::vector<double> bits = mean_effective_bits(result.accuracy->chips);
  for (std::size_t l = 0; l < bits.size(); ++l) {
    const double precision = result.ratios[0].layers[l].precision_bits;
    layers.push_back({{"name", result.ratios[0].layers[l].name},
                      {"effective_bits", number_or_null(bits[l])},
                      {"precision_bits", precision > 0 ? Json(precision) : Json()}});
  }
  return layers;
}

std::string effective_bits_text(const RunResult& result) {
  const std::vector<double> bits = mean_effective_bits(result.accuracy->chips);
  TextTable table({"optically generated weights", "effective bits", "sup(q)"});
  bool any = false;
  for (std::size_t l = 0; l < bits.size(); ++l) {
    if (!std::isfinite(bits[l])) continue;
    any = true;
    const double precision = result.ratios[0].layers[l].precision_bits;
    table.row({result.ratios[0].layers[l].name, fmt::format("{:.2f}", bits[l]),
               precision > 0 ? fmt::format("{:.2f}", precision) : "-"});
  }
  return any ? "\n" + table.text() : "";
}

/// The memory of the stored words; with the voltage its part of the energy, if that was simulated.
Json faulty_json(const RunResult& result) {
  const nn::BitErrorCard& memory = result.accuracy->bit_errors;
  Json json{{"rate", memory.rate}, {"flipped_bits", result.accuracy->flipped_bits}};
  if (memory.voltage == 0) return json;
  json["voltage"] = memory.voltage;
  json["access_energy"] = memory.access_energy;
  if (result.cost) {
    const cosim::CostReport& report = result.cost->reports.front();
    const double buffer_J = 1e-12 * report.energy_pJ[cosim::Component::weight_buffer];
    json["weight_buffer_J"] = buffer_J * memory.access_energy;
    json["energy_J"] = report.energy_J() - buffer_J * (1 - memory.access_energy);
  }
  return json;
}

std::string faulty_text(const RunResult& result) {
  const Json json = faulty_json(result);
  std::string text =
      fmt::format("{} bits flipped at a rate of {:.3g}", json["flipped_bits"].get<std::int64_t>(),
                  json["rate"].get<double>());
  if (json.contains("voltage"))
    text += fmt::format(
        ", a memory at {:.2f} of its lowest safe voltage, {:.2f} of the energy per "
        "access",
        json["voltage"].get<double>(), json["access_energy"].get<double>());
  return text + "\n";
}

Json spread_json(const Spread& spread, const std::vector<double>& each) {
  return {{"count", each.size()},
          {"mean", spread.mean},
          {"std", number_or_null(spread.standard_deviation)},
          {"interval", Json::array({number_or_null(spread.low), number_or_null(spread.high)})},
          {"each", each}};
}

Json accuracy_json(const AccuracyResult& accuracy) {
  Json json{{"float", accuracy.float_network ? Json(*accuracy.float_network) : Json()},
            {"source", accuracy.source}};
  if (accuracy.faulty) {
    json["faulty"] = *accuracy.faulty;
    json["flipped_bits"] = accuracy.flipped_bits;
  }
  add_statistics(json, accuracy);
  if (accuracy.chips.empty()) return json;
  json["chips"] = spread_json(accuracy.over_chips, accuracies_of(accuracy.own.chips));
  if (!accuracy.own.retaken.empty())
    json["chips_retaken"] = spread_json(accuracy.over_retaken, accuracies_of(accuracy.own.retaken));
  json["analog"] = counts_json(accuracy.chips);
  return json;
}

std::string retaken_text(const Spread& spread) {
  if (!std::isfinite(spread.standard_deviation)) return percent(spread.mean);
  return fmt::format("{} +- {}", percent(spread.mean), percent(spread.standard_deviation));
}

std::string accuracy_text(const AccuracyResult& accuracy, const std::string& source) {
  TextTable table({"accuracy", "test set"});
  table.row(
      {"float network", accuracy.float_network ? percent(*accuracy.float_network) : "not known"});
  table.row({"regenerated weights (" + source + ")", percent(accuracy.source)});
  if (accuracy.faulty) table.row({"the same with bit errors", percent(*accuracy.faulty)});
  const Spread& spread = accuracy.over_chips;
  if (accuracy.chips.size() == 1) table.row({"on the analog chip", percent(spread.mean)});
  if (accuracy.chips.size() > 1)
    table.row({fmt::format("on {} analog chips", accuracy.chips.size()),
               fmt::format("{} +- {}", percent(spread.mean), percent(spread.standard_deviation))});
  if (!accuracy.own.retaken.empty())
    table.row({"the same, statistics taken on each", retaken_text(accuracy.over_retaken)});
  std::string text = table.text();
  if (accuracy.chips.size() > 1)
    text += fmt::format("95 % interval of the mean over chips: {} to {}\n", percent(spread.low),
                        percent(spread.high));
  return text + product_place_text(accuracy.chips);
}

/// What ages are compared by.
const char* metric_of(const RunResult& result) { return result.numbers ? "mse" : "accuracy"; }

std::string storage_text(const RunResult& result) {
  TextTable table({"weights", "bits per weight", "memory ratio", "parameter ratio"});
  for (std::size_t i = 0; i < result.ratios.size(); ++i)
    table.row({result.labels[i], fmt::format("{:.2f}", bits_per_weight(result.ratios[i])),
               fmt::format("{:.4f}", result.ratios[i].memory_ratio),
               fmt::format("{:.4f}", result.ratios[i].parameter_ratio)});
  return table.text();
}

}  // namespace

Labelled to_labelled(const RunResult& result, const Experiment& card) {
  Labelled data;
  add_storage(data, result);
  if (result.accuracy) add_accuracy(data, *result.accuracy);
  if (result.numbers) add_numbers(data, *result.numbers);
  if (result.loop) add_loop(data, *result.loop);
  if (result.freeze) add_freeze(data, *result.freeze);
  if (!result.ages.empty()) add_ages(data, result.ages, metric_of(result));
  if (result.cost) {
    add_cost(data, *result.cost);
    add_scalar(data, "images", card.hardware.batch,
               "images of one batch: they share one loading of the weights");
  }
  if (result.maintenance) add_maintenance(data, *result.maintenance);
  if (result.sensitivity) add_sensitivity(data, *result.sensitivity);
  return data;
}

Labelled results_of(const RunResult& result, const Experiment& card, const std::string& command) {
  Labelled data = to_labelled(result, card);
  add_origin(data, {.kind = "run",
                    .card = card.resolved,
                    .seed = card.seed,
                    .command = command,
                    .threads = omp_get_max_threads()});
  if (!card.summary.empty()) data.attributes["summary"] = card.summary;
  return data;
}

Json to_json(const RunResult& result) {
  Json json = Json::object();
  if (result.accuracy) {
    json["accuracy"] = accuracy_json(*result.accuracy);
    json["images_chose"] = result.accuracy->images_chose;
    Json bits = effective_bits_json(result);
    if (!bits.empty()) json["generated_weights"] = std::move(bits);
  }
  if (result.numbers) {
    json["errors"] = numbers_json(*result.numbers);
    json["images_chose"] = result.numbers->images_chose;
  }
  if (result.loop) json["in_the_loop"] = loop_json(*result.loop);
  if (result.freeze) json["freeze"] = freeze_json(*result.freeze);
  if (!result.ages.empty()) json["ages"] = ages_json(result.ages, metric_of(result));
  if (result.maintenance) json["maintenance"] = maintenance_json(*result.maintenance);
  json["memory_ratio"] = result.ratios[0].memory_ratio;
  json["parameter_ratio"] = result.ratios[0].parameter_ratio;
  json["stored_bits_per_weight"] = bits_per_weight(result.ratios[0]);
  if (result.cost) add_cost(json, *result.cost);
  if (result.sensitivity) json["sensitivity"] = sensitivity_json(*result.sensitivity);
  if (result.accuracy && result.accuracy->faulty) json["faulty_memory"] = faulty_json(result);
  return json;
}

std::string to_text(const RunResult& result) {
  std::string text;
  if (result.accuracy)
    text += accuracy_text(*result.accuracy, result.labels[0]) +
            (result.accuracy->faulty ? faulty_text(result) : "") +
            statistics_text(*result.accuracy) + effective_bits_text(result) + "\n";
  if (result.numbers) text += numbers_text(*result.numbers, result.labels[0]) + "\n";
  if (result.loop) text += loop_text(*result.loop) + "\n";
  if (result.freeze) text += freeze_text(*result.freeze) + "\n";
  if (!result.ages.empty()) text += ages_text(result.ages, metric_of(result)) + "\n";
  text += storage_text(result);
  if (result.cost) text += "\n" + cost_text(*result.cost);
  if (result.maintenance) text += "\n" + maintenance_text(*result.maintenance);
  if (result.sensitivity) text += "\n" + sensitivity_text(*result.sensitivity);
  return text;
}

}  // namespace lightloom::experiments
