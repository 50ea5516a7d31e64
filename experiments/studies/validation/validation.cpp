#include "experiments/studies/validation/validation.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "core/cards/share_folder.hpp"
#include "core/error.hpp"
#include "experiments/studies/validation/taken_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;

/// The files that a metric needs and that are not there.
std::vector<std::string> missing_files(const ChipCard& chip, const ChipMetric& metric) {
  std::vector<std::string> missing;
  std::error_code ignored;
  for (const std::string& file : metric.files)
    if (!fs::exists(resolve_path(file, chip.path), ignored)) missing.push_back(file);
  return missing;
}

/// Takes the number from the record, or says in words why there is none.
void leave_out(const ChipMetric& metric, const std::string& why, Compared& result) {
  result.predicted = metric.recorded;
  result.recorded = metric.recorded.has_value();
  if (!result.recorded) result.skipped = why;
}

/// Where the results of a metric would be; "" where no folder or no file is named.
std::string results_path(const ChipMetric& metric, const ValidationOptions& options) {
  if (options.results.empty() || metric.results.empty()) return "";
  return (fs::path(options.results) / metric.results).string();
}

/// What to do for a number that is not computed now.
std::string advice(const ChipMetric& metric) {
  std::vector<std::string> ways;
  if (metric.quantity->of != nullptr) ways.emplace_back("--networks");
  if (!metric.results.empty()) ways.push_back("--results FOLDER");
  return fmt::format("needs files: `{}`, then {}", metric.command, fmt::join(ways, " or "));
}

Compared compare(const ChipCard& chip, const ChipMetric& metric, const ValidationOptions& options) {
  Compared result{.metric = metric, .fitted = chip.fitted(metric)};
  const std::vector<std::string> missing = missing_files(chip, metric);
  const std::string results = results_path(metric, options);
  std::error_code ignored;
  if (!results.empty() && fs::exists(results, ignored)) {
    TakenNumber taken = taken_number(results, chip, metric);
    result.predicted = taken.value;
    result.made_by = std::move(taken.command);
  } else if (!metric.files.empty() &&
             (options.networks == Networks::recorded || metric.quantity->of == nullptr)) {
    leave_out(metric, advice(metric), result);
  } else if (!missing.empty()) {
    leave_out(metric,
              fmt::format("no {} here: `{}` makes it", fmt::join(missing, ", "), metric.command),
              result);
  } else {
    result.predicted = metric.quantity->of(experiment_of(chip, metric), metric.options);
  }
  return result;
}

/// Numbers of the core's card that the chip's inputs leave at what a general card says.
int general_numbers(const ChipCard& chip) {
  Tree tree = section_of(chip.model);
  const Tree* core = find_at(tree, "core");
  if (core == nullptr) return 0;
  int count = 0;
  for (const CardNumber& number : hardware_numbers(tree)) {
    const Tree* given = number.path.starts_with("core.") ? find_at(tree, number.path) : nullptr;
    const auto sets = [&](const ChipInput& input) {
      return std::find(input.sets.begin(), input.sets.end(), number.path) != input.sets.end();
    };
    const bool set = std::any_of(chip.inputs.begin(), chip.inputs.end(), sets) ||
                     (!chip.fits.empty() && sets(chip.fits.front().input));
    if (given != nullptr && !set) ++count;
  }
  return count;
}

/// Every number of a chip. What is wrong with one is a problem, and the others go on; what is wrong
/// with all of them, their model, is said once.
ValidatedChip validated(ChipCard card, const ValidationOptions& options,
                        std::vector<std::string>& problems) {
  ValidatedChip chip;
  std::set<std::string> said;
  const auto compute = [&](const std::vector<ChipMetric>& metrics, std::vector<Compared>& results) {
    for (const ChipMetric& metric : metrics) {
      try {
        results.push_back(compare(card, metric, options));
      } catch (const Error& error) {
        if (said.insert(error.what()).second)
          problems.push_back(fmt::format("{}: '{}': {}", card.path, metric.name, error.what()));
      }
    }
  };
  compute(card.predictions, chip.predictions);
  compute(card.consequences, chip.consequences);
  if (problems.empty()) chip.other_numbers = general_numbers(card);
  chip.card = std::move(card);
  return chip;
}

/// A folder of results must hold some that a card names.
void require_results(const std::vector<ChipCard>& cards, const std::string& folder) {
  if (folder.empty()) return;
  std::error_code ignored;
  require(fs::is_directory(folder, ignored), "--results {}: there is no such folder", folder);
  std::set<std::string> named;
  for (const ChipCard& card : cards)
    for (const auto* metrics : {&card.predictions, &card.consequences})
      for (const ChipMetric& metric : *metrics)
        if (!metric.results.empty()) named.insert(metric.results);
  const auto there = [&](const std::string& name) {
    return fs::exists(fs::path(folder) / name, ignored);
  };
  require(
      std::any_of(named.begin(), named.end(), there),
      "--results {}: holds no file that the cards name ({})", folder,
      named.empty() ? std::string("they name none") : fmt::format("{}", fmt::join(named, ", ")));
}

void count(const Compared& one, Agreement& sum) {
  if (one.fitted) {
    ++sum.fitted;
  } else if (one.metric.consistency) {
    ++sum.consistent;
  } else if (const auto ratio = one.ratio()) {
    ++sum.compared;
    if (*ratio >= 0.9 && *ratio <= 1.1) ++sum.within_10_percent;
    if (*ratio >= 0.5 && *ratio <= 2) ++sum.within_factor_2;
  } else {
    ++sum.skipped;
  }
}

}  // namespace

std::optional<double> Compared::ratio() const {
  if (!predicted || !metric.published) return std::nullopt;
  return *predicted / metric.published->value;
}

Agreement Validation::agreement() const {
  Agreement sum;
  for (const ValidatedChip& chip : chips)
    for (const Compared& one : chip.predictions) count(one, sum);
  return sum;
}

Validation validate(const std::vector<std::string>& paths, const ValidationOptions& options,
                    ProgressSink& progress) {
  std::vector<ChipCard> cards;
  std::vector<std::string> problems;
  for (const std::string& path : paths) {
    try {
      cards.push_back(read_chip(path, options.settings));
    } catch (const Error& error) {
      problems.emplace_back(error.what());
    }
  }
  require(problems.empty(), "{}", fmt::join(problems, "\n"));
  require_results(cards, options.results);
  Validation result;
  Progress chips(progress, "chips", static_cast<std::int64_t>(cards.size()), "chips");
  for (ChipCard& card : cards) {
    result.chips.push_back(validated(std::move(card), options, problems));
    chips.advance(1, result.chips.back().card.name);
  }
  require(problems.empty(), "{}", fmt::join(problems, "\n"));
  return result;
}

std::vector<std::string> shipped_chips() {
  std::error_code ignored;
  fs::path folder = "data/chips";
  if (!fs::is_directory(folder, ignored)) folder = fs::path(share_folder()) / folder;
  std::vector<std::string> cards;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored))
    if (entry.path().extension() == ".yaml") cards.push_back(entry.path().string());
  require(!cards.empty(), "there are no cards of chips in {} (name some)", folder.string());
  std::sort(cards.begin(), cards.end());
  return cards;
}

}  // namespace lightloom::experiments
