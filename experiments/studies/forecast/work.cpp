#include "experiments/studies/forecast/work.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "experiments/cards/derived_cards.hpp"
#include "nn/models/models.hpp"
#include "nn/weights/direct/dense_source.hpp"

namespace lightloom::experiments {
namespace {

double number(std::int64_t count) { return static_cast<double>(count); }

/// Counts the work of cards that share what was done.
class Count {
 public:
  Count(const Sizes& sizes, DoneWork& done) : sizes_(sizes), done_(done) {}

  void cost(const Experiment& card) {
    if (first("layers " + card.keys.layers)) work[Unit::layers] += 1;
    work[Unit::cost] += 1;
  }

  /// A network trained, and measured digitally and on chips at every age.
  void training(const Experiment& card) {
    if (first("data " + card.keys.data)) work[Unit::data] += 1;
    const bool learns = card.network.weights_file.empty();
    const bool begun = card.loop && !card.loop->file.empty();
    const bool trained = learns && !begun;
    const bool taught = trained && card.training.needs_teacher();
    if (taught || (learns && card.loop && card.loop->training.distill)) teacher(card);
    if (first("student " + card.keys.student)) student(card, trained);
    if (taught || std::filesystem::exists(card.training.teacher_file)) teacher_test(card);
    work[Unit::digital_image] += number(sizes_.test);
    chips(card, 1);
  }

  void other_ages(const Experiment& card) {
    if (card.ages_s.size() > 1) chips(card, static_cast<double>(card.ages_s.size() - 1));
  }

  void faulty_memory(const Experiment& card) {
    if (nn::has_errors(card.bit_errors)) work[Unit::digital_image] += number(sizes_.test);
  }

  Work work{};

 private:
  bool first(const std::string& key) { return done_.insert(key).second; }

  void epochs(Unit unit, const nn::TrainCard& train) {
    work[unit] += train.epochs * number(sizes_.training);
    work[Unit::digital_image] += train.epochs * number(sizes_.validation);
  }
  void teacher(const Experiment& card) {
    if (first("teacher " + card.keys.float_network) && card.training.teacher_file.empty())
      epochs(Unit::teacher_image, card.training.teacher);
  }
  void teacher_test(const Experiment& card) {
    if (first("teacher tested " + card.keys.float_network))
      work[Unit::digital_image] += number(sizes_.test);
  }
  void student(const Experiment& card, bool trained) {
    work[Unit::start] += 1;
    if (trained) epochs(Unit::student_image, card.training.student);
    if (card.loop && card.network.weights_file.empty()) loop(card);
  }
  /// Every image is measured once on its way through the chip; of the training at each stage about
  /// half the network is left to train.
  void loop(const Experiment& card) {
    const std::int64_t all = sizes_.training;
    const std::int64_t some = card.loop->images;
    const double measured = card.loop->views * number(some > 0 ? std::min(some, all) : all);
    const double stages = number(sizes_.layers) / card.loop->group;
    work[Unit::chip] += 1;
    work[Unit::chip_image] += measured;
    work[Unit::student_image] += 0.5 * stages * card.loop->training.epochs * measured;
  }
  void chips(const Experiment& card, double times) {
    const double chips = times * card.chips, retaken = card.recalibrate_statistics;
    work[Unit::chip] += chips;
    work[Unit::chip_image] += chips * number(sizes_.test);
    if (retaken == 0) return;
    work[Unit::chip] += 2 * chips;
    work[Unit::chip_image] += chips * (number(sizes_.test) + retaken);
  }

  Sizes sizes_;
  DoneWork& done_;
};

}  // namespace

Work work_of(const Experiment& card, const Sizes& sizes, DoneWork& done) {
  Count count(sizes, done);
  if (card.measures.cost) count.cost(card);
  if (!card.measures.accuracy) return count.work;
  for (int training = 0; training < card.seeds; ++training)
    count.training(retrained(card, training));
  for (std::size_t b = 0; card.measures.baselines && b < card.network.baselines.size(); ++b)
    count.training(with_baseline(card, b));
  count.faulty_memory(card);
  count.other_ages(card);
  return count.work;
}

std::vector<std::string> unexpected_trainings(const Experiment& card) {
  std::vector<std::string> sentences;
  if (!card.measures.accuracy || !card.network.weights_file.empty()) return sentences;
  const bool imported = nn::is_onnx(card.network.model);
  const int teacher = card.training.teacher.epochs, student = card.training.student.epochs;
  const bool begun = card.loop && !card.loop->file.empty();
  if (begun) return sentences;
  if (imported && teacher > 0 && card.training.teacher_file.empty() &&
      card.training.needs_teacher())
    sentences.push_back(
        fmt::format("the weights of '{}' are trained for {} epochs before anything else "
                    "(teacher.epochs=0 takes "
                    "them as they are)",
                    card.network.model, teacher));
  const bool dense = card.network.weights.source == nn::dense_kind;
  if (student > 0 && (dense || imported))
    sentences.push_back(fmt::format(
        "the {} weights are trained for {} epochs, from {} (train.epochs=0 takes those as they "
        "are)",
        card.network.weights.source, student,
        imported || !card.training.teacher_file.empty() || !card.training.student_file.empty()
            ? "those of the file"
            : "those of the float network"));
  return sentences;
}

}  // namespace lightloom::experiments
