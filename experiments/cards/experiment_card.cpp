#include "experiments/cards/experiment_card.hpp"

#include <algorithm>

#include "calibration/product_errors_file.hpp"
#include "core/cards/card.hpp"
#include "core/error.hpp"
#include "experiments/cards/chips_card.hpp"
#include "experiments/cards/correction_card.hpp"
#include "experiments/cards/short_forms.hpp"
#include "nn/models/models.hpp"
#include "nn/weights/codes/crew_source.hpp"
#include "nn/weights/codes/seed_source.hpp"
#include "nn/weights/codes/trellis_source.hpp"
#include "nn/weights/direct/dense_source.hpp"
#include "nn/weights/direct/huffman_source.hpp"
#include "nn/weights/direct/integer_source.hpp"
#include "nn/weights/source_table.hpp"

namespace lightloom::experiments {
namespace {

void describe(Section& section, HardwareCard& card) {
  section.card("core", card.core);
  section.card("generator", card.generator);
  section.card("memory", card.memory);
  section.card("programming", card.programming);
  section.card("digital", card.digital);
  section.card("schedule", card.schedule);
  section.choice("way", card.way,
                 {{"source", cosim::WayChoice::source},
                  {"reload", cosim::WayChoice::reload},
                  {"factored", cosim::WayChoice::factored},
                  {"automatic", cosim::WayChoice::automatic}});
  section.value("batch", card.batch, {.low = 1, .high = 65536});
  section.value("activation_bits", card.activation_bits, {.low = 1, .high = 32});
}

void describe(Section& section, NetworkCard& card) {
  section.card("dataset", card.dataset);
  section.section("model", [&](Section& inner) { inner.value("name", card.model); });
  section.section("weights", [&](Section& inner) {
    inner.value("file", card.weights_file);
    describe(inner, card.weights);
  });
  card.baselines = read_baselines(section);
}

/// Averages of parameters know nothing of codes that move by a rule of their own, nor of
/// projections.
void check_average(Section& section, const nn::SourceCard& weights, const nn::TrainCard& train) {
  const bool own = nn::has_own_rule(weights) || nn::is_projected(weights);
  if (train.average > 0 && own)
    section.problem("train",
                    "has average above 0, which a source with a training rule of its own "
                    "(smart_deal, subbit, trellis, seedlm, retraining: projection) cannot take");
}

/// What `teacher` leaves out is as in `train`, except that nobody teaches the float network, it
/// sees no noise, and a network that came with its weights is not trained.
void describe(Section& section, const NetworkCard& network, TrainingCard& card) {
  section.section("train", [&](Section& inner) {
    inner.value("file", card.student_file);
    describe(inner, card.student);
  });
  check_average(section, network.weights, card.student);
  card.teacher = card.student;
  if (nn::is_onnx(network.model)) card.teacher.epochs = 0;
  card.teacher.distill = card.teacher.noise_aware = false;
  card.teacher.teacher_views = 0;
  card.teacher.clip = card.teacher.curriculum = card.teacher.weight_noise = 0;
  card.teacher.freeze.reset();
  card.teacher.bit_errors = {};  // flipped exponents of 32-bit words would leave no network
  section.section("teacher", [&](Section& inner) {
    inner.value("file", card.teacher_file);
    describe(inner, card.teacher);
    if (card.teacher.distill)
      inner.problem("distill", "must be false (the float network has no teacher)");
    if (card.teacher.noise_aware)
      inner.problem("noise_aware", "must be false (the float network is trained digitally)");
    if (card.teacher.freeze)
      inner.problem("freeze",
                    "is for `train` alone (the float network is trained whole; `weights: "
                    "{source: dense}` trains float weights in `train`)");
  });
}

/// What it leaves out is as in `train`, but for noise of training chips, which the real one's takes
/// the place of, and frozen layers, which are those on it. Averages of weights would forget what a
/// stage measured.
void describe(Section& section, const TrainingCard& training, LoopCard& card) {
  card.training = training.student;
  card.training.noise_aware = false;
  card.training.freeze.reset();
  card.training.teacher_views = 0;
  section.value("file", card.file);
  section.value("chip", card.chip, {.low = 0, .high = 1 << 30});
  section.value("group", card.group, {.low = 1, .high = 1'000'000});
  section.value("images", card.images, not_negative);
  section.value("views", card.views, {.low = 1, .high = 1000});
  describe(section, card.training);
  if (card.training.noise_aware)
    section.problem("noise_aware",
                    "must be false (layers that are not on the chip are trained digitally; use "
                    "weight_noise)");
  if (card.training.teacher_views > 0)
    section.problem("teacher_views", "is for `train` alone (a stage has `views` of its own)");
  if (card.training.freeze)
    section.problem("freeze",
                    "is for `train` alone (here the layers on the chip are frozen, and the others "
                    "begin at what it measured)");
}

void describe(Section& section, CalibrationUse& card) {
  card.device = section.tree("device");
  card.truth = section.tree("truth");
  section.value("posterior", card.posterior);
  section.choice("knowledge", card.knowledge,
                 {{"none", ProgrammedBy::none},
                  {"fitted", ProgrammedBy::fitted},
                  {"perfect", ProgrammedBy::perfect}});
  if (card.has_truth() && !card.posterior.empty())
    section.problem("posterior", "and truth both say which chip the light meets (give one)");
  if (!card.has_device() &&
      (!card.posterior.empty() || (card.used() && card.knowledge == ProgrammedBy::fitted)))
    section.problem("device", "is missing (the card of `lightloom calibrate fit -o`)");
}

bool is_file_name(const std::string& name) {
  constexpr std::size_t longest = 180;  // endings follow
  const auto printable = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; };
  return !name.empty() && name.size() <= longest && name.front() != '.' &&
         name.find('/') == std::string::npos && std::all_of(name.begin(), name.end(), printable);
}

void read_measures(Section& section, Measures& measures) {
  std::vector<std::string> names{"accuracy", "cost"};
  section.value("measure", names);
  measures = {.accuracy = false, .cost = false, .baselines = false};
  for (const std::string& name : names) {
    if (name == "accuracy")
      measures.accuracy = true;
    else if (name == "cost")
      measures.cost = true;
    else if (name == "baselines")
      measures.baselines = measures.accuracy = true;
    else
      section.problem("measure",
                      fmt::format("holds '{}' but may hold accuracy, cost and baselines", name));
  }
  if (names.empty()) section.problem("measure", "is empty (name accuracy, cost or both)");
}

/// What the number of chips that a run finds does not go with.
void check_chips(Section& section, const Experiment& card) {
  if (!card.chips_until) return;
  if (card.network.dataset.task != nn::Task::classes)
    section.problem("chips", "have `until` for accuracies alone (dataset.task is numbers)");
  if (card.seeds > 1 || card.measures.baselines || !card.ages_s.empty())
    section.problem("chips",
                    "with `until` do not go with seeds, ages or measured baselines, which are "
                    "compared on as many chips (give a number)");
}

/// What a list of ages asks of the rest of the card.
void check_ages(Section& section, const Experiment& card) {
  if (card.ages_s.empty()) return;
  if (card.calibration.used())
    section.problem("ages",
                    "are not those of chips of a section `calibration` (`lightloom calibrate "
                    "when` lets them age)");
  if (card.chips == 0) section.problem("ages", "need chips (let `chips` be above 0)");
}

/// A bank of levels is set from the lists of the card's own source; baselines run without it.
void check_sparse_dac(Section& section, const Experiment& card) {
  if (!card.hardware.core.sparse_dac.used()) return;
  const auto check = [&](const nn::SourceCard& weights, const std::string& where) {
    const nn::SourceEntry& entry = nn::source_entry(weights.source);
    if (entry.lists_values && entry.lists_values(weights)) return;
    section.problem("weights",
                    fmt::format("have the source '{}'{}, which stores no list of the different "
                                "weights of an input for core.sparse_dac to set levels from (crew "
                                "with scales: layer does)",
                                weights.source, where));
  };
  check(card.network.weights, "");
  for (const nn::LayerOverride& layer : card.network.weights.layers)
    check(layer.card, fmt::format(" for '{}'", layer.layer));
  if (card.hardware.way != cosim::WayChoice::source)
    section.problem("way",
                    "brings weights that are not crew's own words, and core.sparse_dac is set from "
                    "these (give way: source)");
}

}  // namespace

std::vector<Baseline> read_baselines(Section& section) {
  std::vector<Baseline> given;
  section.sections("baselines", [&](Section& inner, std::size_t) {
    Baseline baseline;
    inner.value("label", baseline.label);
    describe(inner, baseline.weights);
    given.push_back(std::move(baseline));
  });
  return given;
}

std::vector<std::size_t> drop_own(const nn::SourceCard& own, std::vector<Baseline>& baselines) {
  std::vector<std::size_t> dropped;
  std::vector<Baseline> others;
  for (std::size_t i = 0; i < baselines.size(); ++i)
    if (nn::stores_the_same(own, baselines[i].weights))
      dropped.push_back(i);
    else
      others.push_back(std::move(baselines[i]));
  baselines = std::move(others);
  return dropped;
}

void describe(Section& section, Experiment& card) {
  section.value("name", card.name);
  if (!is_file_name(card.name))
    section.problem("name", fmt::format("'{}' cannot be the name of a file, which results get when "
                                        "--output does not say another (no /, no leading dot, at "
                                        "most 180 bytes)",
                                        card.name));
  section.value("summary", card.summary);
  describe(section, card.network);
  describe(section, card.network, card.training);
  section.optional_section(
      "in_the_loop", [&](Section& inner) { describe(inner, card.training, card.loop.emplace()); });
  describe(section, card.hardware);
  section.optional_section("generation_latency", [&](Section& inner) {
    LatencyCase& latency = card.latency_case.emplace();
    inner.value("kernel", latency.kernel, {.low = 1, .high = 31});
    inner.value("map", latency.map, {.low = 1, .high = 65536});
    describe(inner, latency.layer);
  });
  section.section("calibration", [&](Section& inner) { describe(inner, card.calibration); });
  read_chips(section, card.chips, card.chips_until);
  section.value("calibration_images", card.calibration_images, {.low = 1, .high = 100'000});
  section.value("recalibrate_statistics", card.recalibrate_statistics, not_negative);
  if (card.recalibrate_statistics > 0 && card.chips == 0)
    section.problem("recalibrate_statistics",
                    "is above 0 but there is no chip to take statistics on (chips is 0)");
  section.optional_section("correct", [](Section& inner) {  // read by who corrects
    CorrectionCard unused;
    describe(inner, unused);
  });
  section.optional_section("search", [&](Section& inner) {
    describe(inner, card.network.weights, card.search.emplace());
  });
  section.optional_section("slimmable",
                           [&](Section& inner) { describe(inner, card.slimmable.emplace()); });
  read_measures(section, card.measures);
  section.card("bit_errors", card.bit_errors);
  card.ages_s = read_ages(section, card.hardware.core);
  check_ages(section, card);
  check_sparse_dac(section, card);
  section.optional_section("maintenance",
                           [&](Section& inner) { describe(inner, card.maintenance.emplace()); });
  section.optional_section("training_step",
                           [&](Section& inner) { describe(inner, card.training_step.emplace()); });
  section.optional_section("branch",
                           [&](Section& inner) { describe(inner, card.branch.emplace()); });
  section.raw("sweep");
  section.value("sweep_keep", card.sweep_keep);
  section.value("seed", card.seed);
  section.value("seeds", card.seeds, {.low = 1, .high = 1000});
  check_chips(section, card);
  if (card.seeds > 1 && !card.network.weights_file.empty())
    section.problem("seeds", "is above 1 but weights.file is one training (leave one of them out)");
  section.value("images_chose", card.images_chose);
}

std::vector<CardNumber> experiment_numbers(const Tree& card) {
  return card_numbers(prepared(card), describe_experiment);
}

std::vector<CardNumber> hardware_numbers(const Tree& card) {
  return card_numbers(prepared(card), [](Section& section) {
    HardwareCard unused;
    describe(section, unused);
  });
}

Tree with_cards_of_experiment(const Tree& tree) {
  return with_cards(prepared(tree), describe_experiment);
}

Tree written_out(Tree card) {
  card = with_cards(std::move(card), describe_experiment);
  card = with_cards(std::move(card), [](Section& section) {
    memory::MemoryCard unused;
    describe(section, unused);
  });
  return with_cards(std::move(card), [](Section& section) {
    photonic::CoreCard unused;
    describe(section, unused);
  });
}

namespace {

void drop_own_baselines(Experiment& card) {
  const std::vector<std::size_t> dropped = drop_own(card.network.weights, card.network.baselines);
  if (dropped.empty()) return;
  std::vector<Tree>& listed = card.resolved.at_or_add("baselines").items;
  for (std::size_t k = dropped.size(); k-- > 0;)
    listed.erase(listed.begin() + static_cast<std::ptrdiff_t>(dropped[k]));
}

}  // namespace

Experiment read_experiment(const Tree& given) {
  calibration::read_measured_products();
  const Tree tree = with_baselines(prepared(given));
  Tree resolved;
  Experiment card = read_card<Experiment>(tree, &resolved);
  card.resolved = std::move(resolved);
  card.data_seed = card.seed;
  drop_own_baselines(card);
  const TrainedThrough alone =
      card.training.student.noise_aware ? TrainedThrough::core : TrainedThrough::nothing;
  card.keys = section_keys(card.resolved, card.loop ? TrainedThrough::loop : alone);
  return card;
}

namespace {

/// "8", or "8/32" where linear layers have other words than convolutions.
std::string widths(int convolutions, int linear) {
  return convolutions == linear ? fmt::format("{}", linear)
                                : fmt::format("{}/{}", convolutions, linear);
}

}  // namespace

std::string label_of(const nn::SourceCard& card) {
  const auto integer = [](int bits) { return nn::stored_integer_bits(bits); };
  const auto dense = [](int bits) { return nn::kept_as_float(bits) ? 32 : bits; };
  const int linear = nn::linear_bits(card);
  if (card.source == nn::huffman_kind) return "huffman" + widths(card.bits, linear);
  if (card.source == nn::integer_kind) return "int" + widths(integer(card.bits), integer(linear));
  if (card.source == nn::dense_kind) {
    const int most = dense(card.dense_bits), of_linear = dense(linear);
    return most == 32 && of_linear == 32 ? "dense" : "dense" + widths(most, of_linear);
  }
  if (card.source == nn::trellis_kind || card.source == nn::seed_kind ||
      card.source == nn::crew_kind)
    return card.source + widths(card.bits, linear);
  return card.source;
}

std::vector<std::string> source_labels(const NetworkCard& card) {
  std::vector<std::string> labels{label_of(card.weights)};
  for (const Baseline& baseline : card.baselines) {
    const std::string wanted = baseline.label.empty() ? label_of(baseline.weights) : baseline.label;
    std::string label = wanted;
    for (int copy = 2; std::find(labels.begin(), labels.end(), label) != labels.end(); ++copy)
      label = fmt::format("{} ({})", wanted, copy);
    labels.push_back(label);
  }
  return labels;
}

std::vector<nn::SourceCard> sources(const NetworkCard& card) {
  std::vector<nn::SourceCard> all{card.weights};
  for (const Baseline& baseline : card.baselines) all.push_back(baseline.weights);
  return all;
}

}  // namespace lightloom::experiments
