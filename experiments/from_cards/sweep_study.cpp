#include "experiments/from_cards/sweep_study.hpp"

#include <omp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <filesystem>
#include <vector>

#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/parallel.hpp"
#include "experiments/cards/input_files.hpp"
#include "experiments/cards/section_keys.hpp"
#include "experiments/results/files/build_info.hpp"
#include "experiments/results/files/tidy_tables.hpp"
#include "experiments/studies/run_experiment.hpp"
#include "experiments/sweep/sweep_comparison.hpp"

namespace lightloom::experiments {
namespace {

constexpr char of_check = 'c', of_points = 'p';                   // first letters of an order
constexpr char is_cost = '-', is_accuracy = 'a', is_wrong = '!';  // of a check's answer

/// The card and the program behind an order: processes of one crew must have the same.
std::string fingerprint(const Tree& card) {
  const BuildInfo build = build_info();
  return text_hash(to_yaml(card) + input_files_text(card) + build.version + build.git_revision);
}

std::string check_point(const SweepStudy& study, std::size_t point) {
  try {
    const Experiment read = read_experiment(study.grid.card_at(study.card, point));
    return {read.measures.accuracy ? is_accuracy : is_cost};
  } catch (const Error& error) {
    return is_wrong + fmt::format("{} (at the sweep's point {}: {})", error.what(), point + 1,
                                  study.grid.settings(point));
  }
}

WorkFunction check_of(const SweepStudy& study) {
  return [&study](std::span<const std::size_t> points) {
    std::vector<std::string> answers(points.size());
    parallel_for_dynamic(static_cast<std::ptrdiff_t>(points.size()), [&](std::ptrdiff_t k) {
      const auto i = static_cast<std::size_t>(k);
      answers[i] = check_point(study, points[i]);
    });
    return answers;
  };
}

SweepStudy unchecked_sweep(const Tree& given) {
  SweepStudy study{.card = with_cards_of_experiment(given), .grid = {}, .base = {}};
  study.grid = read_grid(study.card);
  study.base = read_experiment(study.grid.card_at(study.card, 0));
  require(!study.base.chips_until,
          "chips with `until` are for a run: the points of a sweep have as many chips each");
  return study;
}

/// Throws what is wrong with the first point that is.
void check_points(SweepStudy& study, Crew* crew) {
  SharedWork check{.order = of_check + fingerprint(study.card), .items = {}};
  for (std::size_t point = 0; point < study.grid.points(); ++point) check.items.push_back(point);
  std::vector<std::string> answers(study.grid.points());
  check.most_at_once = 4096;
  check.work = check_of(study);
  check.take = [&](std::size_t point, const std::string& answer) {
    answers[point] = answer;
    return answer.front() != is_wrong;
  };
  if (crew != nullptr)
    crew->share(check, no_progress());
  else
    answers = check.work(check.items);
  for (const std::string& answer : answers) {
    if (!answer.empty() && answer.front() == is_wrong) throw Error(answer.substr(1));
    study.accuracy = study.accuracy || answer == std::string{is_accuracy};
  }
}

/// Points that several processes compute do not say how far each of them is.
class Silent final : public ProgressSink {
 public:
  explicit Silent(const ProgressSink& asked) : asked_(asked) {}
  [[nodiscard]] bool cancelled() const override { return asked_.cancelled(); }

 private:
  const ProgressSink& asked_;
};

PointFunction measure_with(Workbench& workbench, ProgressSink& progress) {
  return [&](const Tree& tree) {
    const Experiment point = read_experiment(tree);
    return chosen_arrays(to_labelled(run_experiment(point, workbench, progress), point),
                         point.sweep_keep);
  };
}

/// Where trainings are kept beside the results while the sweep works; "" where there are none.
std::string folder_beside(const std::string& output) {
  const std::string file = output.empty() ? "" : replaced_file(output);
  return file.empty() ? "" : file + ".trained";
}

std::string folder_of_trainings(const SweepStudy& study, const SweepCall& call) {
  if (!study.accuracy || call.trainings == "none") return "";
  return call.trainings.empty() ? folder_beside(call.output) : call.trainings;
}

/// Removes what `Workbench::keep_trainings` made, and the folder unless something else is in it.
void remove_trainings(const std::string& folder) {
  std::error_code ignored;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
    if (entry.path().filename().string().find(".h5") == text_hash("").size())
      files.push_back(entry.path());
  for (const std::filesystem::path& file : files) std::filesystem::remove(file, ignored);
  std::filesystem::remove(folder, ignored);
}

/// A folder beside the results goes again where the sweep ends before anything is kept in it.
class FolderIfUsed {
 public:
  explicit FolderIfUsed(std::filesystem::path folder) : folder_(std::move(folder)) {}
  ~FolderIfUsed() {
    std::error_code not_empty;
    if (!folder_.empty()) std::filesystem::remove(folder_, not_empty);
  }
  FolderIfUsed(const FolderIfUsed&) = delete;
  FolderIfUsed& operator=(const FolderIfUsed&) = delete;

 private:
  std::filesystem::path folder_;
};

}  // namespace

SweepStudy read_sweep(const Tree& given, Crew* crew) {
  SweepStudy study = unchecked_sweep(given);
  check_points(study, crew);
  return study;
}

SweepOutcome compute_sweep(const SweepStudy& study, const SweepCall& call, ProgressSink& progress) {
  Tree resolved = study.base.resolved;
  resolved.at_or_add("sweep") = *study.card.find("sweep");
  Silent silent(progress);
  ProgressSink& of_points_sink = call.crew != nullptr ? silent : progress;
  Workbench workbench(of_points_sink);
  const std::string trainings = folder_of_trainings(study, call);
  const FolderIfUsed beside(call.trainings.empty() ? trainings : "");
  if (!trainings.empty()) workbench.keep_trainings(trainings);
  SweepOutcome outcome =
      run_sweep({.card = study.card,
                 .grid = study.grid,
                 .point = measure_with(workbench, of_points_sink),
                 .part = call.part,
                 .at_once = study.accuracy ? 1 : omp_get_max_threads(),
                 .origin = {.kind = "sweep",
                            .card = resolved,
                            .seed = study.base.seed,
                            .command = call.command,
                            .threads = omp_get_max_threads()},
                 .output = call.output,
                 .writes_the_end = false,
                 .crew = call.crew,
                 .hand = study.accuracy ? std::size_t{1} : std::size_t{1024},
                 .order = of_points + fingerprint(study.card) + "\n" + trainings},
                progress);
  if (!trainings.empty() && call.trainings.empty()) remove_trainings(trainings);
  if (call.part.whole()) compare_with_first(outcome.table, study.grid);
  return outcome;
}

/// A helper's card, what it keeps between points, and its task.
struct SweepHelper::Work {
  explicit Work(const Tree& given, ProgressSink& progress)
      : study(unchecked_sweep(given)),
        print(fingerprint(study.card)),
        workbench(progress),
        task{.card = study.card, .grid = study.grid, .point = measure_with(workbench, progress)} {}

  SweepStudy study;
  std::string print;
  Workbench workbench;
  SweepTask task;
};

SweepHelper::SweepHelper(std::function<Tree()> card, ProgressSink& progress)
    : card_(std::move(card)), progress_(progress) {}
SweepHelper::~SweepHelper() = default;

WorkFunction SweepHelper::begin(std::string_view order) {
  if (!work_) work_ = std::make_unique<Work>(card_(), progress_);
  std::array<char, 256> machine{};
  gethostname(machine.data(), machine.size() - 1);
  const std::size_t line_end = std::min(order.find('\n'), order.size());
  require(order.substr(1, line_end - 1) == work_->print,
          "process {} on {} has another card, other contents of files that it names or another "
          "program than the process that leads the sweep (let all start the same in one folder)",
          getpid(), machine.data());
  if (line_end + 1 < order.size())
    work_->workbench.keep_trainings(std::string(order.substr(line_end + 1)));
  return order.front() == of_check ? check_of(work_->study) : point_answers(work_->task);
}

}  // namespace lightloom::experiments
