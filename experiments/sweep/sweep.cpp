#include "experiments/sweep/sweep.hpp"

#include <exception>
#include <vector>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "experiments/ranks/crew.hpp"
#include "experiments/sweep/point_answer.hpp"
#include "experiments/sweep/sweep_ledger.hpp"

namespace lightloom::experiments {
namespace {

/// A user's mistake that shows only at one point names it and the call that repeats it.
Labelled compute(const PointFunction& function, const Tree& card, const SweepGrid& grid,
                 std::size_t point) {
  try {
    return function(grid.card_at(card, point));
  } catch (const Error& error) {
    throw Error(fmt::format("{} (at the sweep's point {}: {})", error.what(), point + 1,
                            grid.settings(point)));
  }
}

/// Several points are computed side by side, one alone on all threads. What is to be done with
/// earlier ones meanwhile is the first piece of work: it may write a file.
std::vector<PointResult> compute(
    const SweepTask& task, std::span<const std::size_t> points,
    const std::function<void()>& meanwhile = [] {}) {
  std::vector<PointResult> results(points.size());
  const auto work = [&](std::ptrdiff_t k) {
    if (k == 0) return meanwhile();
    const auto i = static_cast<std::size_t>(k - 1);
    try {
      results[i].values = compute(task.point, task.card, task.grid, points[i]);
    } catch (...) {
      results[i].error = std::current_exception();
    }
  };
  if (points.size() == 1) {
    work(0);
    work(1);
  } else {
    parallel_for_dynamic(static_cast<std::ptrdiff_t>(points.size()) + 1, work);
  }
  return results;
}

/// A few points for every thread.
std::size_t most_at_once(const SweepTask& task) {
  return task.at_once == 1 ? 1 : 8 * static_cast<std::size_t>(task.at_once);
}

/// The next points that are not done; moves `next` behind them.
std::vector<std::size_t> next_points(const SweepTask& task, const SweepLedger& ledger,
                                     std::size_t& next) {
  std::vector<std::size_t> points;
  for (; next < task.grid.points() && points.size() < most_at_once(task); ++next)
    if (ledger.wants(next)) points.push_back(next);
  return points;
}

void compute_alone(const SweepTask& task, SweepLedger& ledger, const ProgressSink& sink) {
  std::vector<std::size_t> block;
  std::vector<PointResult> results;
  const auto take = [&] {
    for (std::size_t i = 0; i < block.size() && !ledger.first_wrong(); ++i) {
      if (results[i].error && sink.cancelled()) return;  // the points in hand are lost
      ledger.take(block[i], results[i]);
    }
  };
  for (std::size_t next = 0; !sink.cancelled() && !ledger.first_wrong();) {
    const std::vector<std::size_t> next_block = next_points(task, ledger, next);
    if (next_block.empty()) break;
    std::vector<PointResult> next_results = compute(task, next_block, take);
    block = next_block;
    results = std::move(next_results);
    if (block.size() > 1) continue;
    take();  // it may have taken hours
    block.clear();
  }
  take();
}

void compute_together(const SweepTask& task, SweepLedger& ledger, ProgressSink& sink) {
  std::size_t next = 0;
  SharedWork work{.order = task.order, .items = {}};
  for (; next < task.grid.points(); ++next)
    if (ledger.wants(next)) work.items.push_back(next);
  work.most_at_once = task.hand;
  work.work = point_answers(task);
  work.take = [&](std::size_t point, const std::string& answer) {
    ledger.take(point, from_answer(answer));
    return !ledger.first_wrong();
  };
  work.now_and_then = [&] {
    if (sink.cancelled()) ledger.save();
  };
  task.crew->share(work, sink);
}

}  // namespace

std::function<std::vector<std::string>(std::span<const std::size_t>)> point_answers(
    const SweepTask& task) {
  return [&task](std::span<const std::size_t> points) {
    std::vector<std::string> answers;
    for (const PointResult& result : compute(task, points)) answers.push_back(to_answer(result));
    return answers;
  };
}

SweepOutcome run_sweep(const SweepTask& task, ProgressSink& sink) {
  SweepLedger ledger(task, sink);
  try {
    if (task.crew == nullptr)
      compute_alone(task, ledger, sink);
    else
      compute_together(task, ledger, sink);
  } catch (...) {
    ledger.save();
    throw;
  }
  ledger.finish(task.writes_the_end);
  ledger.require_complete();
  return {.table = ledger.take_table(), .resumed = ledger.resumed(), .computed = ledger.computed()};
}

}  // namespace lightloom::experiments
