#include "experiments/studies/correction/correction_study.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.hpp"
#include "experiments/cards/correction_card.hpp"
#include "experiments/studies/accuracy/ages.hpp"
#include "experiments/studies/accuracy/calibrated_chips.hpp"
#include "experiments/studies/accuracy/chip_accuracy.hpp"
#include "experiments/studies/correction/correction_cost.hpp"
#include "experiments/studies/run_experiment.hpp"
#include "nn/data/batch.hpp"
#include "nn/inference/evaluate.hpp"

namespace lightloom::experiments {
namespace {

using cosim::name_of;

// Noise is drawn by the numbers of images. Those that are tested have numbers from 0.
constexpr std::uint64_t first_fit_number = std::uint64_t{1} << 32;
constexpr std::uint64_t first_tuning_number = std::uint64_t{1} << 36;
constexpr std::uint64_t first_judge_number = std::uint64_t{1} << 40;
constexpr int most_judges = 1000;

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

void require_correctable(const Experiment& card, const nn::Dataset& data) {
  require(card.chips > 0, "there are no chips to correct (chips is 0)");
  require(!card.chips_until && card.seeds == 1,
          "lightloom correct takes a number of chips of one training (leave out chips.until and "
          "seeds)");
  require(data.train.size() > 0, "there are no training images to fit correctors with");
}

nn::Tensor first_images(const nn::ImageSet& set, int count) {
  const std::size_t images = std::min(set.size(), static_cast<std::size_t>(count));
  nn::Tensor all;
  nn::for_each_batch(set, {0, images}, images, [&](const nn::Batch& batch, std::size_t) {
    all.resize(batch.images.shape());
    std::copy(batch.images.values().begin(), batch.images.values().end(), all.values().begin());
  });
  return all;
}

/// Images that judge tunings: those of validation, or the last training images.
nn::ImageSet judges(const nn::Dataset& data) {
  const nn::ImageSet& from = data.validation.size() > 0 ? data.validation : data.train;
  const std::size_t count = std::min<std::size_t>(from.size(), most_judges);
  std::vector<std::uint32_t> last(count);
  std::iota(last.begin(), last.end(), static_cast<std::uint32_t>(from.size() - count));
  return nn::chosen_images(from, last);
}

/// The study on its way. Refers to all it is given.
class Correction {
 public:
  Correction(const Experiment& card, Workbench& workbench, ProgressSink& sink)
      : card_(card),
        sink_(sink),
        data_(workbench.dataset(card)),
        student_(workbench.student(card)),
        network_(*student_->network),
        core_(make_chips(first_core(card), card.calibration)),
        correction_(correction_of(card.resolved)),
        choices_(correction_.choices()) {
    images_ = first_images(data_->train, correction_.images);
    judges_ = judges(*data_);
    study_.digital = digital_accuracy(network_, data_->test);
    for (const nn::WeightLayer& layer : network_.weight_layers()) {
      study_.layers.push_back(layer.shape.name);
      study_.weights += layer.shape.weights();
    }
    study_.frozen.assign(study_.layers.size(), 0);
    for (std::size_t a = 1; a < card.ages_s.size(); ++a) {
      aged_.push_back(make_chips(core_at(card, card.ages_s[a]), card.calibration));
      study_.aged.emplace_back();
    }
    plan_verification();
  }

  CorrectionStudy finish(Workbench& workbench) {
    Progress progress(sink_, "corrected chips", card_.chips, "chips");
    for (int chip = 0; chip < card_.chips; ++chip) {
      one_chip(chip);
      progress.advance(1, fmt::format("accuracy {:.2f} %", 100 * study_.none.back()));
    }
    for (double& share : study_.frozen) share /= card_.chips;
    for (CorrectorResult& corrector : study_.correctors)
      for (cosim::HeldOutError& error : corrector.errors)
        error = {std::sqrt(error.before / card_.chips), std::sqrt(error.after / card_.chips)};
    add_correction_cost(card_, workbench, layer_work_, study_);
    return std::move(study_);
  }

 private:
  struct Verification {
    double share;
    cosim::VerifiedWeights weights;
    cosim::WriteLedger ledger;
  };

  [[nodiscard]] ChipRun run(const photonic::TensorCore& core, int chip) const {
    return {.core = core,
            .generator = card_.hardware.generator,
            .seed = card_.seed,
            .images = card_.calibration_images,
            .first = chip};
  }
  [[nodiscard]] cosim::ChipNumber number(int chip) const {
    return {card_.seed, static_cast<std::uint32_t>(chip)};
  }

  void plan_verification() {
    const cosim::VerifyCard& verify = correction_.verify;
    const photonic::CoreDescription& core = core_->description();
    if (verify.shares.empty()) return;
    if (core.cost.devices == 0 || core.operands.present()) {
      study_.note = "no weights were verified: this core has no devices that are programmed";
      return;
    }
    const cosim::WeightScores scores =
        cosim::score_weights(network_, *core_, verify, {data_->train, card_.seed});
    const nn::NetworkShape shape = network_.shape();
    std::vector<double> shares = verify.shares;
    std::sort(shares.begin(), shares.end());
    for (const double share : shares) {
      cosim::VerifiedWeights weights = cosim::choose_weights(scores, core, share);
      const cosim::WriteLedger ledger =
          cosim::count_writes({core, card_.hardware.programming}, shape, weights, verify);
      verified_.push_back({share, std::move(weights), ledger});
    }
  }

  CorrectorResult& result(const std::string& name) {
    for (CorrectorResult& known : study_.correctors)
      if (known.name == name) return known;
    study_.correctors.push_back({.name = name});
    CorrectorResult& added = study_.correctors.back();
    added.errors.resize(study_.layers.size());
    added.aged.resize(study_.aged.size());
    added.writes = cosim::count_writes({core_->description(), card_.hardware.programming},
                                       network_.shape(), {}, correction_.verify);
    return added;
  }

  double accuracy(cosim::FrozenChip& chip, const cosim::NetworkCorrector& corrector) {
    if (sink_.cancelled()) throw Failure("interrupted while chips were corrected");
    cosim::CorrectingEngine engine(chip, corrector);
    nn::Inference inference(network_, &engine);
    chip.chip().calibrate(inference, *data_, card_.calibration_images);
    return nn::evaluate(inference, data_->test).accuracy();
  }

  void one_chip(int number_of_chip) {
    plain(number_of_chip);
    cosim::FrozenChip chip(*core_, network_, card_.hardware.generator, number(number_of_chip));
    std::vector<cosim::NetworkCorrector> own;
    for (const cosim::CorrectorChoice& choice : choices_) {
      const cosim::FitImages fitted{.images = images_,
                                    .first_number = first_fit_number,
                                    .calibration = card_.calibration_images,
                                    .vectors = correction_.vectors,
                                    .held_out = correction_.held_out};
      cosim::NetworkFit fit = cosim::fit_network(chip, network_, fitted, choice);
      note_fit(fit);
      own.push_back(fit.corrector);
      if (correction_.tunes(choice.kind)) own.push_back(tuned(chip, fit.corrector));
    }
    for (std::size_t k = 0; k < own.size(); ++k) {
      note_corrector(own[k]);
      CorrectorResult& found = result(own[k].name);
      found.accuracy.push_back(accuracy(chip, own[k]));
      if (number_of_chip > 0) found.foreign.push_back(accuracy(chip, former_[k]));
    }
    measure_ages(number_of_chip, own);
    verify(number_of_chip);
    former_ = std::move(own);
  }

  /// As the chip is, and with statistics that it measured.
  void plain(int chip) {
    const bool normalised = std::any_of(network_.norms().begin(), network_.norms().end(),
                                        [](const nn::NormLayer& norm) { return norm.running; });
    ChipRun one = run(*core_, chip);
    if (normalised) one.statistics_images = images_.shape().images;
    const ChipResult found = evaluate_chips(network_, *data_, one, sink_).front();
    study_.none.push_back(found.accuracy);
    if (!normalised) return;
    CorrectorResult& statistics = result("statistics");
    statistics.accuracy.push_back(accuracy_of(*found.retaken));
    statistics.stored_numbers = 0;
    for (const nn::NormLayer& norm : network_.norms())
      if (norm.running)
        statistics.stored_numbers += static_cast<std::int64_t>(2 * norm.mean.size());
  }

  cosim::NetworkCorrector tuned(cosim::FrozenChip& chip, const cosim::NetworkCorrector& start) {
    const cosim::TuningImages images{.train = data_->train,
                                     .judge = judges_,
                                     .first_train = first_tuning_number,
                                     .first_judge = first_judge_number,
                                     .seed = card_.seed};
    cosim::CorrectingEngine engine(chip, start);
    nn::Inference inference(network_, &engine);
    chip.chip().calibrate(inference, *data_, card_.calibration_images);
    cosim::Tuning tuning = cosim::tune(chip, network_, images, {correction_.tuning, start, sink_});
    tuning.corrector.name = start.name + "_tuned";
    CorrectorResult& found = result(tuning.corrector.name);
    found.loss_before.push_back(tuning.loss_before);
    found.loss_after.push_back(tuning.loss_after);
    return tuning.corrector;
  }

  void note_fit(const cosim::NetworkFit& fit) {
    CorrectorResult& found = result(fit.corrector.name);
    const bool first = fit.corrector.name == name_of(choices_.front());
    for (std::size_t l = 0; l < fit.errors.size(); ++l) {
      found.errors[l].before += fit.errors[l].before * fit.errors[l].before;
      found.errors[l].after += fit.errors[l].after * fit.errors[l].after;
      if (first) study_.frozen[l] += fit.frozen[l];
    }
  }

  void note_corrector(const cosim::NetworkCorrector& corrector) {
    CorrectorResult& found = result(corrector.name);
    found.stored_numbers = std::max(found.stored_numbers, corrector.numbers());
    std::vector<cosim::DigitalWork>& layers = layer_work_[corrector.name];
    layers.resize(study_.layers.size());
    found.work = {};
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const cosim::DigitalWork work =
          corrector_work(corrector.layers[l], network_.weight_layers()[l].shape);
      if (work.operations() > layers[l].operations()) layers[l] = work;
      found.work += layers[l];
    }
  }

  void measure_ages(int chip, const std::vector<cosim::NetworkCorrector>& own) {
    for (std::size_t a = 0; a < aged_.size(); ++a) {
      study_.aged[a].push_back(
          evaluate_chip(network_, *data_, run(*aged_[a], chip), data_->test).accuracy);
      cosim::FrozenChip later(*aged_[a], network_, card_.hardware.generator, number(chip));
      for (const cosim::NetworkCorrector& corrector : own)
        result(corrector.name).aged[a].push_back(accuracy(later, corrector));
    }
  }

  void verify(int chip) {
    for (const Verification& one : verified_) {
      const cosim::VerifiedCore core(*core_, one.weights, correction_.verify.tolerance);
      CorrectorResult& found = result(fmt::format("verify_{:g}", one.share));
      found.accuracy.push_back(
          evaluate_chip(network_, *data_, run(core, chip), data_->test).accuracy);
      found.verified_writes = one.ledger.verified_weights;
      found.writes = one.ledger;
    }
  }

  const Experiment& card_;
  ProgressSink& sink_;
  Workbench::DatasetPtr data_;
  Workbench::NetworkPtr student_;
  nn::Network& network_;
  std::unique_ptr<photonic::TensorCore> core_;
  std::vector<std::unique_ptr<photonic::TensorCore>> aged_;
  CorrectionCard correction_;
  std::vector<cosim::CorrectorChoice> choices_;
  nn::Tensor images_;
  nn::ImageSet judges_;
  std::vector<Verification> verified_;
  std::vector<cosim::NetworkCorrector> former_;  // of the chip before
  LayerWork layer_work_;
  CorrectionStudy study_;
};

}  // namespace

double CorrectionStudy::recovered(const std::vector<double>& accuracy) const {
  const double lost = digital - mean(none);
  if (lost == 0 || accuracy.empty()) return std::numeric_limits<double>::quiet_NaN();
  return (mean(accuracy) - mean(none)) / lost;
}

double CorrectionStudy::equal_writes(const CorrectorResult& corrector) const {
  const double wanted = recovered(corrector.accuracy);
  double writes = 0, reached = 0;  // of the share before, from nothing on
  for (const CorrectorResult& verified : correctors) {
    if (verified.verified_writes == 0) continue;
    const double more = static_cast<double>(verified.verified_writes),
                 share = recovered(verified.accuracy);
    if (wanted >= reached && wanted <= share && share > reached)
      return writes + (more - writes) * (wanted - reached) / (share - reached);
    writes = more;
    reached = share;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

CorrectionStudy correct_chips(const Experiment& card, Workbench& workbench,
                              ProgressSink& progress) {
  require_classes(card, "lightloom correct");
  require_correctable(card, *workbench.dataset(card));
  return Correction(card, workbench, progress).finish(workbench);
}

}  // namespace lightloom::experiments
