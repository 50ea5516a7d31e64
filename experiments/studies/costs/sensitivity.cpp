#include "experiments/studies/costs/sensitivity.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <set>

#include "core/cards/words.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"

namespace lightloom::experiments {
namespace {

using NumberKind = CardNumber::Kind;

constexpr double no_gain = std::numeric_limits<double>::quiet_NaN();
constexpr double no_swing = 1 + 1e-9;
constexpr int most_steps_back = 6;  // to within a 64th of the way that the card accepts

/// Gains against the labels of another study.
Gains gains_under(const std::vector<std::string>& labels, const CostStudy& study) {
  const Gains found = gains_of(study);
  Gains gains;
  for (const Verdict verdict : all_of_enum<Verdict>()) {
    gains[verdict].assign(labels.size(), no_gain);
    gains[verdict][0] = 1;
    for (std::size_t i = 1; i < labels.size(); ++i) {
      const auto at = std::find(study.labels.begin() + 1, study.labels.end(), labels[i]);
      if (at != study.labels.end())
        gains[verdict][i] = found[verdict][static_cast<std::size_t>(at - study.labels.begin())];
    }
  }
  return gains;
}

/// The card of a study, its base results, and what all its points share.
struct Base {
  Tree card;
  LayersOf layers_of;
  SourceLayers layers;
  std::vector<std::string> labels;
  Gains today;
  std::set<std::string> hardware;  // keys that leave the layers as they are
};

std::string text_of(const CardNumber& number, double value) {
  return number.kind == NumberKind::whole ? fmt::format("{:.0f}", value) : number_text(value);
}

Gains gains_at(const Base& base, const CardNumber& number, double value) {
  Tree card = base.card;
  set_at(card, number.path, Tree::of(text_of(number, value)), "./command-line");
  const Experiment moved = read_experiment(card);
  const CostStudy study = base.hardware.count(number.path) > 0
                              ? study_cost(moved.network, moved.hardware, base.layers)
                              : study_cost(moved.network, moved.hardware, base.layers_of(moved));
  return gains_under(base.labels, study);
}

double between(const CardNumber& number, double accepted, double refused) {
  const double middle = accepted * refused > 0
                            ? std::copysign(std::sqrt(accepted * refused), accepted)
                            : (accepted + refused) / 2;
  return number.kind == NumberKind::whole ? std::round(middle) : middle;
}

/// Works out the gains at `moved.value`, or as near to it as the card accepts.
void work_out(const Base& base, const CardNumber& number, MovedNumber& moved) {
  moved.gains = base.today;
  if (moved.value == number.value) return;
  double accepted = number.value, wanted = moved.value, refused = moved.value;
  for (int step = 0; step <= most_steps_back && wanted != accepted; ++step) {
    try {
      moved.gains = gains_at(base, number, wanted);
      accepted = wanted;
      if (step == 0) break;
    } catch (const Error& error) {
      refused = wanted;
      moved.limit = error.what();
    }
    wanted = between(number, accepted, refused);
    if (wanted == refused) break;
  }
  moved.value = accepted;
}

std::string why_not_moved(const CardNumber& number) {
  if (number.kind == NumberKind::list) return "a list";
  if (number.path.find('[') != std::string::npos) return "in a list";
  if (number.value == 0) return "0, which no factor moves";
  if (!std::isfinite(number.value)) return "not finite";
  return "";
}

bool is_listed(const SensitivityQuestion& question, const std::string& path) {
  return std::any_of(question.keys.begin(), question.keys.end(),
                     [&](const std::string& key) { return matches(key, path); });
}

void require_known(const SensitivityQuestion& question, const std::vector<CardNumber>& numbers) {
  std::vector<std::string> paths;
  for (const CardNumber& number : numbers) paths.push_back(number.path);
  for (const std::string& key : question.keys) {
    if (std::any_of(paths.begin(), paths.end(),
                    [&](const std::string& path) { return matches(key, path); }))
      continue;
    const std::string near = nearest_word(key, paths);
    throw Error(fmt::format("--sensitivity: '{}' names no number of the card ({})", key,
                            near.empty() ? "lightloom inspect CARD lists its keys"
                                         : fmt::format("did you mean '{}'?", near)));
  }
}

/// The numbers that the question asks for; counts those that it leaves out as published.
std::vector<CardNumber> asked_numbers(const Tree& card, const SensitivityQuestion& question,
                                      std::size_t& published) {
  using Which = SensitivityQuestion::Which;
  std::vector<CardNumber> numbers =
      question.which == Which::listed ? experiment_numbers(card) : hardware_numbers(card);
  if (question.which == Which::listed) require_known(question, numbers);
  const std::size_t known = numbers.size();
  std::erase_if(numbers, [&](const CardNumber& number) {
    if (question.which == Which::listed) return !is_listed(question, number.path);
    return question.which == Which::assumptions && number.provenance() == Provenance::published;
  });
  published = question.which == Which::assumptions ? known - numbers.size() : 0;
  return numbers;
}

Base base_of(const Tree& card, const LayersOf& layers_of) {
  const Experiment experiment = read_experiment(card);
  require(!experiment.network.baselines.empty(),
          "--sensitivity needs a baseline in the card to be better or worse than");
  Base base{.card = with_cards_of_experiment(card),
            .layers_of = layers_of,
            .layers = layers_of(experiment),
            .labels = source_labels(experiment.network)};
  base.today = gains_of(study_cost(experiment.network, experiment.hardware, base.layers));
  for (const CardNumber& number : hardware_numbers(base.card)) base.hardware.insert(number.path);
  return base;
}

/// Below, at or above 1.
int side_of(double gain) { return std::abs(gain - 1) < 1e-12 ? 0 : gain > 1 ? 1 : -1; }

bool is_flip(double today, double moved) {
  if (std::isnan(today) || std::isnan(moved) || side_of(today) == side_of(moved)) return false;
  return std::max(std::abs(today - 1), std::abs(moved - 1)) > Sensitivity::tolerance;
}

}  // namespace

const char* verdict_name(Verdict verdict) {
  constexpr std::array names{"speedup", "energy_gain", "steady_speedup", "steady_energy_gain"};
  return names[static_cast<std::size_t>(verdict)];
}

Gains gains_of(const CostStudy& study) {
  Gains gains;
  for (std::size_t i = 0; i < study.labels.size(); ++i) {
    gains[Verdict::speedup].push_back(study.speedup(i));
    gains[Verdict::energy_gain].push_back(study.energy_gain(i));
    gains[Verdict::steady_speedup].push_back(study.steady_speedup(i));
    gains[Verdict::steady_energy_gain].push_back(study.steady_energy_gain(i));
  }
  return gains;
}

SensitivityQuestion sensitivity_question(const std::string& text) {
  if (text.empty()) return {};
  if (text == "all") return {.which = SensitivityQuestion::Which::all, .keys = {}};
  SensitivityQuestion question{.which = SensitivityQuestion::Which::listed, .keys = {}};
  for (std::size_t first = 0; first <= text.size();) {
    const std::size_t end = std::min(text.find(',', first), text.size());
    question.keys.push_back(text.substr(first, end - first));
    require(!question.keys.back().empty(),
            "--sensitivity {}: a key is empty (write all, or keys with single commas between)",
            text);
    first = end + 1;
  }
  return question;
}

std::array<MovedNumber, 2> targets_of(const CardNumber& number) {
  const double value = number.value;
  std::array<double, 2> targets{value / 2, value * 2};
  if (number.path.ends_with("bits")) {
    targets = {std::max(value - 1, std::min(value, 1.0)), value + 1};
  } else if (number.path.find("dBc") != std::string::npos) {
    const double two_dB = 10 * std::log10(2.0);
    targets = {value - two_dB, value + two_dB};
  }
  std::array<MovedNumber, 2> moved;
  for (std::size_t side = 0; side < 2; ++side) {
    double target = targets[side];
    if (number.kind == NumberKind::whole) target = std::round(target);
    const double held = std::clamp(target, number.range.low, number.range.high);
    if (held != target)
      moved[side].limit =
          fmt::format("must be {} {}", held > target ? "at least" : "at most", number_text(held));
    moved[side].value = held;
    if (held == value && moved[side].limit.empty())
      moved[side].limit = "no smaller whole number above 0";
  }
  return moved;
}

Swing swing_of(const Sensitivity& sensitivity, const SensitiveNumber& number) {
  Swing largest;
  for (const Verdict verdict : all_of_enum<Verdict>())
    for (std::size_t i = 1; i < sensitivity.labels.size(); ++i) {
      double low = sensitivity.today[verdict][i], high = low;
      for (const MovedNumber& moved : number.to) {
        low = std::fmin(low, moved.gains[verdict][i]);
        high = std::fmax(high, moved.gains[verdict][i]);
      }
      if (low > 0 && high / low > largest.ratio) largest = {verdict, i, high / low};
    }
  return largest;
}

std::vector<Flip> flips_of(const Sensitivity& sensitivity, const SensitiveNumber& number) {
  std::vector<Flip> flips;
  for (const Verdict verdict : all_of_enum<Verdict>())
    for (std::size_t side = 0; side < 2; ++side)
      for (std::size_t i = 1; i < sensitivity.labels.size(); ++i)
        if (is_flip(sensitivity.today[verdict][i], number.to[side].gains[verdict][i]))
          flips.push_back({verdict, i, side});
  return flips;
}

Sensitivity study_sensitivity(const Tree& card, const SensitivityQuestion& question,
                              const LayersOf& layers, ProgressSink& sink) {
  const Base base = base_of(card, layers);
  Sensitivity result{.labels = base.labels, .today = base.today};
  std::vector<SensitiveNumber> moved;
  for (CardNumber& number : asked_numbers(base.card, question, result.published))
    if (const std::string why = why_not_moved(number); !why.empty())
      result.not_moved.emplace_back(number.path, why);
    else
      moved.push_back({.number = number, .to = targets_of(number)});
  Progress progress(sink, "sensitivity", static_cast<std::int64_t>(moved.size()), "numbers");
  std::mutex counting;
  parallel_for_dynamic(static_cast<std::ptrdiff_t>(moved.size()), [&](std::ptrdiff_t k) {
    SensitiveNumber& one = moved[static_cast<std::size_t>(k)];
    for (MovedNumber& to : one.to) work_out(base, one.number, to);
    const std::lock_guard lock(counting);
    if (sink.cancelled()) throw Failure("interrupted while numbers were moved");
    progress.advance(1);
  });
  for (SensitiveNumber& one : moved)
    if (swing_of(result, one).ratio > no_swing)
      result.numbers.push_back(std::move(one));
    else
      result.without_effect.push_back(one.number.path);
  std::stable_sort(result.numbers.begin(), result.numbers.end(),
                   [&](const SensitiveNumber& a, const SensitiveNumber& b) {
                     return swing_of(result, a).ratio > swing_of(result, b).ratio;
                   });
  return result;
}

}  // namespace lightloom::experiments
