#include "experiments/results/views/product_fit_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/statistics.hpp"
#include "experiments/results/json.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

/// Offset of every output, mean over the period.
std::vector<double> mean_offsets(const FittedErrors& errors) {
  std::vector<double> means(static_cast<std::size_t>(errors.outputs));
  for (std::size_t k = 0; k < errors.offset.size(); ++k)
    means[k % means.size()] += errors.offset[k] / errors.period;
  return means;
}

double root_mean_square(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

const ResidualStatistics& left_by(const ProductFit& fit, ErrorModel model) {
  return fit.residuals.of[static_cast<std::size_t>(model)];
}

/// Share of the variance that gains leave which this model explains.
double explained(const ProductFit& fit, ErrorModel model) {
  const double gains = left_by(fit, ErrorModel::gains).rms, rms = left_by(fit, model).rms;
  return gains > 0 ? 1 - rms * rms / (gains * gains) : 0;
}

Json estimate_json(const Estimate& estimate) {
  return {{"rms", estimate.value}, {"standard_error", estimate.standard_error}};
}

double decibels(double signal, double error) {
  return error > 0 ? 20 * std::log10(signal / error) : INFINITY;
}

Json models_json(const ProductFit& fit) {
  Json models = Json::object();
  for (const ErrorModel model : fit.residuals.models) {
    const ResidualStatistics& left = left_by(fit, model);
    const Summary outputs = summarise(left.deviation);
    models[name_of(model)] = {
        {"rms", left.rms},
        {"standard_error", left.standard_error},
        {"explained", explained(fit, model)},
        {"signal_to_residual_dB", number_or_null(decibels(fit.residuals.signal_rms, left.rms))},
        {"common_mode", left.common_mode},
        {"kurtosis",
         {{"pooled", left.kurtosis_pooled},
          {"within_output", left.kurtosis_within},
          {"largest_of_an_output", left.kurtosis_largest}}},
        {"deviation_of_outputs",
         {{"least", outputs.smallest}, {"median", outputs.median}, {"largest", outputs.largest}}},
        {"deviations", left.deviation}};
  }
  return models;
}

Json correctors_json(const Correctors& found) {
  Json json = {{"raw", estimate_json(found.raw)},
               {"gains", estimate_json(found.gains)},
               {"periodic", estimate_json(found.periodic)},
               {"mixing", Json::array()}};
  for (const Corrected& one : found.mixing) {
    Json rank = estimate_json(one.rms);
    rank["rank"] = one.rank;
    json["mixing"].push_back(std::move(rank));
  }
  return json;
}

Json spread_json(std::span<const double> values) {
  const Summary summary = summarise(values);
  return {{"mean", summary.mean}, {"std", summary.standard_deviation}};
}

Json period_json(const PeriodFound& period) {
  Json tried = Json::array();
  for (const PeriodTrial& one : period.trials)
    tried.push_back({{"period", one.period}, {"rms", one.rms}});
  return {{"value", period.period}, {"given", period.given}, {"tried", tried}};
}

Json fit_json(const ProductFit& fit) {
  const FittedErrors& errors = fit.errors;
  return {{"vectors", errors.vectors},
          {"outputs", errors.outputs},
          {"model", name_of(fit.model)},
          {"period", period_json(fit.period)},
          {"models", models_json(fit)},
          {"shares",
           {{"frozen", fit.shares.mixing},
            {"periodic", fit.shares.periodic},
            {"random", fit.shares.random}}},
          {"gain", spread_json(errors.gain)},
          {"offset", spread_json(mean_offsets(errors))},
          {"noise", {{"rms", root_mean_square(errors.sigma)}, {"common_share", errors.common}}},
          {"signal_rms", fit.residuals.signal_rms},
          {"correctors", correctors_json(fit.correctors)},
          {"nonlinearity",
           {{"straight", estimate_json(fit.nonlinearity.straight)},
            {"bent", estimate_json(fit.nonlinearity.bent)},
            {"bend_rms", fit.nonlinearity.bend},
            {"sigmas", fit.nonlinearity.sigmas}}}};
}

std::string models_text(const ProductFit& fit) {
  TextTable table({"observed given expected, held out", "rms", "+-", "explained", "common mode",
                   "kurtosis pooled", "within", "outputs from", "median", "to"});
  for (const ErrorModel model : fit.residuals.models) {
    const ResidualStatistics& left = left_by(fit, model);
    const Summary outputs = summarise(left.deviation);
    table.row({model_text(model, fit.period.period), fmt::format("{:.4g}", left.rms),
               fmt::format("{:.1g}", left.standard_error), percent(explained(fit, model)),
               fmt::format("{:.3g}", left.common_mode), fmt::format("{:.2f}", left.kurtosis_pooled),
               fmt::format("{:.2f}", left.kurtosis_within), fmt::format("{:.3g}", outputs.smallest),
               fmt::format("{:.3g}", outputs.median), fmt::format("{:.3g}", outputs.largest)});
  }
  return table.text();
}

std::string correctors_text(const ProductFit& fit) {
  TextTable table({"digital correction of observed, held out", "rms left", "+-"});
  const auto row = [&](const std::string& name, const Estimate& rms) {
    table.row({name, fmt::format("{:.4g}", rms.value), fmt::format("{:.1g}", rms.standard_error)});
  };
  row("none", fit.correctors.raw);
  row(model_text(ErrorModel::gains, 1), fit.correctors.gains);
  if (fit.period.period > 1)
    row(model_text(ErrorModel::periodic, fit.period.period), fit.correctors.periodic);
  for (const Corrected& one : fit.correctors.mixing)
    row(one.rank == fit.errors.outputs ? fmt::format("and a full matrix ({})", one.rank)
                                       : fmt::format("and a matrix of rank {}", one.rank),
        one.rms);
  return table.text();
}

std::string summary_text(const ProductFit& fit) {
  const Summary gain = summarise(fit.errors.gain);
  const Summary offset = summarise(mean_offsets(fit.errors));
  const auto db = [&](ErrorModel model) {
    return decibels(fit.residuals.signal_rms, left_by(fit, model).rms);
  };
  return fmt::format(
      "{} vectors of {} outputs: gain {:.4g} +- {:.2g}, offset {:.3g} +- {:.2g} over outputs\n"
      "of what gains leave: {} frozen, {} periodic, {} random\n"
      "signal to residual {:.1f} dB with gains, {:.1f} dB with all of the model; all outputs share "
      "{} of the noise's variance\n",
      fit.errors.vectors, fit.errors.outputs, gain.mean, gain.standard_deviation, offset.mean,
      offset.standard_deviation, percent(fit.shares.mixing), percent(fit.shares.periodic),
      percent(fit.shares.random), db(ErrorModel::gains), db(fit.model), percent(fit.errors.common));
}

}  // namespace

std::string model_text(ErrorModel model, int period) {
  switch (model) {
    case ErrorModel::gains:
      return "gain and offset of every output";
    case ErrorModel::periodic:
      return fmt::format("gain, offsets by t mod {}", period);
    case ErrorModel::mixing:
      return "frozen mixing and offset";
    case ErrorModel::both:
      break;
  }
  return fmt::format("frozen mixing, offsets by t mod {}", period);
}

std::vector<std::string> product_fit_notes(const ProductFit& fit) {
  std::vector<std::string> notes;
  const PeriodFound& period = fit.period;
  if (!period.trials.empty()) {
    const double one = period.trials.front().rms,
                 best = period.trials[static_cast<std::size_t>(period.period) - 1].rms;
    notes.push_back(
        period.period == 1
            ? fmt::format("offsets by the number of the vector modulo 2 to {} predict nothing held "
                          "out: no period",
                          period.trials.size())
            : fmt::format("period {} found: of 1 to {}, the shortest as good as the best held out "
                          "({:.4g} left, {:.4g} without it; --period names another)",
                          period.period, period.trials.size(), best, one));
  }
  const Nonlinearity& curve = fit.nonlinearity;
  notes.push_back(curve.sigmas > 3
                      ? fmt::format("outputs bend: squares and cubes of each one's prediction take "
                                    "{:.3g} rms away, held out ({:.0f} standard errors)",
                                    curve.bend, curve.sigmas)
                      : std::string("outputs do not bend: squares and cubes of each one's "
                                    "prediction take nothing away, held out"));
  const ResidualStatistics& left = left_by(fit, ErrorModel::gains);
  if (left.kurtosis_pooled > left.kurtosis_within + 0.5)
    notes.push_back(
        fmt::format("pooled residuals are heavy-tailed (kurtosis {:.2f}) because outputs differ: "
                    "within an output it is {:.2f} (3: normal)",
                    left.kurtosis_pooled, left.kurtosis_within));
  return notes;
}

Shown product_fit_view(const ProductFit& fit) {
  Shown shown{.json = fit_json(fit),
              .text = summary_text(fit) + "\n" + models_text(fit) + "\n" + correctors_text(fit)};
  shown.json["notes"] = product_fit_notes(fit);
  for (const std::string& note : product_fit_notes(fit)) shown.text += "note: " + note + "\n";
  return shown;
}

}  // namespace lightloom::experiments
