#include "experiments/studies/search/mixture_output.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "experiments/results/files/provenance.hpp"
#include "experiments/results/text_table.hpp"
#include "nn/mixture/mixed_source.hpp"

namespace lightloom::experiments {
namespace {

constexpr double not_served = std::numeric_limits<double>::quiet_NaN();

Json by_cost(const MixtureStudy& study, const std::vector<double>& values) {
  Json json = Json::object();
  for (std::size_t k = 0; k < values.size(); ++k) json[nn::name_of(study.costs[k])] = values[k];
  return json;
}

Json by_target(const MixtureStudy& study, const std::vector<double>& values) {
  Json json = Json::object();
  for (std::size_t i = 0; i < values.size(); ++i) json[study.targets[i].name] = values[i];
  return json;
}

Json network_json(const MixtureStudy& study, const MixtureNetwork& network) {
  Json layers = Json::object();
  for (std::size_t l = 0; l < network.chosen.size(); ++l)
    layers[study.layers[l]] = study.candidates[network.chosen[l]];
  return {{"accuracy", network.accuracy},
          {"validation_accuracy", network.validation_accuracy},
          {"epochs", network.epochs},
          {"table", by_cost(study, network.table)},
          {"whole", by_cost(study, network.whole)},
          {"layers", std::move(layers)}};
}

Json epoch_json(const MixtureStudy& study, const nn::MixtureEpoch& epoch) {
  Json alphas = Json::object();
  for (std::size_t l = 0; l < study.layers.size(); ++l)
    for (std::size_t place = 0; place < study.serving[l].size(); ++place)
      alphas[study.layers[l]][study.candidates[study.serving[l][place]]] = epoch.alphas[l][place];
  return {{"loss", epoch.loss},
          {"temperature", epoch.temperature},
          {"strengths", by_target(study, epoch.strengths)},
          {"mixed_costs", by_target(study, epoch.mixed_costs)},
          {"chosen_costs", by_target(study, epoch.chosen_costs)},
          {"mixed_accuracy", epoch.mixed_accuracy},
          {"chosen_accuracy", epoch.chosen_accuracy},
          {"alphas", std::move(alphas)}};
}

std::string targets_text(const MixtureStudy& study) {
  std::string text;
  const MixtureNetwork& searched = study.networks.front();
  for (std::size_t i = 0; i < study.targets.size(); ++i) {
    const nn::CostTable& target = study.targets[i];
    const auto cost = std::ranges::find_if(
        study.costs, [&](nn::MixtureCost one) { return nn::name_of(one) == target.name; });
    const auto k = static_cast<std::size_t>(cost - study.costs.begin());
    text += fmt::format(
        "{}: at most {}; searched {} by the table ({:+.1f} %), {} whole ({:+.1f} %){}\n",
        target.name, cost_text(*cost, target.target), cost_text(*cost, searched.table[k]),
        100 * (searched.table[k] / target.target - 1), cost_text(*cost, searched.whole[k]),
        100 * (searched.whole[k] / target.target - 1),
        study.search.strengths[i] > 0
            ? ""
            : "; equal shares met it already, so that nothing enforced it");
  }
  return text;
}

std::string epochs_text(const MixtureStudy& study) {
  std::vector<std::string> header{"epoch", "loss"};
  for (const nn::CostTable& target : study.targets) {
    header.push_back(target.name + ", mixed");
    header.emplace_back("chosen");
  }
  header.insert(header.end(), {"accuracy, mixed", "chosen", "gap"});
  TextTable table(header);
  for (std::size_t e = 0; e < study.search.epochs.size(); ++e) {
    const nn::MixtureEpoch& epoch = study.search.epochs[e];
    std::vector<std::string> row{fmt::format("{}", e + 1), fmt::format("{:.3f}", epoch.loss)};
    for (std::size_t i = 0; i < study.targets.size(); ++i) {
      row.push_back(percent(epoch.mixed_costs[i] / study.targets[i].target));
      row.push_back(percent(epoch.chosen_costs[i] / study.targets[i].target));
    }
    row.push_back(percent(epoch.mixed_accuracy));
    row.push_back(percent(epoch.chosen_accuracy));
    row.push_back(percent(epoch.mixed_accuracy - epoch.chosen_accuracy));
    table.row(row);
  }
  return table.text();
}

std::string networks_text(const MixtureStudy& study) {
  std::vector<std::string> header{"network"};
  for (const nn::MixtureCost cost : study.costs) header.emplace_back(nn::name_of(cost));
  header.insert(header.end(), {"epochs", "validation", "test"});
  TextTable table(header);
  for (const MixtureNetwork& network : study.networks) {
    std::vector<std::string> row{network.name};
    for (std::size_t k = 0; k < study.costs.size(); ++k)
      row.push_back(cost_text(study.costs[k], network.whole[k]));
    row.push_back(fmt::format("{}", network.epochs));
    row.push_back(percent(network.validation_accuracy));
    row.push_back(percent(network.accuracy));
    table.row(row);
  }
  return table.text();
}

/// A value for every layer and candidate, not a number where the candidate does not serve.
std::vector<double> spread(const MixtureStudy& study,
                           const std::vector<std::vector<float>>& places) {
  const std::size_t count = study.candidates.size();
  std::vector<double> all(study.layers.size() * count, not_served);
  for (std::size_t l = 0; l < places.size(); ++l)
    for (std::size_t place = 0; place < places[l].size(); ++place)
      all[l * count + study.serving[l][place]] = places[l][place];
  return all;
}

void append(std::vector<double>& all, const std::vector<double>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

void add_epochs(Labelled& data, const MixtureStudy& study) {
  std::vector<double> loss, alphas, mixed, chosen, mixed_accuracy, chosen_accuracy, strengths;
  std::vector<std::int64_t> numbers;
  for (const nn::MixtureEpoch& epoch : study.search.epochs) {
    numbers.push_back(static_cast<std::int64_t>(numbers.size()) + 1);
    loss.push_back(epoch.loss);
    append(alphas, spread(study, epoch.alphas));
    append(mixed, epoch.mixed_costs);
    append(chosen, epoch.chosen_costs);
    append(strengths, epoch.strengths);
    mixed_accuracy.push_back(epoch.mixed_accuracy);
    chosen_accuracy.push_back(epoch.chosen_accuracy);
  }
  data.add_axis({"epoch", numbers, "", "epoch of the search"});
  data.add({"loss", {"epoch"}, loss, "1", "task loss and hinges, mean over the epoch"});
  data.add({"alpha", {"epoch", "layer", "candidate"}, alphas, "1", "architecture parameter"});
  data.add({"mixed_cost", {"epoch", "target"}, mixed, "", "cost of the mixture"});
  data.add({"chosen_cost", {"epoch", "target"}, chosen, "", "cost of the largest shares"});
  data.add({"strength", {"epoch", "target"}, strengths, "", "strength of the hinge"});
  data.add({"mixed_accuracy", {"epoch"}, mixed_accuracy, "1", "validation, of the mixture"});
  data.add(
      {"chosen_accuracy", {"epoch"}, chosen_accuracy, "1", "validation, of the largest shares"});
}

void add_networks(Labelled& data, const MixtureStudy& study) {
  std::vector<std::string> names, chosen;
  std::vector<double> table, whole, validation, accuracy;
  std::vector<std::int64_t> epochs;
  for (const MixtureNetwork& network : study.networks) {
    names.push_back(network.name);
    for (const std::size_t c : network.chosen) chosen.push_back(study.candidates[c]);
    append(table, network.table);
    append(whole, network.whole);
    validation.push_back(network.validation_accuracy);
    accuracy.push_back(network.accuracy);
    epochs.push_back(network.epochs);
  }
  data.add_axis({"network", names, "", "network that was trained"});
  data.add({"chosen", {"network", "layer"}, chosen, "", "candidate of the layer"});
  data.add({"table_cost", {"network", "cost"}, table, "", "sum of the layers' table"});
  data.add(
      {"whole_cost", {"network", "cost"}, whole, "", "of the network counted and simulated whole"});
  data.add({"validation_accuracy", {"network"}, validation, "1", "validation accuracy"});
  data.add({"accuracy", {"network"}, accuracy, "1", "test accuracy"});
  data.add({"training_epochs", {"network"}, epochs, "1", "epochs that it took"});
}

}  // namespace

Json mixture_json(const MixtureStudy& study) {
  Json json{{"method", "dnas"},
            {"candidates", study.candidates},
            {"targets", Json::object()},
            {"warm_up_loss", study.search.warm_loss},
            {"float_accuracy", study.float_accuracy}};
  for (std::size_t i = 0; i < study.targets.size(); ++i)
    json["targets"][study.targets[i].name] = {{"at_most", study.targets[i].target},
                                              {"start", study.search.start_costs[i]},
                                              {"strength", study.search.strengths[i]}};
  for (const nn::MixtureEpoch& epoch : study.search.epochs)
    json["epochs"].push_back(epoch_json(study, epoch));
  const nn::MixtureEpoch& last = study.search.epochs.back();
  json["discretisation_gap"] = last.mixed_accuracy - last.chosen_accuracy;
  for (const MixtureNetwork& network : study.networks)
    json["networks"][network.name] = network_json(study, network);
  if (!study.chose.empty()) json["images_chose"] = study.chose;
  return json;
}

std::string mixture_text(const MixtureStudy& study) {
  TextTable layers({"layer", "chosen", "share"});
  const nn::MixtureEpoch& last = study.search.epochs.back();
  for (std::size_t l = 0; l < study.layers.size(); ++l) {
    const std::vector<double> shares = nn::mixture_shares(last.alphas[l], {}, last.temperature);
    layers.row({study.layers[l], study.candidates[study.search.chosen[l]],
                fmt::format("{:.3f}", *std::ranges::max_element(shares))});
  }
  return fmt::format("{}\n{}\ncosts as shares of their targets, by the table\n\n{}\n{}",
                     layers.text(), epochs_text(study), networks_text(study), targets_text(study));
}

Labelled mixture_results(const MixtureStudy& study, const Experiment& card,
                         const std::string& command) {
  Labelled data;
  std::vector<std::string> costs, targets;
  std::vector<double> limits;
  for (const nn::MixtureCost cost : study.costs) costs.emplace_back(nn::name_of(cost));
  for (const nn::CostTable& target : study.targets) {
    targets.push_back(target.name);
    limits.push_back(target.target);
  }
  data.add_axis({"layer", study.layers, "", "layer of the network"});
  data.add_axis({"candidate", study.candidates, "", "weight source"});
  data.add_axis({"cost", costs, "", "bytes (B), time (s), energy (J)"});
  data.add_axis({"target", targets, "", "cost that is bounded"});
  data.add({"at_most", {"target"}, limits, "", "bound of the cost"});
  add_epochs(data, study);
  add_networks(data, study);
  add_origin(data, {.kind = "search",
                    .card = card.resolved,
                    .seed = card.seed,
                    .command = command,
                    .threads = omp_get_max_threads()});
  data.attributes["float_accuracy"] = study.float_accuracy;
  return data;
}

}  // namespace lightloom::experiments
