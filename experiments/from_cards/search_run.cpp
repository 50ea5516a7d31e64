#include "experiments/from_cards/search_run.hpp"

#include "core/error.hpp"
#include "experiments/studies/accuracy/image_use.hpp"
#include "experiments/studies/run_experiment.hpp"
#include "nn/weights/multilevel/generators.hpp"

namespace lightloom::experiments {
namespace {

FoundAccuracies trained_accuracies(const Experiment& card, const SearchStudy& study,
                                   Workbench& workbench) {
  const auto accuracy = [&](const Found& found) {
    return trained_accuracy(card_with(card.resolved, found.card), workbench);
  };
  FoundAccuracies found{
      .searched = accuracy(study.searched), .uniform = std::nullopt, .equal = std::nullopt};
  if (!study.has_uniform()) return found;
  found.uniform = accuracy(study.uniform());
  found.equal = accuracy(study.equal);
  return found;
}

/// `kind` first, then the other rules that need no images.
std::vector<std::string> harms_to_try(const std::string& kind) {
  std::vector<std::string> kinds{kind};
  for (const char* other : {"trained", "relative"})
    if (kind != other) kinds.emplace_back(other);
  return kinds;
}

SearchBy chosen_by(const SearchOptions& options) {
  return options.sensitivity == "measured" || options.candidates > 0 ? SearchBy::images
                                                                     : SearchBy::weights;
}

/// The card found says what its test images chose, for every run of it.
void keep_images_chose(const std::vector<std::string>& chose, Tree& card) {
  Tree& list = card.at_or_add("images_chose");
  list = Tree::list();
  for (const std::string& one : chose) list.items.push_back(Tree::of(one));
}

}  // namespace

void check_search(const Experiment& card, const SearchOptions& options) {
  require_classes(card, "a search");
  require(
      card.network.weights.source == nn::multilevel_kind,
      "weights.source is {} but a search chooses settings of multilevel (a section `search` lists "
      "other sources)",
      card.network.weights.source);
  const std::string& kind = options.sensitivity;
  require(kind == "trained" || kind == "measured" || kind == "relative",
          "--sensitivity is '{}' but may be trained, measured or relative", kind);
  require(options.images >= 1, "a search measures sensitivities with at least 1 image");
}

SearchRun run_search(const Experiment& card, const SearchOptions& options, ProgressSink& progress) {
  check_search(card, options);
  SearchRun run{.limit = read_limit(options.budget), .kind = options.sensitivity};
  Workbench workbench(progress);
  const Workbench::DatasetPtr data = workbench.dataset(card);
  const Workbench::NetworkPtr teacher = workbench.teacher(card);
  const nn::CalibrationLoss loss = calibration_loss(*data, options.images);
  std::vector<std::string> kinds{run.kind};
  if (options.candidates > 0) kinds = harms_to_try(run.kind);
  std::vector<SearchStudy> studies;
  for (const std::string& one : kinds)
    studies.push_back(study_search(card, *teacher->network,
                                   harm_by(one, card.network, *teacher->network, loss),
                                   {.limit = run.limit, .uniforms = options.candidates}));
  run.study = studies.front();
  if (options.fine_tune) run.accuracies = trained_accuracies(card, run.study, workbench);
  run.chose = what_search_chose(card, workbench.shared_images(card), chosen_by(options));
  run.card = card_with(card.resolved, run.study.searched.card);
  if (options.candidates > 0) {
    run.candidates = candidates_of(card.resolved, studies, kinds);
    run.best = train_candidates(run.candidates, workbench);
    run.card = run.candidates[run.best].card;
  }
  keep_images_chose(run.chose, run.card);
  return run;
}

}  // namespace lightloom::experiments
