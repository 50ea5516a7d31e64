#pragma once

#include <map>
#include <memory>
#include <string>

#include "experiments/cards/experiment_card.hpp"
#include "experiments/studies/cost_study.hpp"
#include "nn/network/network.hpp"
#include "nn/train/train.hpp"

namespace lightloom::experiments {

/// A network and how it was trained; no epochs when its weights came from a file.
struct TrainedNetwork {
  std::unique_ptr<nn::Network> network;
  nn::TrainResult history;
};

/// Data sets and trained networks of the experiments of one process. Points of a sweep that share
/// data, teacher or student (their sections of the card are equal) share the work; a result never
/// depends on what was asked before.
class Workbench {
 public:
  using DatasetPtr = std::shared_ptr<const nn::Dataset>;
  using NetworkPtr = std::shared_ptr<const TrainedNetwork>;

  /// Keeps a checkpoint of the student's training in `path` and one of the float network's in
  /// `path`.float, after every epoch; the trainings of `card` go on from what is there. Throws
  /// `Error` when there is something else.
  void keep_checkpoints(const Experiment& card, const std::string& path);

  DatasetPtr dataset(const Experiment& card);
  /// The float network: trained, or read from `teacher.file`.
  NetworkPtr teacher(const Experiment& card);
  /// Accuracy of the float network on the card's test images, evaluated once.
  double teacher_accuracy(const Experiment& card, const nn::ImageSet& test);
  /// The network on the card's weight source: read from `weights.file`, or projected from the
  /// teacher and trained on.
  NetworkPtr student(const Experiment& card);

  SourceLayersCache source_layers;

 private:
  std::string checkpoint_, float_checkpoint_;  // "": none
  std::map<std::string, DatasetPtr> datasets_;
  std::map<std::string, NetworkPtr> networks_;
  std::map<std::string, std::shared_ptr<const double>> accuracies_;
};

/// Accuracy of a network without hardware.
double digital_accuracy(nn::Network& network, const nn::ImageSet& test);

}  // namespace lightloom::experiments
