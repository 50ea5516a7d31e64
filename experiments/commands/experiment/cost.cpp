#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/files/csv.hpp"
#include "cosim/studies/break_even.hpp"
#include "cosim/studies/dram_replay.hpp"
#include "cosim/studies/latency_study.hpp"
#include "experiments/commands/card_input.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/experiment/tile_timeline.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/studies/costs/cost_study.hpp"
#include "experiments/studies/costs/image_sizes.hpp"
#include "experiments/studies/costs/layer_list.hpp"
#include "experiments/studies/costs/maintenance.hpp"
#include "experiments/studies/costs/sensitivity.hpp"
#include "experiments/studies/frontier.hpp"
#include "nn/models/models.hpp"

namespace lightloom::experiments {
namespace {

using cosim::BreakEven;
using cosim::Metric;

/// Nanoseconds or picojoules in seconds or joules.
double in_base_units(double value, Metric metric) {
  return value * (metric == Metric::time ? 1e-9 : 1e-12);
}

Json break_even_json(const BreakEven& found) {
  Json json{{"crossings", found.crossings},
            {"tolerance", found.tolerance},
            {"equal", Json::array()},
            {"answers", Json::array()},
            {"sweep", Json::array()}};
  for (const cosim::EqualStretch& stretch : found.equal)
    json["equal"].push_back({{"from", stretch.from}, {"to", stretch.to}});
  for (const cosim::BreakEvenAnswer& answer : cosim::break_even_answers(found))
    json["answers"].push_back(answer.stretch()
                                  ? Json{{"equal_from", answer.at.from}, {"equal_to", answer.at.to}}
                                  : Json{{"crossing", answer.at.from}});
  for (const cosim::BreakEvenPoint& point : found.sweep)
    json["sweep"].push_back({{"value", point.value},
                             {"ours", in_base_units(point.ours, found.metric)},
                             {"baseline", in_base_units(point.baseline, found.metric)},
                             {"gain", point.gain()}});
  return json;
}

/// A unit as a table shows it.
std::string shown(const std::string& unit) { return unit == "1" ? "x the card's" : unit; }

/// A stretch that reaches an end of the range is open there.
std::string answers_text(const BreakEven& found, const std::string& unit) {
  const std::vector<cosim::BreakEvenAnswer> answers = cosim::break_even_answers(found);
  if (answers.empty())
    return fmt::format("none in range: it {} everywhere",
                       found.sweep.front().gain() > 1 ? "pays" : "does not pay");
  const auto one = [&](const cosim::BreakEvenAnswer& answer) {
    const auto& [from, to] = answer.at;
    if (!answer.stretch()) return fmt::format("{:.4g} {}", from, unit);
    const bool first = from == found.sweep.front().value, last = to == found.sweep.back().value;
    const std::string equal = fmt::format("equal within {:.3g} %", 100 * found.tolerance);
    if (first && last) return equal + " everywhere";
    if (last) return fmt::format("{} from {:.4g} {}", equal, from, unit);
    if (first) return fmt::format("{} up to {:.4g} {}", equal, to, unit);
    return fmt::format("{} from {:.4g} to {:.4g} {}", equal, from, to, unit);
  };
  std::string text;
  for (const cosim::BreakEvenAnswer& answer : answers)
    text += (text.empty() ? "" : ", ") + one(answer);
  return text;
}

/// Where the card's source stops paying against each baseline, in time and in energy.
void add_break_even(const CommandLine& line, const Experiment& card, const SourceLayers& layers,
                    Shown& result) {
  const cosim::Quantity quantity = cosim::quantity_named(line.value("breakeven"));
  const std::vector<cosim::CostInput> inputs = cost_inputs(layers, card.hardware);
  const std::vector<std::string> labels = source_labels(card.network);
  require(inputs.size() > 1, "--breakeven needs a baseline in the card to break even with");
  const auto range = cosim::default_range(inputs[0], quantity);
  const std::string unit(cosim::quantity_unit(inputs[0], quantity)),
      name(cosim::quantity_name(quantity));
  Json& json = result.json["breakeven"];
  TextTable table(
      {fmt::format("{} at which {} breaks even", name, labels[0]), "in time", "in energy"});
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    const BreakEven time =
        cosim::find_break_even(inputs[0], inputs[i], {quantity, Metric::time, range});
    const BreakEven energy =
        cosim::find_break_even(inputs[0], inputs[i], {quantity, Metric::energy, range});
    json["quantity"] = name;
    json["unit"] = unit;
    json["card_value"] = time.card_value;
    json["baselines"][labels[i]] = {{"time", break_even_json(time)},
                                    {"energy", break_even_json(energy)}};
    table.row({"against " + labels[i], answers_text(time, shown(unit)),
               answers_text(energy, shown(unit))});
  }
  result.text += fmt::format("\n{}the card has {:.4g} {}; looked from {:.3g} to {:.3g}\n",
                             table.text(), json["card_value"].get<double>(),
                             unit == "1" ? "times" : unit, range.low, range.high);
}

/// Eq. 8 beside the schedule of the same layer.
void add_latency_case(const Experiment& card, const SourceLayers& layers, Shown& result) {
  const LatencyCase& latency = *card.latency_case;
  const cosim::CostInput hardware = cost_inputs(layers, card.hardware).front();
  const cosim::LatencyStudy study =
      cosim::study_latency(latency.layer, hardware, latency.kernel, latency.map);
  const cosim::GenerationLatency& equation = study.equation;
  result.json["generation_latency"] = {
      {"equation",
       {{"dac_s", equation.dac_ps * 1e-12},
        {"modulation_s", equation.modulation_ps * 1e-12},
        {"propagation_s", equation.propagation_ps * 1e-12},
        {"conversion_s", equation.conversion_ps * 1e-12},
        {"total_s", equation.total_ps * 1e-12},
        {"saved_s", equation.saved_ns * 1e-9}}},
      {"schedule",
       {{"generation_s", study.tiled_generation_ns * 1e-9},
        {"load_reloaded_s", study.reload_load_ns * 1e-9},
        {"load_regenerated_s", study.regenerate_load_ns * 1e-9},
        {"time_reloaded_s", study.reload.time_s()},
        {"time_regenerated_s", study.regenerate.time_s()},
        {"speedup", study.speedup()},
        {"bound_by", cosim::part_name(study.regenerate.bound_by)}}}};
  TextTable table({"one layer", "Eq. 8, one shot", "tiled and contended"});
  table.row({"generation", fmt::format("{:.4g} ns", equation.total_ps * 1e-3),
             fmt::format("{:.4g} ns", study.tiled_generation_ns)});
  table.row({"load time saved", fmt::format("{:.4g} ns", equation.saved_ns),
             fmt::format("{:.4g} ns", study.reload_load_ns - study.regenerate_load_ns)});
  table.row({"layer time saved", "-",
             fmt::format("{:.4g} ns of {:.4g} ({:.2f} x)",
                         study.reload.time_ns - study.regenerate.time_ns, study.reload.time_ns,
                         study.speedup())});
  result.text += "\n" + table.text();
}

/// Every source's DRAM transfers again, at command level.
void add_replay(const Experiment& card, const SourceLayers& layers, Shown& result) {
  const std::vector<cosim::CostInput> inputs = cost_inputs(layers, card.hardware);
  const std::vector<std::string> labels = source_labels(card.network);
  Json& json = result.json["replay"];
  TextTable table({"DRAM at command level", "schedule ends", "last data", "requests", "row hits"});
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const cosim::DramReplay replay = cosim::replay_dram(inputs[i]);
    const auto requests = static_cast<double>(replay.run.requests);
    const double hits = requests > 0 ? static_cast<double>(replay.run.row_hits) / requests : 0;
    json[labels[i]] = {{"schedule_s", replay.schedule_ns * 1e-9},
                       {"command_s", replay.command_ns * 1e-9},
                       {"requests", replay.run.requests},
                       {"writes", replay.run.writes},
                       {"row_hit_share", hits}};
    table.row({labels[i], with_prefix(replay.schedule_ns * 1e-9, "s"),
               with_prefix(replay.command_ns * 1e-9, "s"), fmt::format("{}", replay.run.requests),
               fmt::format("{:.1f} %", 100 * hits)});
  }
  result.text += "\n" + table.text();
}

/// "key" or "key=1,2,4".
FrontierAsked frontier_asked(const std::string& text) {
  const std::size_t equals = text.find('=');
  FrontierAsked asked{.key = frontier_key(text.substr(0, equals))};
  if (equals == std::string::npos) return asked;
  for (std::size_t first = equals + 1; first <= text.size();) {
    const std::size_t end = std::min(text.find(',', first), text.size());
    const std::string word = text.substr(first, end - first);
    const std::optional<double> value = csv_number(word);
    require(value.has_value(), "--frontier: '{}' is no number (write key=1,2,4)", word);
    asked.values.push_back(*value);
    first = end + 1;
  }
  return asked;
}

/// What other values of one key would buy.
void add_frontier(const CommandLine& line, const Experiment& card, ProgressSink& progress,
                  Shown& result) {
  FrontierAsked asked = frontier_asked(line.value("frontier"));
  if (asked.values.empty()) asked.values = frontier_values(card, asked.key);
  asked.accuracy = line.has("accuracy");
  const auto card_with = [&](const std::vector<std::string>& settings) {
    CommandLine other = line;
    other.settings.insert(other.settings.end(), settings.begin(), settings.end());
    return read_experiment(load_given_card(other));
  };
  const Frontier frontier = study_frontier(card_with, asked, progress);
  result.json["frontier"] = frontier_json(frontier);
  result.text += "\n" + frontier_text(frontier);
}

/// The network on images of other sizes: how much of it weights are in.
void add_image_sizes(const CommandLine& line, const Experiment& card, ProgressSink& progress,
                     Shown& result) {
  const std::vector<ImageSize> sizes =
      study_image_sizes(card, image_sizes(line.value("images")), progress);
  result.json["images"] = image_sizes_json(sizes);
  result.text += "\n" + image_sizes_text(sizes);
}

/// What is costed: the card's network, or layers that the command line gives in its place.
struct Costed {
  std::string model, dataset;  // as results name them
  SourceLayers layers;
};

bool gives_layers(const CommandLine& line) { return line.has("gemm") || line.has("layers"); }

std::vector<ListedLayer> given_layers(const CommandLine& line) {
  require(!line.has("gemm") || !line.has("layers"),
          "--gemm and --layers each give the layers (use one of them)");
  require(!line.has("frontier"),
          "--frontier is of the card's own network (leave --gemm and --layers out)");
  if (line.has("gemm")) return {gemm_layer(line.value("gemm"))};
  const std::string path = line.value("layers");
  return read_layer_list(read_file(path, "list of layers"), path);
}

Costed costed(const CommandLine& line, const NetworkCard& network) {
  if (!gives_layers(line))
    return {network.model, network.dataset.name,
            source_layers(nn::build_graph(network.model, nn::shape_of(network.dataset)), network)};
  Costed given{.model = line.value("layers", "gemm " + line.value("gemm"))};
  const std::vector<ListedLayer> list = given_layers(line);
  for (const nn::SourceCard& weights : sources(network))
    given.layers.push_back(listed_layers(list, weights));
  return given;
}

/// What the verdicts rest on.
void add_sensitivity_study(const CommandLine& line, ProgressSink& progress, Shown& result) {
  const SensitivityQuestion question = sensitivity_question(line.value("sensitivity"));
  const auto layers = [&](const Experiment& card) { return costed(line, card.network).layers; };
  const Sensitivity found = study_sensitivity(load_given_card(line), question, layers, progress);
  result.json["sensitivity"] = sensitivity_json(found);
  result.text += "\n" + sensitivity_text(found);
}

Shown do_cost(const CommandLine& line, ProgressSink& progress) {
  require(!line.has("accuracy") || line.has("frontier"),
          "--accuracy goes with --frontier (lightloom run measures a card's accuracy)");
  require(!line.has("timeline-of") || line.has("timeline"), "--timeline-of goes with --timeline");
  require(!line.has("timeline") || !gives_layers(line),
          "--timeline is of the card's own network (leave --gemm and --layers out)");
  require(!line.has("images") || !gives_layers(line),
          "--images is of the card's own network (leave --gemm and --layers out)");
  const Experiment card = read_experiment(load_given_card(line));
  const auto [model, dataset, layers] = costed(line, card.network);
  const CostStudy study = study_cost(card.network, card.hardware, layers);
  Shown result{.text = cost_text(study)};
  result.json = {{"name", card.name}, {"model", model}, {"dataset", dataset}};
  add_cost(result.json, study);
  result.json["static_share"] = product_counts(layers.front()).static_share();
  if (card.maintenance && !gives_layers(line)) {
    const MaintenanceCost upkeep = study_maintenance(card, study);
    result.json["maintenance"] = maintenance_json(upkeep);
    result.text += "\n" + maintenance_text(upkeep);
  }
  if (card.latency_case) add_latency_case(card, layers, result);
  if (line.has("breakeven")) add_break_even(line, card, layers, result);
  if (line.has("frontier")) add_frontier(line, card, progress, result);
  if (line.has("images")) add_image_sizes(line, card, progress, result);
  if (line.has("sensitivity")) add_sensitivity_study(line, progress, result);
  if (line.has("replay")) add_replay(card, layers, result);
  if (line.has("timeline")) write_tile_timeline(line, progress, result);
  return result;
}

}  // namespace

extern const Command cost_command{
    .name = "cost",
    .operand = "card.yaml",
    .summary = "time and energy alone, no data needed",
    .options = {{"breakeven", "WHAT",
                 "where regenerating stops paying: bandwidth, settle, batch, generator_rate, "
                 "generator_energy"},
                {"frontier", "KEY[=VALUES]",
                 "what other values of a key buy in light, time, energy and gain: generator.laser, "
                 "generator.bits, core.laser, or any key of the card (generator.laser=100,1000)"},
                {"accuracy", "", "with --frontier: accuracy on chips too"},
                {"sensitivity", "[all|KEY,...]",
                 "which verdicts flip when a number that no published source gives is doubled or "
                 "halved; all: any number of the hardware"},
                {"gemm", "M,K,N",
                 "one product instead of the card's network: M vectors of K inputs, N outputs"},
                {"images", "SIZES",
                 "the network on square images of so many pixels (16,32,64): tokens, share of the "
                 "products that weights are in, time, energy"},
                {"layers", "FILE",
                 "CSV of convolutions and products instead of the card's network"},
                {"timeline", "FILE", timeline_help, {".html", ".h5"}},
                {"timeline-of", "SOURCE", "with --timeline: another of the card's sources"},
                {"replay", "", "the schedule's DRAM transfers again, command by command"}},
    .run = do_cost};

}  // namespace lightloom::experiments
