// How a cost study is shown: arrays, JSON, tables.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/error.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/results/views/throughput_view.hpp"
#include "experiments/studies/costs/cost_study.hpp"

namespace lightloom::experiments {
namespace {

using cosim::Component;
using cosim::CostReport;
using cosim::LayerCost;
using cosim::PartTimes;
using cosim::Stage;
using cosim::TimePart;

constexpr std::array<const char*, 8> states{"busy",
                                            "waiting for data",
                                            "waiting for space",
                                            "waiting for its turn",
                                            "waiting for the DRAM",
                                            "waiting for the DRAM to turn",
                                            "before its first tile",
                                            "after its last tile"};

std::array<double, states.size()> in_states(const cosim::StageCost& stage) {
  return {stage.busy_ns,        stage.wait_data_ns, stage.wait_slot_ns, stage.wait_dependency_ns,
          stage.wait_shared_ns, stage.wait_turn_ns, stage.fill_ns,      stage.drain_ns};
}

std::vector<std::string> component_names() {
  std::vector<std::string> names;
  for (const Component component : all_of_enum<Component>())
    names.emplace_back(cosim::component_name(component));
  return names;
}

std::vector<std::string> stage_names() {
  std::vector<std::string> names;
  for (const Stage stage : all_of_enum<Stage>()) names.emplace_back(cosim::stage_name(stage));
  return names;
}

std::vector<std::string> part_names() {
  std::vector<std::string> names;
  for (const TimePart part : all_of_enum<TimePart>()) names.emplace_back(cosim::part_name(part));
  return names;
}

void add_axes(Labelled& data, const CostStudy& study) {
  std::vector<std::string> layers;
  for (const LayerCost& layer : study.reports[0].layers) layers.push_back(layer.name);
  if (data.axis("layer") == nullptr) data.add_axis({"layer", layers, "", "layer of the network"});
  if (data.axis("source") == nullptr)
    data.add_axis({"source", study.labels, "", "weight source, the card's own first"});
  data.add_axis({"component", component_names(), "", "where energy goes"});
  data.add_axis({"stage", stage_names(), "", "stage of the tile pipeline"});
  data.add_axis({"part", part_names(), "", "what gives the time"});
  data.add_axis({"state", std::vector<std::string>(states.begin(), states.end()), "",
                 "what a stage does with the time"});
}

/// One number for every source, or for every source and layer, with a factor that turns it into the
/// unit written.
template <class Get>
std::vector<double> by_source(const CostStudy& study, Get get) {
  std::vector<double> values;
  for (const CostReport& report : study.reports) values.push_back(get(report));
  return values;
}

template <class Get>
std::vector<double> by_layer(const CostStudy& study, Get get) {
  std::vector<double> values;
  for (const CostReport& report : study.reports)
    for (const LayerCost& layer : report.layers) values.push_back(get(layer));
  return values;
}

std::vector<double> energy_parts(const CostStudy& study) {
  std::vector<double> values;
  for (const CostReport& report : study.reports)
    for (const LayerCost& layer : report.layers)
      for (const double energy_pJ : layer.energy_pJ) values.push_back(energy_pJ * 1e-12);
  return values;
}

std::vector<double> energy_by_source(const CostStudy& study) {
  std::vector<double> values;
  for (const CostReport& report : study.reports)
    for (const double energy_pJ : report.energy_pJ) values.push_back(energy_pJ * 1e-12);
  return values;
}

std::vector<double> time_parts(const CostStudy& study) {
  std::vector<double> values;
  for (const CostReport& report : study.reports)
    for (const LayerCost& layer : report.layers)
      for (const double time_ns : layer.critical_ns) values.push_back(time_ns * 1e-9);
  return values;
}

std::vector<double> time_by_source(const CostStudy& study) {
  std::vector<double> values;
  for (const CostReport& report : study.reports) {
    EnumArray<Stage, double> sums;
    for (const LayerCost& layer : report.layers)
      for (const Stage stage : all_of_enum<Stage>()) sums[stage] += layer.critical_ns[stage] * 1e-9;
    values.insert(values.end(), sums.begin(), sums.end());
  }
  return values;
}

std::vector<double> time_by_part(const CostStudy& study) {
  std::vector<double> values;
  for (const CostReport& report : study.reports)
    for (const double time_ns : report.critical_parts_ns) values.push_back(time_ns * 1e-9);
  return values;
}

std::vector<double> layer_time_by_part(const CostStudy& study) {
  std::vector<double> values;
  for (const CostReport& report : study.reports)
    for (const LayerCost& layer : report.layers)
      for (const double time_ns : layer.critical_parts_ns) values.push_back(time_ns * 1e-9);
  return values;
}

/// Stages that a simulation has not stay at zero.
std::vector<double> stage_times(const CostStudy& study) {
  std::vector<double> values;
  for (const CostReport& report : study.reports) {
    EnumArray<Stage, std::array<double, states.size()>> times;
    for (const cosim::StageCost& stage : report.stages) times[stage.stage] = in_states(stage);
    for (const auto& stage : times)
      for (const double time_ns : stage) values.push_back(time_ns * 1e-9);
  }
  return values;
}

std::vector<double> ratios(const CostStudy& study, double (CostStudy::*ratio)(std::size_t) const) {
  std::vector<double> values;
  for (std::size_t i = 0; i < study.reports.size(); ++i) values.push_back((study.*ratio)(i));
  return values;
}

Json energies_json(const cosim::Energies& energies) {
  Json json = Json::object();
  for (const Component component : all_of_enum<Component>())
    if (energies[component] > 0)
      json[std::string(cosim::component_name(component))] = energies[component] * 1e-12;
  return json;
}

Json parts_json(const PartTimes& times) {
  Json json = Json::object();
  for (const TimePart part : all_of_enum<TimePart>())
    if (times[part] > 0) json[std::string(cosim::part_name(part))] = times[part] * 1e-9;
  return json;
}

Json critical_json(const LayerCost& layer) {
  Json json = Json::object();
  for (const Stage stage : all_of_enum<Stage>())
    if (layer.critical_ns[stage] > 0)
      json[std::string(cosim::stage_name(stage))] = layer.critical_ns[stage] * 1e-9;
  return json;
}

Json layer_json(const LayerCost& layer) {
  return {{"name", layer.name},
          {"way", cosim::way_name(layer.way)},
          {"time_s", layer.time_ns() * 1e-9},
          {"energy_J", cosim::total(layer.energy_pJ) * 1e-12},
          {"bound_by", cosim::part_name(layer.bound_by)},
          {"tiles", layer.mapping.tiles},
          {"replicas", layer.replicas},
          {"utilisation", layer.mapping.utilisation()},
          {"macs", layer.macs},
          {"generation_macs", layer.generation_macs},
          {"weight_conversions", layer.weight_conversions},
          {"weight_switchings", layer.weight_switchings},
          {"digital_operations", layer.digital_operations},
          {"activation_macs", layer.activation_macs},
          {"product_macs", layer.product_macs},
          {"edram_refreshes", layer.refreshes},
          {"retention_failed_bits", layer.failed_bits},
          {"weight_bytes", layer.traffic.weight_bytes},
          {"input_bytes", layer.traffic.input_bytes},
          {"output_bytes", layer.traffic.output_bytes},
          {"sum_bytes", layer.traffic.sum_bytes},
          {"attained_macs_per_s", layer.attained_macs_per_ns * 1e9},
          {"roof_macs_per_s", layer.roof_macs_per_ns * 1e9},
          {"roof", cosim::part_name(layer.roof)},
          {"intensity_macs_per_byte", layer.intensity_macs_per_byte},
          {"critical_s", critical_json(layer)},
          {"critical_parts_s", parts_json(layer.critical_parts_ns)},
          {"energy_parts_J", energies_json(layer.energy_pJ)}};
}

Json pipeline_json(const CostReport& report) {
  Json json = Json::array();
  for (const cosim::StageCost& stage : report.stages) {
    Json one{{"stage", cosim::stage_name(stage.stage)}, {"critical_s", stage.critical_ns * 1e-9}};
    const auto times = in_states(stage);
    one["busy_parts_s"] = parts_json(stage.busy_parts_ns);
    for (std::size_t i = 0; i < times.size(); ++i) one["states_s"][states[i]] = times[i] * 1e-9;
    json.push_back(std::move(one));
  }
  return json;
}

double summed(const CostReport& report, double LayerCost::*number) {
  double sum = 0;
  for (const LayerCost& layer : report.layers) sum += layer.*number;
  return sum;
}

/// Each later batch of a stream.
Json steady_json(const CostReport& steady) {
  return {{"time_s", steady.time_s()},
          {"energy_J", steady.energy_J()},
          {"bound_by", cosim::part_name(steady.bound_by)},
          {"critical_parts_s", parts_json(steady.critical_parts_ns)},
          {"energy_parts_J", energies_json(steady.energy_pJ)},
          {"dram_bytes", steady.traffic.sum()},
          {"weight_conversions", summed(steady, &LayerCost::weight_conversions)},
          {"weight_switchings", summed(steady, &LayerCost::weight_switchings)},
          {"resident_bytes", steady.resident_bytes},
          {"weights_on_cores", steady.weights_on_cores}};
}

Json source_json(const CostReport& report, const CostReport& steady) {
  Json areas = Json::object();
  for (const cosim::AreaPart& part : report.areas) areas[part.component] = part.area_mm2;
  return {{"time_s", report.time_s()},
          {"energy_J", report.energy_J()},
          {"power_W", report.power_W()},
          {"area_mm2", report.area_mm2()},
          {"bound_by", cosim::part_name(report.bound_by)},
          {"critical_parts_s", parts_json(report.critical_parts_ns)},
          {"tiles", report.tiles},
          {"weight_conversions", summed(report, &LayerCost::weight_conversions)},
          {"weight_switchings", summed(report, &LayerCost::weight_switchings)},
          {"cores_used", report.cores_used},
          {"dram_bytes", report.traffic.sum()},
          {"energy_parts_J", energies_json(report.energy_pJ)},
          {"area_parts_mm2", std::move(areas)},
          {"stages", pipeline_json(report)},
          {"steady", steady_json(steady)}};
}

/// Of a generator without light the weights are exact: no laser, no noise, no bits.
Json generator_json(const CostStudy& study) {
  const cosim::GeneratorFigures& figures = study.generator;
  Json json{{"kind", study.generator_kind},
            {"laser_power_mW", figures.light ? figures.light->laser_power_mW : 0},
            {"bits_uniform", nullptr},
            {"bits_converted", nullptr},
            {"noise_of_full_scale", figures.light ? figures.light->noise_of_full_scale : 0},
            {"converters", {{"adc", figures.adcs}, {"dac", figures.dacs}}},
            {"area_mm2", study.generator_area_mm2},
            {"static_power_mW", figures.static_power_mW}};
  if (figures.light) {
    json["bits_uniform"] = figures.light->bits_uniform;
    json["bits_converted"] = figures.light->bits_converted;
  }
  return json;
}

std::string generator_text(const CostStudy& study) {
  const cosim::GeneratorFigures& figures = study.generator;
  if (!figures.light) return "";
  const cosim::GeneratorFigures::Light& light = *figures.light;
  return fmt::format(
      "\n{} generator: laser {}, noise {:.3g} of a full-scale product ({:.3g} bits of light, "
      "{:.3g} "
      "with converters), {} ADCs, {} DACs, {:.3g} mm2\n",
      study.generator_kind, with_prefix(light.laser_power_mW * 1e-3, "W"),
      light.noise_of_full_scale, light.bits_uniform, light.bits_converted, figures.adcs,
      figures.dacs, study.generator_area_mm2);
}

std::string sources_table(const CostStudy& study) {
  TextTable table(
      {"weights", "time", "speed-up", "energy", "gain", "power", "DRAM traffic", "bound by"});
  for (std::size_t i = 0; i < study.reports.size(); ++i) {
    const CostReport& report = study.reports[i];
    table.row({study.labels[i], with_prefix(report.time_s(), "s"),
               i == 0 ? "" : fmt::format("{:.3g} x", study.speedup(i)),
               with_prefix(report.energy_J(), "J"),
               i == 0 ? "" : fmt::format("{:.3g} x", study.energy_gain(i)),
               with_prefix(report.power_W(), "W"), with_prefix(report.traffic.sum(), "B"),
               std::string(cosim::part_name(report.bound_by))});
  }
  return table.text();
}

/// What the weights that stay on chip save each later batch of a stream.
std::string steady_table(const CostStudy& study) {
  TextTable table({"each later batch", "time", "speed-up", "energy", "gain", "DRAM traffic",
                   "weights kept", "bound by"});
  for (std::size_t i = 0; i < study.steady.size(); ++i) {
    const CostReport& report = study.steady[i];
    table.row({study.labels[i], with_prefix(report.time_s(), "s"),
               i == 0 ? "" : fmt::format("{:.3g} x", study.steady_speedup(i)),
               with_prefix(report.energy_J(), "J"),
               i == 0 ? "" : fmt::format("{:.3g} x", study.steady_energy_gain(i)),
               with_prefix(report.traffic.sum(), "B"),
               report.weights_on_cores ? "on the cores" : with_prefix(report.resident_bytes, "B"),
               std::string(cosim::part_name(report.bound_by))});
  }
  return table.text();
}

/// Energy by component, largest of the card's own source first; components below a thousandth
/// everywhere are left out.
std::string energy_table(const CostStudy& study) {
  std::vector<std::string> header{"energy"};
  header.insert(header.end(), study.labels.begin(), study.labels.end());
  TextTable table(header);
  auto order = all_of_enum<Component>();
  std::stable_sort(order.begin(), order.end(), [&](Component a, Component b) {
    return study.reports[0].energy_pJ[a] > study.reports[0].energy_pJ[b];
  });
  for (const Component component : order) {
    const bool counts =
        std::any_of(study.reports.begin(), study.reports.end(), [&](const CostReport& report) {
          return report.energy_pJ[component] > 1e-3 * cosim::total(report.energy_pJ);
        });
    if (!counts) continue;
    std::vector<std::string> row{std::string(cosim::component_name(component))};
    for (const CostReport& report : study.reports)
      row.push_back(with_prefix(report.energy_pJ[component] * 1e-12, "J"));
    table.row(std::move(row));
  }
  return table.text();
}

std::string layers_table(const CostStudy& study) {
  TextTable table({"layer (" + study.labels[0] + ")", "way", "tiles", "filled", "digital ops",
                   "time", "energy", "bound by"});
  for (const LayerCost& layer : study.reports[0].layers)
    table.row({layer.name, cosim::way_name(layer.way), fmt::format("{}", layer.mapping.tiles),
               fmt::format("{:.0f} %", 100 * layer.mapping.utilisation()),
               with_prefix(static_cast<double>(layer.digital_operations), ""),
               with_prefix(layer.time_ns() * 1e-9, "s"),
               with_prefix(cosim::total(layer.energy_pJ) * 1e-12, "J"),
               std::string(cosim::part_name(layer.bound_by))});
  return table.text();
}

}  // namespace

void add_cost(Labelled& data, const CostStudy& study) {
  add_axes(data, study);
  const auto add = [&](const char* name, std::vector<std::string> axes, std::vector<double> values,
                       const char* unit, const char* long_name) {
    data.add({name, std::move(axes), std::move(values), unit, long_name});
  };
  add("time", {"source"},
      by_source(study, [](const CostReport& report) { return report.time_s(); }), "s",
      "time of one batch that fetches all weights");
  add("energy", {"source"},
      by_source(study, [](const CostReport& report) { return report.energy_J(); }), "J",
      "energy of one batch that fetches all weights");
  add("area", {"source"},
      by_source(study, [](const CostReport& report) { return report.area_mm2(); }), "mm^2", "area");
  add("speedup", {"source"}, ratios(study, &CostStudy::speedup), "1",
      "time over the time of the card's source");
  add("energy_gain", {"source"}, ratios(study, &CostStudy::energy_gain), "1",
      "energy over the energy of the card's source");
  const auto add_steady = [&](const char* name, double (*get)(const CostReport&), const char* unit,
                              const char* long_name) {
    std::vector<double> values;
    for (const CostReport& report : study.steady) values.push_back(get(report));
    add(name, {"source"}, std::move(values), unit, long_name);
  };
  add_steady(
      "steady_time", [](const CostReport& report) { return report.time_s(); }, "s",
      "time of each later batch: weights that fit on chip stay");
  add_steady(
      "steady_energy", [](const CostReport& report) { return report.energy_J(); }, "J",
      "energy of each later batch: weights that fit on chip stay");
  add_steady(
      "resident_weights", [](const CostReport& report) { return report.resident_bytes; }, "B",
      "stored weights that stay in the weight buffer");
  add("dram_traffic", {"source"},
      by_source(study, [](const CostReport& report) { return report.traffic.sum(); }), "B",
      "bytes to and from DRAM");
  add("time_by_source", {"source", "stage"}, time_by_source(study), "s",
      "time on the critical path");
  add("time_by_part", {"source", "part"}, time_by_part(study), "s", "time on the critical path");
  add("energy_by_source", {"source", "component"}, energy_by_source(study), "J", "energy");
  add("stage_time", {"source", "stage", "state"}, stage_times(study), "s", "time");
  add("layer_time", {"source", "layer"},
      by_layer(study, [](const LayerCost& layer) { return layer.time_ns() * 1e-9; }), "s", "time");
  add("layer_energy", {"source", "layer"},
      by_layer(study, [](const LayerCost& layer) { return cosim::total(layer.energy_pJ) * 1e-12; }),
      "J", "energy");
  add("layer_traffic", {"source", "layer"},
      by_layer(study, [](const LayerCost& layer) { return layer.traffic.sum(); }), "B",
      "DRAM traffic");
  add("layer_tiles", {"source", "layer"},
      by_layer(study,
               [](const LayerCost& layer) { return static_cast<double>(layer.mapping.tiles); }),
      "1", "tiles");
  add("layer_utilisation", {"source", "layer"},
      by_layer(study, [](const LayerCost& layer) { return layer.mapping.utilisation(); }), "1",
      "share of tiles that holds weights");
  add("layer_attained", {"source", "layer"},
      by_layer(study, [](const LayerCost& layer) { return layer.attained_macs_per_ns * 1e9; }),
      "MAC/s", "multiply-adds per second");
  add("layer_roof", {"source", "layer"},
      by_layer(study, [](const LayerCost& layer) { return layer.roof_macs_per_ns * 1e9; }), "MAC/s",
      "roofline: what the slowest of core, buffers and DRAM allows");
  add("layer_intensity", {"source", "layer"},
      by_layer(study, [](const LayerCost& layer) { return layer.intensity_macs_per_byte; }),
      "MAC/B", "multiply-adds per DRAM byte");
  add("core_peak", {}, {study.peak_macs_per_s}, "MAC/s", "roofline: what the cores allow");
  add("dram_stream", {}, {study.dram_stream_Bps}, "B/s",
      "roofline: what the DRAM gives in long runs");
  add("time_parts", {"source", "layer", "stage"}, time_parts(study), "s",
      "time on the critical path");
  add("layer_time_by_part", {"source", "layer", "part"}, layer_time_by_part(study), "s",
      "time on the critical path");
  add("energy_parts", {"source", "layer", "component"}, energy_parts(study), "J", "energy");
}

void add_cost(Json& json, const CostStudy& study) {
  json["time_s"] = study.reports[0].time_s();
  json["energy_J"] = study.reports[0].energy_J();
  json["batch"] = study.batch;
  json["bound_by"] = cosim::part_name(study.reports[0].bound_by);
  json["peak_operations_per_s"] = study.peak_operations_per_s;
  json["speedup"] = Json::object();
  json["energy_gain"] = Json::object();
  for (std::size_t i = 1; i < study.reports.size(); ++i) {
    json["speedup"][study.labels[i]] = study.speedup(i);
    json["energy_gain"][study.labels[i]] = study.energy_gain(i);
  }
  json["sources"] = Json::object();
  for (std::size_t i = 0; i < study.reports.size(); ++i)
    json["sources"][study.labels[i]] = source_json(study.reports[i], study.steady[i]);
  json["generator"] = generator_json(study);
  json["peak"] = throughput_json(study.peak);
  json["layers"] = Json::array();
  for (const LayerCost& layer : study.reports[0].layers)
    json["layers"].push_back(layer_json(layer));
}

namespace {

/// Who computes the products whose operands both change with every image.
std::string products_text(std::int64_t products, std::int64_t all, const char* where) {
  if (products == 0) return {};
  return fmt::format(
      "\nProducts of activations with activations (attention) {}: {:.3g} of {:.3g} "
      "multiplications, {:.1f} %.\n",
      where, static_cast<double>(products), static_cast<double>(all),
      100 * static_cast<double>(products) / static_cast<double>(all));
}

std::string attention_text(const CostStudy& study) {
  std::int64_t digital = 0, on_cores = 0, all = 0;
  for (const LayerCost& layer : study.reports[0].layers) {
    digital += layer.activation_macs;
    on_cores += layer.product_macs;
    all += layer.macs + layer.activation_macs;
  }
  return products_text(digital, all, "are the digital unit's") +
         products_text(on_cores, all, "run on the cores, which modulate both operands");
}

}  // namespace

std::string cost_text(const CostStudy& study) {
  return fmt::format("{}\n{}{}\n{}\n{}{}\nPeak of all cores: {}.\n", sources_table(study),
                     steady_table(study), generator_text(study), energy_table(study),
                     layers_table(study), attention_text(study),
                     with_prefix(study.peak_operations_per_s, "operations/s"));
}

}  // namespace lightloom::experiments
