#include "experiments/studies/slimmable/slim_output.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <nlohmann/json.hpp>

#include "experiments/results/files/provenance.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

void add_cost(const std::optional<ImageCost>& cost, Json& json) {
  if (!cost) return;
  json["time_s"] = cost->time_s;
  json["energy_J"] = cost->energy_J;
  json["tiles"] = cost->tiles;
}

Json width_json(const SlimStudy& study, std::size_t w) {
  const WidthFigures& width = study.widths[w];
  Json json{{"width", width.width},
            {"accuracy", width.accuracy},
            {"macs", width.macs},
            {"bytes", width.bytes},
            {"statistics_bytes", study.statistics_bytes[w]}};
  if (study.gate) json["images"] = width.images;
  add_cost(width.cost, json);
  return json;
}

Json gate_json(const GateFigures& gate) {
  Json json{{"accuracy", gate.accuracy},
            {"macs", gate.macs},
            {"bytes", gate.bytes},
            {"histogram_bytes", gate.histogram_bytes},
            {"batches", Json::array()}};
  for (const BatchTraffic& batch : gate.batches)
    json["batches"].push_back({{"size", batch.size}, {"bytes", batch.bytes}});
  add_cost(gate.cost, json);
  json["random"] = {{"accuracy", gate.random_accuracy},
                    {"deviation", gate.random_deviation},
                    {"gain", gate.accuracy - gate.random_accuracy},
                    {"gain_error", gate.gain_error}};
  return json;
}

std::vector<std::string> cells_of(const std::optional<ImageCost>& cost) {
  if (!cost) return {"-", "-", "-"};
  return {fmt::format("{}", cost->tiles), with_prefix(cost->time_s, "s"),
          with_prefix(cost->energy_J, "J")};
}

void add_row(TextTable& table, std::vector<std::string> cells,
             const std::optional<ImageCost>& cost) {
  for (std::string& cell : cells_of(cost)) cells.push_back(std::move(cell));
  table.row(std::move(cells));
}

std::string bytes_text(double bytes) { return fmt::format("{:.0f}", bytes); }
std::string macs_text(double macs) { return fmt::format("{:.3g} M", 1e-6 * macs); }

}  // namespace

Json slim_json(const SlimStudy& study) {
  Json json{{"widths", Json::array()},
            {"stored_bytes", study.stored_bytes},
            {"trunk_bytes", study.trunk_bytes},
            {"gate_bytes", study.gate_bytes},
            {"epochs", Json::array()}};
  for (std::size_t w = 0; w < study.widths.size(); ++w)
    json["widths"].push_back(width_json(study, w));
  for (const nn::SandwichEpoch& epoch : study.epochs)
    json["epochs"].push_back({{"widest_loss", epoch.widest}, {"narrowest_loss", epoch.narrowest}});
  if (study.gate) {
    json["gate"] = gate_json(*study.gate);
    json["gate"]["losses"] = study.gate_losses;
  }
  if (study.fixed)
    json["gate"]["static"] = {{"width", study.fixed->width},
                              {"accuracy", study.fixed->accuracy},
                              {"macs", study.fixed->macs},
                              {"bytes", study.fixed->bytes}};
  return json;
}

std::string slim_text(const SlimStudy& study) {
  TextTable table({"", "accuracy", "images", "MACs", "bytes", "tiles", "time", "energy"});
  for (const WidthFigures& width : study.widths)
    add_row(table,
            {fmt::format("width {}", width.width), percent(width.accuracy),
             study.gate ? fmt::format("{}", width.images) : "-", macs_text(width.macs),
             bytes_text(width.bytes)},
            width.cost);
  if (study.gate) {
    const GateFigures& gate = *study.gate;
    table.rule();
    add_row(table,
            {"gate", percent(gate.accuracy), "", macs_text(gate.macs), bytes_text(gate.bytes)},
            gate.cost);
    add_row(table,
            {"random gate of the same histogram", percent(gate.random_accuracy), "",
             macs_text(gate.macs), bytes_text(gate.bytes)},
            gate.cost);
  }
  if (study.fixed)
    add_row(table,
            {fmt::format("static width {:.4g}, trained alone", study.fixed->width),
             percent(study.fixed->accuracy), "", macs_text(study.fixed->macs),
             bytes_text(study.fixed->bytes)},
            {});
  std::string text = table.text() + "\nall of one image by itself\n";
  if (study.gate) {
    text += fmt::format("the gate gains {:.2f} +- {:.2f} points over the random one; by batch",
                        100 * (study.gate->accuracy - study.gate->random_accuracy),
                        100 * study.gate->gain_error);
    for (const BatchTraffic& batch : study.gate->batches)
      text += fmt::format(" {}: {:.0f} bytes", batch.size, batch.bytes);
    text += " an image\n";
  }
  return text + fmt::format("stored: {:.0f} bytes, statistics of every width among them\n",
                            study.stored_bytes);
}

Labelled slim_results(const SlimStudy& study, const Experiment& card, const std::string& command) {
  Labelled data;
  std::vector<double> shares, accuracy, macs, bytes, time, energy;
  std::vector<std::int64_t> images;
  for (const WidthFigures& width : study.widths) {
    shares.push_back(width.width);
    accuracy.push_back(width.accuracy);
    macs.push_back(width.macs);
    bytes.push_back(width.bytes);
    images.push_back(width.images);
    if (!width.cost) continue;
    time.push_back(width.cost->time_s);
    energy.push_back(width.cost->energy_J);
  }
  data.add_axis({"width", shares, "1", "share of every layer's channels"});
  data.add({"accuracy", {"width"}, accuracy, "1", "test accuracy"});
  data.add({"macs", {"width"}, macs, "", "multiplications an image"});
  data.add({"bytes", {"width"}, bytes, "B", "moved for one image by itself"});
  if (study.gate) data.add({"images", {"width"}, images, "", "that the gate gave the width"});
  if (!time.empty()) {
    data.add({"time", {"width"}, time, "s", "of one image"});
    data.add({"energy", {"width"}, energy, "J", "of one image"});
  }
  add_origin(data, {.kind = "slim",
                    .card = card.resolved,
                    .seed = card.seed,
                    .command = command,
                    .threads = omp_get_max_threads()});
  if (study.gate) {
    data.attributes["gate_accuracy"] = study.gate->accuracy;
    data.attributes["gate_bytes"] = study.gate->bytes;
    data.attributes["random_gate_accuracy"] = study.gate->random_accuracy;
  }
  if (study.fixed) {
    data.attributes["static_width"] = study.fixed->width;
    data.attributes["static_accuracy"] = study.fixed->accuracy;
    data.attributes["static_bytes"] = study.fixed->bytes;
  }
  return data;
}

}  // namespace lightloom::experiments
