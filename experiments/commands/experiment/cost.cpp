#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/files/csv.hpp"
#include "cosim/studies/dram_replay.hpp"
#include "cosim/studies/latency_study.hpp"
#include "experiments/commands/card_input.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/experiment/break_even_view.hpp"
#include "experiments/commands/experiment/tile_timeline.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/from_cards/cost_card.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/studies/costs/cost_study.hpp"
#include "experiments/studies/costs/image_sizes.hpp"
#include "experiments/studies/costs/layer_list.hpp"
#include "experiments/studies/costs/maintenance.hpp"
#include "experiments/studies/costs/sensitivity.hpp"
#include "experiments/studies/costs/training_step.hpp"
#include "experiments/studies/frontier.hpp"
#include "nn/models/models.hpp"

namespace lightloom::experiments {
namespace {

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

/// What `run` would draw of the card's costs, and where they break even if that was asked for.
void write_cost_page(const CommandLine& line, const std::optional<BreakEvenFound>& found,
                     ProgressSink& progress, Shown& result) {
  const std::string page = line.value("report");
  if (page == "none") return;
  Labelled data =
      cost_card({.card = load_given_card(line), .command = line.text, .progress = &progress});
  data.attributes["kind"] = "cost";
  if (found) add_break_even(data, *found);
  write_file(page, report_page(data));
  result.json["report"] = page;
  result.text += fmt::format("\nreport:  {}\n", page);
}

Shown do_cost(const CommandLine& line, ProgressSink& progress) {
  require(!line.has("accuracy") || line.has("frontier"),
          "--accuracy goes with --frontier (lightloom run measures a card's accuracy)");
  require(!line.has("timeline-of") || line.has("timeline"), "--timeline-of goes with --timeline");
  require(!line.has("timeline") || !gives_layers(line),
          "--timeline is of the card's own network (leave --gemm and --layers out)");
  require(!line.has("images") || !gives_layers(line),
          "--images is of the card's own network (leave --gemm and --layers out)");
  require(!line.has("report") || !gives_layers(line),
          "--report is of the card's own network (leave --gemm and --layers out)");
  if (line.has("report") && line.value("report") != "none")
    require_outputs(line, {line.value("report")});
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
  if (card.training_step) {
    const TrainingStepStudy step = study_training_step(card, layers);
    result.json["training_step"] = training_step_json(step);
    result.text += "\n" + training_step_text(step);
  }
  if (card.latency_case) add_latency_case(card, layers, result);
  std::optional<BreakEvenFound> found;
  if (line.has("breakeven")) {
    found = find_break_even(line.value("breakeven"), card, layers);
    show_break_even(*found, result);
  }
  if (line.has("frontier")) add_frontier(line, card, progress, result);
  if (line.has("images")) add_image_sizes(line, card, progress, result);
  if (line.has("sensitivity")) add_sensitivity_study(line, progress, result);
  if (line.has("replay")) add_replay(card, layers, result);
  if (line.has("timeline")) write_tile_timeline(line, progress, result);
  if (line.has("report")) write_cost_page(line, found, progress, result);
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
                {"report", "FILE",
                 "HTML page of the costs, with --breakeven of the gains over what is turned",
                 page_or_none},
                {"timeline", "FILE", timeline_help, {".html", ".h5"}},
                {"timeline-of", "SOURCE", "with --timeline: another of the card's sources"},
                {"replay", "", "the schedule's DRAM transfers again, command by command"}},
    .run = do_cost};

}  // namespace lightloom::experiments
