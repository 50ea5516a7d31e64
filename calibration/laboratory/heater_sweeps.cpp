#include "calibration/laboratory/heater_sweeps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "calibration/elements/fringe.hpp"
#include "calibration/laboratory/heater_laws.hpp"
#include "calibration/model/light_paths.hpp"

namespace lightloom::calibration {
namespace {

using std::numbers::pi;

/// Takes the sweeps that a fit starts from, once every MZI can be brought to the bar state.
class Sweeper {
 public:
  Sweeper(const ChipShape& shape, const Instrument& instrument, const SweepPlan& plan)
      : shape_(shape), bench_(shape, instrument, plan) {}

  SweepRun run() {
    find_laws(bench_);
    silent_ = bench_.silent();
    for (int k = 0; k < shape_.cells(); ++k) bench_.set_theta(k, pi);
    for (int pass = 0; pass < 2; ++pass) {
      run_.sweeps.clear();
      for (int k = 0; k < shape_.cells(); ++k) sweep_theta(k);
    }
    for (int k = 0; k < shape_.cells(); ++k) sweep_phi(k);
    run_.readings = bench_.readings();
    return std::move(run_);
  }

 private:
  struct Way {
    int input = 0, output = 0;
  };

  /// The ports, of the two a cell joins, between which it holds most light by being bar.
  Way way_through(int cell) {
    const photonic::Cell& own = shape_.topology.cells[static_cast<std::size_t>(cell)];
    double& square = bench_.square(2 * cell);
    const double bar = square;
    Way best{own.top, own.top};
    double most = -INFINITY;
    for (const int input : {own.top, own.bottom}) {
      const std::vector<double> open = bench_.read(input);
      bench_.set_theta(cell, 0);
      const std::vector<double> shut = bench_.read(input);
      square = bar;
      for (const int output : {own.top, own.bottom}) {
        const auto p = static_cast<std::size_t>(output);
        if (open[p] - shut[p] <= most) continue;
        most = open[p] - shut[p];
        best = {input, output};
      }
    }
    return best;
  }

  /// One sweep; its readings are means over equally spaced phases of light that enters `first` by
  /// one arm and of light that leaves `last` by one, whose mean heat the base voltages then give.
  /// Light that leaks out of the way and back, or into it from elsewhere, then adds up by powers.
  Sweep sweep(int heater, const Way& way, int first, int last) {
    const SweepPlan& plan = bench_.plan();
    Sweep result{.heater = heater, .input = way.input, .output = way.output};
    const std::vector<double> rest = bench_.squares();
    std::vector<double> mean(rest.size());
    result.readings.resize(static_cast<std::size_t>(plan.points));
    const std::optional<Arm> before = arm_before(shape_, first, silent_),
                             behind = arm_behind(shape_, last, silent_);
    for (int state = 0; state < plan.states; ++state) {
      // Phases x and 2x: light by either arm in, out, and past both differs by x to 3x.
      const double x = 2 * pi * state / plan.states;
      if (before && !before->is_port()) bench_.set_heat(before->heater, x);
      if (behind && !behind->is_port()) bench_.set_heat(behind->heater, 2 * x);
      for (std::size_t h = 0; h < rest.size(); ++h) mean[h] += bench_.squares()[h] / plan.states;
      for (int i = 0; i < plan.points; ++i) {
        bench_.square(heater) = square_at(i);
        result.readings[static_cast<std::size_t>(i)] +=
            bench_.read(way.input)[static_cast<std::size_t>(way.output)] / plan.states;
      }
      bench_.hold(rest);
    }
    for (int i = 0; i < plan.points; ++i) result.volts.push_back(std::sqrt(square_at(i)));
    bench_.hold(mean);
    result.base_V = bench_.volts();
    bench_.hold(rest);
    return result;
  }
  [[nodiscard]] double square_at(int point) const {
    return bench_.limit() * (point + 0.5) / bench_.plan().points;
  }

  void sweep_theta(int cell) {
    HeaterKnowledge& theta = bench_.theta(cell);
    const int top = shape_.topology.cells[static_cast<std::size_t>(cell)].top;
    Sweep result = sweep(2 * cell, theta.silent ? Way{top, top} : way_through(cell), cell, cell);
    if (!theta.silent) {
      const double design = bench_.plan().gamma;
      const FringeFit fit = fit_fringe(result.volts, result.readings,
                                       {.gamma_low = 0.8 * design, .gamma_high = 1.2 * design});
      theta.gamma = fit.gamma;
      theta.bias_rad = fit.phase_rad + pi;  // brightest at theta = pi
      theta.found = true;
      bench_.set_theta(cell, pi);
    }
    run_.sweeps.push_back(std::move(result));
  }

  void sweep_phi(int cell) {
    const std::optional<Loop> loop = loop_of_phi(shape_, cell);
    if (!loop) return;
    const int port = shape_.topology.cells[static_cast<std::size_t>(loop->last)].top;
    for (const double half : {pi / 2, -pi / 2}) {  // splitters turn the fringe either way
      for (const int k : {loop->first, loop->last}) bench_.set_theta(k, half);
      run_.sweeps.push_back(sweep(2 * cell + 1, {port, port}, loop->first, loop->last));
    }
    for (const int k : {loop->first, loop->last}) bench_.set_theta(k, pi);
  }

  const ChipShape& shape_;
  Bench bench_;
  std::vector<bool> silent_;  // (heaters)
  SweepRun run_;
};

}  // namespace

SweepRun sweep_heaters(const ChipShape& shape, const Instrument& instrument,
                       const SweepPlan& plan) {
  return Sweeper(shape, instrument, plan).run();
}

}  // namespace lightloom::calibration
