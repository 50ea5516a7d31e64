#include "calibration/startup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "calibration/first_guess.hpp"
#include "calibration/fringe.hpp"
#include "core/random.hpp"

namespace lightloom::calibration {
namespace {

constexpr double pi = std::numbers::pi;
constexpr double routed = 0.85;  // share of the light that counts as straight through
// Routes through more ports than this hide behind light on detours until their MZIs are near the
// bar state: then a guess from random settings comes first.
constexpr int blind_ports = 16;
constexpr int settings_per_port = 40;  // of that guess
constexpr int phi_states = 8;          // over which the sweeps after it are averaged

/// V^2 of the phase `target` with the heater law given, in the lowest period that is not negative.
double square_for(double target, double phi0, double gamma) {
  const double turn = 2 * pi;
  const double heat = target - phi0;
  return (heat - turn * std::floor(heat / turn)) / gamma;
}

/// What routing has learnt of one theta heater.
struct Law {
  double gamma = 0, phi0 = 0;
};

/// The state of the laboratory while it looks for routes.
class Router {
 public:
  Router(const ChipShape& shape, const Instrument& instrument, const SweepPlan& plan)
      : shape_(shape),
        instrument_(instrument),
        plan_(plan),
        laws_(static_cast<std::size_t>(shape.cells())),
        squares_(static_cast<std::size_t>(shape.heater_count())) {}

  SweepRun run() {
    const int chains = shape_.ports() - 1, upper = (chains + 1) / 2;
    if (shape_.ports() > blind_ports) {
      straighten();
      for (int pass = 0; pass < 2; ++pass) {  // the second with all others where the first put them
        run_.sweeps.clear();
        for (int c = 0; c < chains; ++c)
          for (const int k : chain(c)) sweep_theta(k, c < upper ? c : c + 1, phi_states);
      }
    } else {
      for (int c = 0; c < upper; ++c) route({.chain = c, .port = c, .down = true});
      for (int c = chains - 1; c >= upper; --c) route({.chain = c, .port = c + 1, .down = false});
    }
    for (int k = 0; k < shape_.cells(); ++k) set_theta(k, pi);
    for (int k = 0; k < shape_.cells(); ++k) sweep_phi(k);
    return std::move(run_);
  }

 private:
  /// Light of `port` goes straight through all MZIs of `chain` (those on ports chain, chain + 1)
  /// and of the chain on its other side, its guard, which is in the bar state already. All others,
  /// on the side where light of detours goes, are in random states.
  struct Way {
    int chain = 0, port = 0;
    bool down = true;  // the guard is the chain above

    [[nodiscard]] int guard() const { return down ? chain - 1 : chain + 1; }
    [[nodiscard]] bool beyond(int top) const { return down ? top > chain : top < chain; }
  };

  /// The port whose light goes straight through chain `c` in `straighten`.
  [[nodiscard]] int port_of(int c) const { return c < shape_.ports() / 2 ? c : c + 1; }

  /// Brings all MZIs to the bar state at once, from random settings: first of everything, then of
  /// phi with every theta near the bar state.
  void straighten() {
    std::vector<double> bias =
        guess_theta(shape_, random_readings(settings_per_port, {}), plan_.gamma);
    for (int pass = 0; pass < 6; ++pass) {
      const RandomReadings near = random_readings(settings_per_port / 4, bias);
      bias = sharpen_theta(shape_, near, plan_.gamma, bias);
    }
    for (int k = 0; k < shape_.cells(); ++k) {
      laws_[static_cast<std::size_t>(k)] = {plan_.gamma, bias[static_cast<std::size_t>(k)]};
      set_theta(k, pi);
    }
    for (int port = 0; port < shape_.ports(); ++port)
      if (share(port) < routed)
        run_.problems.push_back(
            fmt::format("port {}: only {:.0f} % of its light could be routed straight through",
                        port, 100 * share(port)));
  }

  /// All ports lit in turn at random V^2; theta within 1.2 rad of the bar state by `bias`, where it
  /// is given.
  RandomReadings random_readings(int per_port, const std::vector<double>& bias) {
    RandomReadings result{.settings = per_port * shape_.ports()};
    const std::size_t heaters = squares_.size();
    const Stream stream({.seed = plan_.seed, .purpose = Purpose::measurement, .layer = 4});
    for (int s = 0; s < result.settings; ++s) {
      ++shot_;
      for (std::size_t h = 0; h < heaters; ++h) {
        squares_[h] = limit() * stream.uniform(h, shot_);
        if (!bias.empty() && h % 2 == 0)
          squares_[h] =
              square_for(pi + 2.4 * stream.uniform(h, shot_) - 1.2, bias[h / 2], plan_.gamma);
      }
      const std::vector<double> set = volts();
      result.voltages.insert(result.voltages.end(), set.begin(), set.end());
      for (int port = 0; port < shape_.ports(); ++port) {
        const std::vector<double> powers = read(port);
        result.powers.insert(result.powers.end(), powers.begin(), powers.end());
      }
    }
    return result;
  }

  [[nodiscard]] double limit() const { return plan_.max_voltage_V * plan_.max_voltage_V; }
  [[nodiscard]] std::vector<double> volts() const {
    std::vector<double> result;
    for (const double square : squares_)
      result.push_back(std::sqrt(std::clamp(square, 0.0, limit())));
    return result;
  }
  [[nodiscard]] std::vector<int> chain(int top) const {
    std::vector<int> cells;
    for (int k = 0; k < shape_.cells(); ++k)
      if (shape_.topology.cells[static_cast<std::size_t>(k)].top == top) cells.push_back(k);
    return cells;
  }
  std::vector<double> read(int input) {
    ++run_.readings;
    return instrument_(volts(), input);
  }

  /// Turns the phases between the MZIs of a route by 0 or pi so that over all states the light that
  /// leaves the route at one MZI and returns at another meets the straight light with both signs
  /// equally often (signs of Walsh functions).
  void alternate_signs(const std::vector<int>& cells, int state) {
    const auto sign = [&](std::size_t c) {
      return std::popcount(static_cast<unsigned>(c) & static_cast<unsigned>(state)) % 2;
    };
    for (std::size_t c = 1; c < cells.size(); ++c) {
      double& square = squares_[static_cast<std::size_t>(2 * cells[c] + 1)];
      square = 0.5 * square + (sign(c) != sign(c - 1) ? pi / plan_.gamma : 0.0);
    }
  }

  /// One fringe of a heater over V^2 from `low` to `high`: sets it to its maximum and returns that.
  /// Readings are summed over random states of everything beyond, in which the light of detours
  /// adds up without a phase; else the MZIs would tilt to make use of it.
  double raise(int heater, const Way& way, double low, double high) {
    const auto points = static_cast<std::size_t>(plan_.search_points);
    std::vector<double> angles(points), readings(points);
    double& square = squares_[static_cast<std::size_t>(heater)];
    const std::vector<int> cells = chain(way.chain);
    const auto states = static_cast<int>(std::bit_ceil(cells.size()));
    for (int state = 0; state < states; ++state) {
      scatter(way);
      alternate_signs(cells, state);
      for (std::size_t i = 0; i < points; ++i) {
        square = low + (high - low) * (static_cast<double>(i) + 0.5) / static_cast<double>(points);
        angles[i] = plan_.gamma * square;
        readings[i] += read(way.port)[static_cast<std::size_t>(way.port)] / states;
      }
    }
    const Harmonic fringe = fit_harmonic(angles, readings);
    square = square_for(0, fringe.phase_rad(), plan_.gamma);
    return fringe.mean + fringe.amplitude();
  }
  double raise(int heater, const Way& way) { return raise(heater, way, 0, limit()); }
  /// The same around the present setting, where an error of the assumed gamma does not count.
  double refine(int heater, const Way& way) {
    const double here = squares_[static_cast<std::size_t>(heater)], reach = 2 / plan_.gamma;
    return raise(heater, way, std::max(0.0, here - reach), std::min(limit(), here + reach));
  }

  /// Share of the light of `port` that comes out of it again.
  double share(int port) {
    const std::vector<double> powers = read(port);
    double sum = 0;
    for (const double power : powers) sum += std::max(power, 0.0);
    return sum > 0 ? powers[static_cast<std::size_t>(port)] / sum : 0;
  }

  /// Mean share over random states of the MZIs beyond.
  double mean_share(const Way& way) {
    double sum = 0;
    for (int state = 0; state < 8; ++state) {
      scatter(way);
      sum += share(way.port) / 8;
    }
    return sum;
  }

  /// The least share over other random states of the MZIs beyond and of the phases in the way: a
  /// detour may carry all the light by chance, the straight way depends on neither.
  double steady_share(const Way& way) {
    double least = 1;
    for (int trial = 0; trial < 6 && least >= routed; ++trial) {
      scatter(way);
      least = std::min(least, share(way.port));
    }
    return least;
  }

  /// Random states for the theta heaters beyond, and for the phi heaters there and on the way.
  void scatter(const Way& way) {
    const Stream stream({.seed = plan_.seed,
                         .purpose = Purpose::measurement,
                         .layer = 2,
                         .tile = static_cast<std::uint32_t>(way.chain)});
    ++shot_;
    for (std::size_t h = 0; h < squares_.size(); ++h) {
      const int top = shape_.topology.cells[h / 2].top;
      const bool passed = top == way.chain || top == way.port;
      if (way.beyond(top) || (h % 2 == 1 && passed))
        squares_[h] = limit() * stream.uniform(h, shot_);
    }
  }

  void route(const Way& way) {
    const std::vector<int> cells = chain(way.chain);
    const Stream stream({.seed = plan_.seed,
                         .purpose = Purpose::measurement,
                         .layer = 3,
                         .tile = static_cast<std::uint32_t>(way.chain)});
    std::vector<double> best = squares_;
    double best_share = 0;
    for (int attempt = 0; attempt < plan_.attempts && best_share < routed; ++attempt) {
      for (const int k : cells) {
        const auto heater = static_cast<std::size_t>(2 * k);
        squares_[heater] = limit() * stream.uniform(heater, static_cast<std::uint64_t>(attempt));
      }
      double before = 0;
      for (int pass = 0; pass < 10; ++pass) {
        double now = 0;
        for (const int k : cells) now = pass == 0 ? raise(2 * k, way) : refine(2 * k, way);
        if (pass > 1 && now > 0.5 * before && std::abs(now - before) < 0.01 * now) break;
        before = now;
      }
      take_off_detours(cells, way);
      const double reached = steady_share(way);
      if (reached <= best_share) continue;
      best_share = reached;
      best = squares_;
    }
    squares_ = best;
    if (best_share < routed)
      run_.problems.push_back(
          fmt::format("port {}: only {:.0f} % of its light could be routed straight through",
                      way.port, 100 * best_share));
    for (const int k : cells) sweep_theta(k, way.port);
  }

  /// A pair of MZIs in the cross state passes the light on by a detour over the next port, on the
  /// last two ports without any loss. The MZI between them one port up tells: turned to cross it
  /// stops the light that goes straight, and misses the light on the detour.
  void take_off_detours(const std::vector<int>& cells, const Way& way) {
    const std::vector<int> guard = chain(way.guard());
    if (guard.empty()) return;
    for (std::size_t i = 1; i < cells.size(); ++i) {
      int between = -1;
      for (const int k : guard)
        if (k > cells[i - 1] && k < cells[i]) between = k;
      if (between < 0) continue;
      const double open = mean_share(way);
      set_theta(between, 0);
      const bool detour = mean_share(way) > 0.4 * open;
      set_theta(between, pi);
      if (!detour) continue;
      for (const int k : {cells[i - 1], cells[i]}) {
        double& square = squares_[static_cast<std::size_t>(2 * k)];
        const double half = pi / plan_.gamma;
        square += square >= half ? -half : half;
      }
    }
    for (int pass = 0; pass < 2; ++pass)
      for (const int k : cells) refine(2 * k, way);
  }

  /// One sweep; its readings are means over `states` states of all phi, whose mean heat the base
  /// voltages then give.
  Sweep sweep(int heater, int port, int states = 1) {
    Sweep result{.heater = heater, .input = port, .output = port};
    const std::vector<double> rest = squares_;
    std::vector<double> mean(squares_.size());
    result.readings.resize(static_cast<std::size_t>(plan_.points));
    const Stream stream({.seed = plan_.seed, .purpose = Purpose::measurement, .layer = 5});
    double& square = squares_[static_cast<std::size_t>(heater)];
    for (int state = 0; state < states; ++state) {
      if (states > 1) ++shot_;
      for (std::size_t h = 1; states > 1 && h < squares_.size(); h += 2)
        squares_[h] = limit() * stream.uniform(h, shot_);
      for (std::size_t h = 0; h < squares_.size(); ++h) mean[h] += squares_[h] / states;
      for (int i = 0; i < plan_.points; ++i) {
        square = limit() * (i + 0.5) / plan_.points;
        result.readings[static_cast<std::size_t>(i)] +=
            read(port)[static_cast<std::size_t>(port)] / states;
      }
      square = rest[static_cast<std::size_t>(heater)];
    }
    for (int i = 0; i < plan_.points; ++i)
      result.volts.push_back(std::sqrt(limit() * (i + 0.5) / plan_.points));
    squares_ = mean;
    result.base_V = volts();
    squares_ = rest;
    return result;
  }

  void sweep_theta(int cell, int port, int states = 1) {
    const Sweep result = sweep(2 * cell, port, states);
    const FringeFit fit =
        fit_fringe(result.volts, result.readings,
                   {.gamma_low = 0.8 * plan_.gamma, .gamma_high = 1.2 * plan_.gamma});
    // The bar port is brightest at theta = pi.
    laws_[static_cast<std::size_t>(cell)] = {fit.gamma, fit.phase_rad + pi};
    set_theta(cell, pi);
    run_.sweeps.push_back(result);
  }

  void set_theta(int cell, double target) {
    const Law& law = laws_[static_cast<std::size_t>(cell)];
    squares_[static_cast<std::size_t>(2 * cell)] = square_for(target, law.phi0, law.gamma);
  }

  void sweep_phi(int cell) {
    const int port = shape_.topology.cells[static_cast<std::size_t>(cell)].top;
    int before = -1;
    for (const int k : chain(port))
      if (k < cell) before = k;
    if (before < 0) return;
    set_theta(before, pi / 2);
    set_theta(cell, pi / 2);
    run_.sweeps.push_back(sweep(2 * cell + 1, port));
    set_theta(before, pi);
    set_theta(cell, pi);
  }

  const ChipShape& shape_;
  const Instrument& instrument_;
  const SweepPlan& plan_;
  std::vector<Law> laws_;
  std::vector<double> squares_;  // V^2 of every heater
  std::uint64_t shot_ = 0;       // of the random states
  SweepRun run_;
};

/// The model's fringe of a sweep at gamma: its phase when the swept heater's phi_0 is 0.
double model_phase(const ChipShape& shape, std::vector<double>& parameters, const Sweep& sweep,
                   double gamma) {
  const auto heater = sweep.heater;
  parameters[static_cast<std::size_t>(shape.parameters.at(Kind::bias, heater))] = 0;
  parameters[static_cast<std::size_t>(shape.parameters.at(Kind::efficiency, heater))] = gamma;
  Inputs input{1, shape.ports(),
               std::vector<photonic::Complex>(static_cast<std::size_t>(shape.ports()))};
  input.fields[static_cast<std::size_t>(sweep.input)] = 1;
  std::vector<double> voltages = sweep.base_V, powers(static_cast<std::size_t>(shape.ports()));
  std::vector<double> angles, readings;
  for (const double v : sweep.volts) {
    voltages[static_cast<std::size_t>(heater)] = v;
    predict(shape, parameters, voltages, input, powers);
    angles.push_back(gamma * v * v);
    readings.push_back(powers[static_cast<std::size_t>(sweep.output)]);
  }
  return fit_harmonic(angles, readings).phase_rad();
}

/// Heat that the base voltages of a sweep leave in the swept heater's cell by crosstalk.
double crosstalk_phase(const ChipShape& shape, std::vector<double> parameters, const Sweep& sweep) {
  const auto heater = static_cast<std::size_t>(sweep.heater);
  std::vector<double> voltages = sweep.base_V, phases(voltages.size());
  voltages[heater] = 0;
  parameters[static_cast<std::size_t>(shape.parameters.at(Kind::bias, sweep.heater))] = 0;
  heater_phases(shape, parameters, voltages, phases);
  return phases[heater];
}

}  // namespace

Instrument instrument_of(VirtualChip& chip) {
  return [&chip](std::span<const double> voltages, int input) {
    const auto ports = static_cast<std::size_t>(chip.shape().ports());
    Inputs one{1, chip.shape().ports(), std::vector<photonic::Complex>(ports)};
    one.fields[static_cast<std::size_t>(input)] = 1;
    return chip.read(voltages, one);
  };
}

SweepRun sweep_heaters(const ChipShape& shape, const Instrument& instrument,
                       const SweepPlan& plan) {
  return Router(shape, instrument, plan).run();
}

SweepStart start_from_sweeps(const ChipShape& shape, std::vector<double> parameters,
                             const std::vector<Sweep>& sweeps) {
  SweepStart start;
  // theta first, then phi in the order of light: the model of a phi fringe needs both before it.
  std::vector<const Sweep*> order;
  for (const Sweep& sweep : sweeps) order.push_back(&sweep);
  std::stable_sort(order.begin(), order.end(), [](const Sweep* a, const Sweep* b) {
    return std::pair(a->heater % 2, a->heater) < std::pair(b->heater % 2, b->heater);
  });
  for (const Sweep* sweep : order) {
    double& gamma =
        parameters[static_cast<std::size_t>(shape.parameters.at(Kind::efficiency, sweep->heater))];
    double& bias =
        parameters[static_cast<std::size_t>(shape.parameters.at(Kind::bias, sweep->heater))];
    const double design = gamma;
    const FringeFit fit = fit_fringe(sweep->volts, sweep->readings,
                                     {.gamma_low = 0.8 * design, .gamma_high = 1.2 * design});
    const auto reading = std::minmax_element(sweep->readings.begin(), sweep->readings.end());
    if (fit.noise_to_amplitude > 0.3 || *reading.second - *reading.first < 0.02 * fit.mean) {
      start.silent.push_back(sweep->heater);
      start.problems.push_back(fmt::format("{} shows no fringe over its sweep (dead or unlit)",
                                           heater_name(shape.topology, sweep->heater)));
      continue;
    }
    if (sweep->heater % 2 == 0) {
      bias = fit.phase_rad + pi - crosstalk_phase(shape, parameters, *sweep);
      gamma = fit.gamma;
    } else {
      const double expected = model_phase(shape, parameters, *sweep, fit.gamma);
      bias = fit.phase_rad - expected;
      gamma = fit.gamma;
    }
  }
  start.parameters = std::move(parameters);
  return start;
}

}  // namespace lightloom::calibration
