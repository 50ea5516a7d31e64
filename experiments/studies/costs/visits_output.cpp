#include "experiments/studies/costs/visits_output.hpp"

#include <numeric>
#include <utility>

namespace lightloom::experiments {
namespace {

using cosim::NetworkTimes;
using cosim::Stage;
using cosim::StageTimes;
using cosim::VisitTimes;

std::vector<Stage> stages_of(const NetworkTimes& times) {
  std::vector<Stage> stages;
  for (const Stage stage : all_of_enum<Stage>())
    if (times.present[stage]) stages.push_back(stage);
  return stages;
}

std::vector<double> seconds(const NetworkTimes& times, const StageTimes VisitTimes::*moment) {
  const std::vector<Stage> stages = stages_of(times);
  std::vector<double> values;
  for (const VisitTimes& visit : times.visits)
    for (const Stage stage : stages) values.push_back((visit.*moment)[stage] * 1e-9);
  return values;
}

}  // namespace

Labelled visits_of(const NetworkTimes& times) {
  std::vector<std::int64_t> numbers(times.visits.size()), layers, cores;
  std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
  for (const VisitTimes& visit : times.visits) {
    layers.push_back(static_cast<std::int64_t>(visit.layer));
    cores.push_back(visit.core);
  }
  std::vector<std::string> stages;
  for (const Stage stage : stages_of(times)) stages.emplace_back(cosim::stage_name(stage));
  Labelled data;
  data.add_axis({"visit", std::move(numbers), "", "visit of a tile to a core, in order"});
  data.add_axis({"stage", std::move(stages), "", "stage of the tile pipeline"});
  data.add_axis({"layer", times.layers, "", "layer of the network"});
  data.add({"start",
            {"visit", "stage"},
            seconds(times, &VisitTimes::start_ns),
            "s",
            "a stage takes the tile"});
  data.add(
      {"end", {"visit", "stage"}, seconds(times, &VisitTimes::end_ns), "s", "and has finished it"});
  data.add({"visit_layer", {"visit"}, std::move(layers), "", "number of the tile's layer"});
  data.add({"visit_core", {"visit"}, std::move(cores), "", "number of its core"});
  data.add({"time", {}, std::vector<double>{times.total_ns * 1e-9}, "s", "of the whole batch"});
  return data;
}

}  // namespace lightloom::experiments
