#include "experiments/studies/forecast/probe.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <optional>

#include "core/files/labelled_bytes.hpp"
#include "core/progress.hpp"
#include "experiments/results/report.hpp"
#include "experiments/studies/accuracy/ages.hpp"
#include "experiments/studies/accuracy/calibrated_chips.hpp"
#include "experiments/studies/accuracy/chip_accuracy.hpp"
#include "experiments/studies/accuracy/training_chips.hpp"
#include "experiments/studies/run_experiment.hpp"
#include "nn/inference/inference.hpp"
#include "nn/train/train.hpp"

namespace lightloom::experiments {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

template <class Do>
double seconds_of(Do work) {
  const auto start = Clock::now();
  work();
  return seconds_since(start);
}

/// Watches a piece of work and ends it once its rate is known. The first report, which holds what
/// is done once, sets the start.
class Rate final : public ProgressSink {
 public:
  explicit Rate(double seconds) : seconds_(seconds) {}
  void report(const ProgressReport& report) override {
    if (report.done == 0 || report.done == last_.done) return;
    if (first_.done == 0) first_ = report;
    last_ = report;
    ++steps_;
  }
  [[nodiscard]] bool cancelled() const override {
    return steps_ > 2 && last_.seconds - first_.seconds > seconds_;
  }
  /// Seconds a unit.
  [[nodiscard]] double each() const {
    if (last_.done == 0) return 0;
    const bool steps = last_.done > first_.done;
    return (last_.seconds - (steps ? first_.seconds : 0)) /
           static_cast<double>(last_.done - (steps ? first_.done : 0));
  }

 private:
  double seconds_;
  int steps_ = 0;
  ProgressReport first_, last_;
};

/// Seconds an image, by batches until the time is over; the first, which holds what is done once,
/// counts where there is no other.
double seconds_an_image(nn::Inference& inference, const nn::ImageSet& set, double seconds) {
  constexpr std::size_t batch = 250;  // as in an evaluation
  double all = 0, first = 0;
  std::size_t done = 0;
  for (std::size_t at = 0; at < set.size() && all < seconds; at += batch) {
    const std::size_t last = std::min(at + batch, set.size());
    const double took = seconds_of([&] {
      nn::for_each_batch(set, {at, last}, batch, [&](const nn::Batch& one, std::size_t number) {
        inference.forward(one.images, number);
      });
    });
    (at == 0 ? first : all) += took;
    if (at > 0) done += last - at;
  }
  if (done > 0) return all / static_cast<double>(done);
  return set.size() == 0 ? 0 : first / static_cast<double>(std::min(batch, set.size()));
}

/// The card without trainings, whatever their length.
Experiment untrained(const Experiment& card) {
  Tree tree = card.resolved;
  std::erase_if(tree.pairs, [](const TreeEntry& entry) {
    return entry.key == "sweep" || entry.key == "in_the_loop";
  });
  set_at(tree, "teacher.epochs", Tree::of(std::string("0")), tree.origin);
  set_at(tree, "train.epochs", Tree::of(std::string("0")), tree.origin);
  return read_experiment(tree);
}

/// One trial: its networks, data and what it has found.
class Trial {
 public:
  Trial(const Experiment& card, const ProbeOptions& options)
      : card_(card), bare_(untrained(card)), seconds_(options.seconds) {}

  Probe run() {
    const auto start = Clock::now();
    cost();
    if (card_.measures.accuracy) accuracy();
    found_.took_s = seconds_since(start);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    found_.memory_bytes = std::int64_t{1024} * usage.ru_maxrss;
    sizes();
    return found_;
  }

 private:
  double& time(Unit unit) { return found_.times[unit]; }

  void cost() {
    Experiment only = bare_;
    only.measures.accuracy = only.measures.baselines = false;
    std::optional<RunResult> result;
    const double first = seconds_of([&] { result = run_experiment(only, bench_); });
    time(Unit::cost) = seconds_of([&] { result = run_experiment(only, bench_); });
    time(Unit::layers) = std::max(0.0, first - time(Unit::cost));
    costs_ = results_of(*result, only, "");
  }

  void accuracy() {
    time(Unit::data) = seconds_of([&] {
      data_ = bench_.dataset(bare_);
      bench_.shared_images(bare_);
    });
    const auto count = [](const nn::ImageSet& set) {
      return static_cast<std::int64_t>(set.size());
    };
    found_.sizes = {count(data_->train), count(data_->validation), count(data_->test), 0};
    if (card_.network.weights_file.empty()) bench_.teacher(bare_);
    time(Unit::start) = seconds_of([&] { student_ = bench_.student(bare_); });
    nn::Network& student = *student_->network;
    found_.sizes.layers = static_cast<std::int64_t>(student.weight_layers().size());
    nn::Inference inference(student);
    time(Unit::digital_image) = seconds_an_image(inference, data_->test, seconds_);
    if (card_.chips > 0 || card_.loop) chips(student);
    if (card_.network.weights_file.empty()) trainings();
  }

  /// A chip, and where that is quick the next: the first pays for what all share.
  void chips(nn::Network& student) {
    const auto core = make_chips(first_core(card_), card_.calibration);
    for (int number = 0; number < 2 && time(Unit::chip) < 3 * seconds_; ++number)
      chip(student, {.core = *core,
                     .generator = card_.hardware.generator,
                     .seed = card_.seed,
                     .chips = 1,
                     .images = card_.calibration_images,
                     .first = number});
  }
  void chip(nn::Network& student, const ChipRun& run) {
    const auto start = Clock::now();
    const auto measure = [&](nn::Inference& inference, cosim::Chip& /*chip*/) {
      time(Unit::chip) = seconds_since(start);
      time(Unit::chip_image) = seconds_an_image(inference, data_->test, seconds_);
      return std::string();
    };
    for_each_chip(student, *data_, run, {measure, no_progress()});
  }

  /// Seconds an image of a training, which changes the network: last.
  double trained(nn::Network& network, const nn::TrainCard& train, nn::TrainHelpers helpers) const {
    if (train.epochs == 0) return 0;
    Rate rate(seconds_);
    helpers.progress = &rate;
    nn::TrainCard whole = train;
    whole.freeze.reset();  // whose epochs take less
    nn::train(network, *data_, {whole, card_.seed}, helpers);
    return rate.each();
  }

  void trainings() {
    nn::Network& teacher = *bench_.teacher(bare_)->network;
    const nn::TrainCard& student = card_.training.student;
    std::optional<TrainingChips> chips;
    nn::TrainHelpers helpers{.teacher = &teacher};
    if (student.noise_aware && student.epochs > 0) {
      chips.emplace(*student_->network, *data_, card_);
      helpers.engines = chips->engines();
    }
    time(Unit::student_image) = trained(*student_->network, student, helpers);
    if (card_.training.teacher_file.empty())
      time(Unit::teacher_image) = trained(teacher, card_.training.teacher, {});
  }

  /// Arrays of costs as they are written, and of accuracies some 45 of one number and the outcomes
  /// of images.
  void sizes() {
    constexpr std::int64_t accuracies = 45;
    std::int64_t numbers = 0, texts = 0;
    const auto bytes_of = [](const auto& list) { return static_cast<std::int64_t>(list.size()); };
    for (const Variable& one : costs_.variables)
      numbers += static_cast<std::int64_t>(size_of(one.values));
    for (const auto& [name, value] : costs_.attributes)
      if (const auto* text = std::get_if<std::string>(&value)) texts += bytes_of(*text);
    const std::int64_t bytes = bytes_of(labelled_bytes(costs_));
    const std::int64_t beside =
        (bytes - texts - 8 * numbers) / std::max<std::int64_t>(1, bytes_of(costs_.variables));
    found_.numbers = numbers;
    found_.result_bytes = bytes;
    found_.page_bytes = bytes_of(report_page(costs_));
    if (!card_.measures.accuracy) return;
    const std::int64_t words = (found_.sizes.test / 48 + 1) * (card_.chips + 2);
    constexpr std::int64_t text_of_array = 200;  // in the page's JSON
    found_.numbers += words + accuracies;
    found_.result_bytes += 8 * words + accuracies * (8 + beside);
    found_.page_bytes += accuracies * text_of_array;
  }

  const Experiment& card_;
  Experiment bare_;
  double seconds_;
  Workbench bench_;
  Workbench::DatasetPtr data_;
  Workbench::NetworkPtr student_;
  Labelled costs_;
  Probe found_;
};

}  // namespace

Probe probe(const Experiment& card, const ProbeOptions& options) {
  return Trial(card, options).run();
}

}  // namespace lightloom::experiments
