#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/cards/card.hpp"
#include "cosim/cost/cost_simulation.hpp"
#include "cosim/generator/generator_card.hpp"
#include "cosim/network/network_layers.hpp"
#include "cosim/studies/generation_latency.hpp"
#include "cosim/training/step_card.hpp"
#include "experiments/cards/chips_card.hpp"
#include "experiments/cards/maintenance_card.hpp"
#include "experiments/cards/section_keys.hpp"
#include "memory/memory_card.hpp"
#include "nn/data/dataset.hpp"
#include "nn/mixture/mixture_card.hpp"
#include "nn/reversible/branch_card.hpp"
#include "nn/slimmable/slim_card.hpp"
#include "nn/train/train.hpp"
#include "nn/weights/faults/bit_errors.hpp"
#include "nn/weights/source_card.hpp"
#include "photonic/cores/core_card.hpp"

namespace lightloom::experiments {

/// A weight source that the card's own is compared with.
struct Baseline {
  std::string label;  // "": named after the source
  nn::SourceCard weights;
};

/// Which network, on images of which data set, with weights from where.
struct NetworkCard {
  std::string model = "cnn3";
  nn::DatasetCard dataset;
  nn::SourceCard weights;
  std::string weights_file;  // trained weights of that source; "": train them
  std::vector<Baseline> baselines;
};

/// The two trainings of an experiment.
struct TrainingCard {
  nn::TrainCard teacher;     // of the float network
  std::string teacher_file;  // its trained weights; "": train it
  nn::TrainCard student;     // of the weight source, from the projected float weights
  std::string student_file;  // or from these trained weights of the card's source; "": from those

  /// Whether weights that are trained begin with the float network's, or learn from it.
  [[nodiscard]] bool needs_teacher() const {
    return student_file.empty() || (student.distill && student.epochs > 0);
  }
};

/// The section `in_the_loop`: the trained network is written to one chip layer by layer, and what
/// that chip measures of the training images trains the layers that are not on it yet (Wan et al.,
/// Nature 608, 504 (2022)).
struct LoopCard {
  nn::TrainCard training;  // of the rest, at every stage
  std::string file;  // trained weights of the card's source to begin with; "": those of `train`
  int chip = 0;      // number of the chip
  int group = 1;     // layers that are written at a stage
  int images = 0;    // training images that are measured, the first of them; 0: all
  int views = 1;     // times that each is measured, changed as `augment` says, 1: as they are
};

/// The hardware of an experiment: everything that time and energy depend on besides network and
/// weights.
struct HardwareCard {
  photonic::CoreCard core;
  cosim::GeneratorCard generator;
  memory::MemoryCard memory;
  cosim::ProgrammingCard programming;
  cosim::DigitalUnitCard digital;
  cosim::ScheduleCard schedule;
  cosim::WayChoice way = cosim::WayChoice::source;
  int batch = 1;            // images that share one loading of the weights
  int activation_bits = 8;  // of feature maps in memory
};

/// The section `generation_latency`: one layer on paper (Eq. 8 of Gu et al., ICCV 2021) and in the
/// schedule of the card's hardware.
struct LatencyCase {
  cosim::GenerationLatencyCard layer;
  int kernel = 3;  // of the layer
  int map = 16;    // edge of its square output map
};

/// How chips are programmed whose parameters were measured (`lightloom calibrate`).
enum class ProgrammedBy {
  none,     // by the design alone
  fitted,   // by the fitted device card
  perfect,  // by the truth
};

/// The section `calibration`: chips of an mzi-mesh core that are calibrated ones. They are `truth`,
/// or, with `posterior`, drawn from what a fit leaves open, or else just what `device` says.
struct CalibrationUse {
  Tree device;            // fitted card
  Tree truth;             // card of the chip that the light meets
  std::string posterior;  // file of `lightloom calibrate fit --posterior`
  ProgrammedBy knowledge = ProgrammedBy::fitted;

  [[nodiscard]] bool has_device() const { return device.kind != Tree::Kind::null; }
  [[nodiscard]] bool has_truth() const { return truth.kind != Tree::Kind::null; }
  [[nodiscard]] bool used() const { return has_device() || has_truth(); }
};

/// What a run finds out.
struct Measures {
  bool accuracy = true;
  bool cost = true;
  bool baselines = false;  // accuracy of every baseline too
};

/// An experiment card.
struct Experiment {
  std::string name = "experiment";
  std::string summary;  // a sentence for the report
  NetworkCard network;
  TrainingCard training;
  std::optional<LoopCard> loop;
  HardwareCard hardware;
  std::optional<LatencyCase> latency_case;
  CalibrationUse calibration;
  int chips = 16;                         // Monte-Carlo instances; 0: no analog evaluation
  std::optional<ChipsUntil> chips_until;  // fewer of them where that is enough
  int calibration_images = 64;     // training images that set the ranges of each chip's converters
  int recalibrate_statistics = 0;  // training images whose activations on each chip set the
                                   // statistics of batch normalisation anew; 0: they stay
  Measures measures;
  std::vector<double> ages_s;  // of the core, at which chips are measured; none: as the core says
  std::optional<MaintenanceCard> maintenance;
  std::optional<cosim::TrainingStepCard> training_step;  // what `lightloom cost` says of one
  std::optional<nn::BranchCard> branch;                  // what `lightloom branch` trains
  std::optional<nn::MixtureCard> search;                 // what `lightloom search` chooses among
  std::optional<nn::SlimCard> slimmable;                 // what `lightloom slim` trains
  nn::BitErrorCard bit_errors;          // of the memory that holds the stored words; rate 0: none
  std::vector<std::string> sweep_keep;  // arrays of each point that a sweep holds; none: all
  std::uint64_t seed = 0;
  std::uint64_t data_seed = 0;  // of generated images and the validation split; the card's `seed`
  int seeds = 1;                // trainings: by seed, seed + 1, ..., each with chips of its own
  std::vector<std::string> images_chose;  // what the test images chose before this card was made
  Tree resolved;                          // the card with every default filled in
  SectionKeys keys;
};

/// The list `baselines` of a card, label and source each; empty when there is none.
std::vector<Baseline> read_baselines(Section& section);
/// Takes out the baselines that store what `own` stores, which is listed once, and says which of
/// them, counted before.
std::vector<std::size_t> drop_own(const nn::SourceCard& own, std::vector<Baseline>& baselines);
void describe(Section& section, Experiment& card);
/// The numbers of a card's hardware sections, which say what the network is run on; and all numbers
/// of the card, those that say what is compared and how it is trained too.
std::vector<CardNumber> hardware_numbers(const Tree& card);
std::vector<CardNumber> experiment_numbers(const Tree& card);
/// The card of an experiment with all the cards that its sections name in their places, those of
/// swept sections too, so that it stands by itself.
Tree with_cards_of_experiment(const Tree& tree);
/// A card of an experiment, a memory or a core with all the cards that its sections name in their
/// places, as it was otherwise.
Tree written_out(Tree card);
/// Reads a card; one without `baselines` gets INT8, INT4, INT3, INT2 and dense weights. Throws
/// `Error` with all its problems.
Experiment read_experiment(const Tree& tree);

/// The label of a source in tables and files: "multilevel"; integers and dense weights with the
/// bits of the words that are stored, "int8", "dense" (words of 32 bits), or "dense32/8" where
/// linear layers have others than convolutions.
std::string label_of(const nn::SourceCard& card);
/// Labels of the card's source and then of its baselines, made unique.
std::vector<std::string> source_labels(const NetworkCard& card);
/// The sources in the same order.
std::vector<nn::SourceCard> sources(const NetworkCard& card);

}  // namespace lightloom::experiments
