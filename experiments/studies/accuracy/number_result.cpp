#include "experiments/studies/accuracy/number_result.hpp"

#include <fmt/ranges.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/error.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/statistics/spread.hpp"

namespace lightloom::experiments {
namespace {

using Errors = nn::NumberErrors;

Json finite_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json metrics_json(const Errors& errors) {
  return {{"mse", finite_or_null(errors.mean_squared())},
          {"rmse", finite_or_null(errors.root_mean_squared())},
          {"mae", finite_or_null(errors.mean_absolute())},
          {"r2", finite_or_null(errors.explained())}};
}

std::vector<double> over_chips(const std::vector<ChipNumbers>& chips,
                               double (Errors::*metric)() const) {
  std::vector<double> values;
  for (const ChipNumbers& chip : chips) values.push_back((chip.errors.*metric)());
  return values;
}

Json spread_json(const std::vector<double>& values) {
  const Spread spread = spread_of(values);
  return {{"mean", finite_or_null(spread.mean)},
          {"std", finite_or_null(spread.standard_deviation)},
          {"interval", Json::array({finite_or_null(spread.low), finite_or_null(spread.high)})},
          {"each", values}};
}

Json training_numbers_json(const TrainingNumbers& one) {
  Json json{{"float", one.float_network ? metrics_json(*one.float_network) : Json()},
            {"source", metrics_json(one.source)}};
  if (one.chips.empty()) return json;
  json["chips"] = {{"count", one.chips.size()},
                   {"mse", spread_json(over_chips(one.chips, &Errors::mean_squared))},
                   {"r2", spread_json(over_chips(one.chips, &Errors::explained))}};
  return json;
}

const char* task_name(nn::Task task) {
  return task == nn::Task::autoencoder ? "autoencoder" : "regression";
}

void add_one(Labelled& data, const std::string& name, double value, const std::string& what) {
  data.add({name, {}, std::vector<double>{value}, "1", what});
}

void add_metrics(Labelled& data, const std::string& of, const Errors& errors,
                 const std::string& what) {
  add_one(data, "mse_" + of, errors.mean_squared(), "mean squared error, " + what);
  add_one(data, "mae_" + of, errors.mean_absolute(), "mean absolute error, " + what);
  add_one(data, "r2_" + of, errors.explained(), "share of the variance explained, " + what);
}

void add_curves(Labelled& data, const nn::TrainResult& history, const std::string& axis,
                const std::string& prefix) {
  if (history.epochs.empty()) return;
  std::vector<std::int64_t> epochs(history.epochs.size());
  std::iota(epochs.begin(), epochs.end(), std::int64_t{1});
  data.add_axis({axis, epochs, "1", "epoch"});
  const auto curve = [&](const char* name, const char* long_name, double nn::EpochRecord::*field) {
    std::vector<double> values;
    for (const nn::EpochRecord& epoch : history.epochs) values.push_back(epoch.*field);
    data.add({prefix + name, {axis}, values, "1", long_name});
  };
  curve("training_loss", "training loss", &nn::EpochRecord::loss);
  curve("training_r2", "variance explained in training", &nn::EpochRecord::train_accuracy);
  curve("validation_r2", "variance explained in validation", &nn::EpochRecord::validation_accuracy);
}

std::vector<std::string> metrics_row(const std::string& name, const Errors& errors) {
  return {name, fmt::format("{:.4g}", errors.mean_squared()),
          fmt::format("{:.4g}", errors.root_mean_squared()),
          fmt::format("{:.4g}", errors.mean_absolute()), fmt::format("{:.4f}", errors.explained())};
}

}  // namespace

std::vector<ChipNumbers> evaluate_chip_numbers(nn::Network& network, const nn::Dataset& data,
                                               const ChipRun& run, ProgressSink& sink) {
  std::vector<ChipNumbers> chips;
  const auto compare = [&](nn::Inference& inference, cosim::Chip& chip) {
    chips.push_back(
        {.errors = nn::evaluate_numbers(inference, data.test), .counts = chip.counts()});
    return fmt::format("R2 {:.4f}", chips.back().errors.explained());
  };
  for_each_chip(network, data, run, {compare, sink});
  return chips;
}

Json numbers_json(const NumberResult& result) {
  Json json = training_numbers_json(result.own);
  json["task"] = task_name(result.task);
  json["outputs"] = result.own.source.outputs;
  json["images"] = {{"count", result.images.test},
                    {"shared_with_training", result.images.in_training},
                    {"shared_with_validation", result.images.in_validation}};
  if (result.faulty) json["faulty"] = metrics_json(*result.faulty);
  for (const TrainingNumbers& one : result.baselines)
    json["baselines"][one.label] = training_numbers_json(one);
  if (result.retrained.empty()) return json;
  const auto with_seed = [](const TrainingNumbers& one) {
    Json seed = training_numbers_json(one);
    seed["seed"] = one.seed;
    return seed;
  };
  json["seeds"] = Json::array({with_seed(result.own)});
  for (const TrainingNumbers& one : result.retrained) json["seeds"].push_back(with_seed(one));
  return json;
}

void add_numbers(Labelled& data, const NumberResult& result) {
  if (result.own.float_network)
    add_metrics(data, "float", *result.own.float_network, "float network");
  add_metrics(data, "source", result.own.source, "regenerated weights, digital");
  if (result.faulty) add_metrics(data, "faulty", *result.faulty, "stored words with bit errors");
  const std::vector<ChipNumbers>& chips = result.own.chips;
  if (!chips.empty()) {
    std::vector<std::int64_t> numbers(chips.size());
    std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
    data.add_axis({"chip", numbers, "1", "number of the chip"});
    const std::vector<double> mse = over_chips(chips, &Errors::mean_squared);
    data.add({"mse_chip", {"chip"}, mse, "1", "mean squared error on the analog chip"});
    data.add({"r2_chip",
              {"chip"},
              over_chips(chips, &Errors::explained),
              "1",
              "share of the variance explained on the analog chip"});
    const Spread spread = spread_of(mse);
    add_one(data, "mse_chips_mean", spread.mean, "mean over chips of the mean squared error");
    add_one(data, "mse_chips_std", spread.standard_deviation, "its deviation between chips");
  }
  if (!result.images_chose.empty())
    data.attributes["images_chose"] = fmt::format("{}", fmt::join(result.images_chose, "\n"));
  data.attributes["task"] = std::string(task_name(result.task));
  add_curves(data, result.teacher_history, "teacher_epoch", "teacher_");
  add_curves(data, result.history, "epoch", "");
}

std::string numbers_text(const NumberResult& result, const std::string& source) {
  TextTable table({task_name(result.task), "mean squared error", "its root", "mean absolute error",
                   "variance explained (R2)"});
  if (result.own.float_network) table.row(metrics_row("float network", *result.own.float_network));
  table.row(metrics_row("regenerated weights (" + source + ")", result.own.source));
  if (result.faulty) table.row(metrics_row("the same with bit errors", *result.faulty));
  const std::vector<ChipNumbers>& chips = result.own.chips;
  for (const TrainingNumbers& one : result.baselines)
    table.row(metrics_row("baseline " + one.label, one.source));
  std::string text = table.text();
  if (chips.empty()) return text;
  const Spread mse = spread_of(over_chips(chips, &Errors::mean_squared)),
               r2 = spread_of(over_chips(chips, &Errors::explained));
  return text + fmt::format(
                    "on {} analog chips: mean squared error {:.4g} +- {:.2g}, R2 {:.4f} +- "
                    "{:.2g}\n",
                    chips.size(), mse.mean, mse.standard_deviation, r2.mean, r2.standard_deviation);
}

}  // namespace lightloom::experiments
