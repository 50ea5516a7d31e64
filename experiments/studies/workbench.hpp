#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/files/file_lock.hpp"
#include "core/progress.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "experiments/statistics/outcomes.hpp"
#include "experiments/studies/accuracy/image_use.hpp"
#include "experiments/studies/costs/cost_study.hpp"
#include "experiments/studies/in_the_loop.hpp"
#include "nn/accounting/ratio.hpp"
#include "nn/network/network.hpp"
#include "nn/onnx/import/import.hpp"
#include "nn/train/train.hpp"

namespace lightloom::experiments {

/// A network and how it was trained; no epochs when its weights came from a file.
struct TrainedNetwork {
  std::unique_ptr<nn::Network> network;
  nn::TrainResult history;
  std::optional<LoopResult> loop = {};  // how it was fine-tuned on a chip
};

/// Network files, data sets and trained networks of the experiments of one process. Points of a
/// sweep that share data, teacher or student (their sections of the card are equal) share the work;
/// a result never depends on what was asked before. A network file is parsed once. Graphs,
/// layers and ratios may be asked for on several threads at once, the rest on one.
class Workbench {
 public:
  using DatasetPtr = std::shared_ptr<const nn::Dataset>;
  using NetworkPtr = std::shared_ptr<const TrainedNetwork>;
  using GraphPtr = std::shared_ptr<const nn::Graph>;
  using LayersPtr = std::shared_ptr<const SourceLayers>;
  using RatiosPtr = std::shared_ptr<const std::vector<nn::Ratio>>;

  /// Trainings tell the sink how far they are and end when it is cancelled, with a `Failure`.
  explicit Workbench(ProgressSink& progress = no_progress()) : progress_(progress) {}

  /// Keeps a checkpoint of the student's training in `path`, one of the float network's in
  /// `path`.float, after every epoch, and one of its fine-tuning in the loop in `path`.loop, after
  /// every stage (and in `path`.loop.stage, after every epoch of one); the trainings of `card` go
  /// on from what is there. Throws `Error` when there is something else.
  void keep_checkpoints(const Experiment& card, const std::string& path);

  /// Keeps a checkpoint of every training in `folder`, named by what the training depends on, card,
  /// files, program and threads: who asks for it again, in this process or another, goes on from
  /// there, to the same bits. One process trains what several want; the others wait.
  void keep_trainings(const std::string& folder);

  DatasetPtr dataset(const Experiment& card);
  /// Which of the data set's images are in several of its parts, looked for once.
  const SharedImages& shared_images(const Experiment& card);
  GraphPtr graph(const Experiment& card);
  /// The float network: trained, or read from `teacher.file`.
  NetworkPtr teacher(const Experiment& card);
  /// What the float network makes of the card's test images, evaluated once.
  const Outcomes& teacher_outcomes(const Experiment& card, const nn::ImageSet& test);
  /// The network on the card's weight source: read from `weights.file`, or projected from the
  /// teacher and trained on, and fine-tuned on a chip where the card has `in_the_loop`.
  NetworkPtr student(const Experiment& card);
  /// The network's layers under every source of the card.
  LayersPtr layers(const Experiment& card);
  /// What every source of the card stores of it.
  RatiosPtr ratios(const Experiment& card);

 private:
  using FilePtr = std::shared_ptr<const nn::onnx::Imported>;
  FilePtr network_file(const std::string& path);
  std::unique_ptr<nn::Network> make_network(const Experiment& card, const nn::SourceCard& weights,
                                            nn::InitialWeights initial);
  std::unique_ptr<nn::Network> make_float_network(const Experiment& card);
  nn::TrainResult train_student(nn::Network& student, const Experiment& card,
                                nn::TrainHelpers helpers);
  TrainedNetwork trained_student(const Experiment& card);
  LoopResult fine_tuned(nn::Network& student, const Experiment& card);

  /// Where a training is kept: "" nowhere, else a place that is nobody else's until the end.
  struct Kept {
    std::string path, identity;
    std::unique_ptr<FileLock> lock;
  };
  Kept kept(const Experiment& card, const std::string& named, const std::string& identity) const;

  ProgressSink& progress_;
  std::string trainings_;  // folder; "": none
  std::recursive_mutex graphs_and_layers_;
  std::string checkpoint_, float_checkpoint_, loop_checkpoint_;  // "": none
  std::unique_ptr<FileLock> checkpoint_lock_;
  std::string inputs_;  // of the training that has checkpoints
  std::map<std::string, FilePtr> files_;
  std::map<std::string, GraphPtr> graphs_;
  std::map<std::string, DatasetPtr> datasets_;
  std::map<std::string, std::shared_ptr<const SharedImages>> shared_;
  std::map<std::string, NetworkPtr> networks_;
  std::map<std::string, std::shared_ptr<const Outcomes>> outcomes_;
  std::map<std::string, LayersPtr> layers_;
  std::map<std::string, RatiosPtr> ratios_;
};

/// What a network without hardware makes of some images, and its accuracy.
Outcomes digital_outcomes(nn::Network& network, const nn::ImageSet& test);
double digital_accuracy(nn::Network& network, const nn::ImageSet& test);

}  // namespace lightloom::experiments
