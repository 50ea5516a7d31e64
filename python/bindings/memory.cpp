#include "memory.hpp"

#include <pybind11/stl.h>

#include <algorithm>
#include <lightloom/core/error.hpp>
#include <lightloom/memory/buffers/buffer_card.hpp>
#include <lightloom/memory/buffers/edram.hpp>
#include <lightloom/memory/traffic/dram_run.hpp>
#include <lightloom/memory/traffic/mapping_advisor.hpp>
#include <lightloom/memory/traffic/request_source.hpp>
#include <optional>

#include "base/arrays.hpp"
#include "base/errors.hpp"
#include "base/progress.hpp"
#include "base/trees.hpp"

namespace lightloom::python {
namespace {

using namespace memory;

bool knows_energy(const DramCard& card) {
  return card.currents.vdd_V > 0 || card.access_pJ_per_bit > 0;
}

py::object energy_of(const DramCard& card, const DramEnergyParts& energy) {
  if (!knows_energy(card)) return py::none();
  py::dict dict;
  dict["activate"] = energy.activate_pJ;
  dict["read"] = energy.read_pJ;
  dict["write"] = energy.write_pJ;
  dict["io"] = energy.io_pJ;
  dict["refresh"] = energy.refresh_pJ;
  dict["background"] = energy.background_pJ;
  dict["total"] = energy.total_pJ();
  return dict;
}

py::dict latency_of(const LatencySummary& latency) {
  py::dict dict;
  dict["mean"] = latency.mean;
  dict["p50"] = latency.p50;
  dict["p99"] = latency.p99;
  dict["max"] = latency.longest;
  dict["count"] = latency.count;
  return dict;
}

/// The keys of `lightloom memory --json`.
py::dict run_dict(const DramCard& card, const MemoryRun& run) {
  py::dict dict, shares;
  for (const auto& term : run.shares) shares[bound_name(term.bound)] = term.cycles_per_request;
  dict["requests"] = run.requests;
  dict["reads"] = run.reads;
  dict["writes"] = run.writes;
  dict["cycles"] = run.cycles;
  dict["time_s"] = run.time_ns * 1e-9;
  dict["bandwidth_GBps"] = run.bandwidth_GBps;
  dict["peak_GBps"] = run.peak_GBps;
  dict["latency_cycles"] = latency_of(run.latency_cycles);
  dict["row_hits"] = run.row_hits;
  dict["activates"] = run.activates;
  dict["precharges"] = run.precharges;
  dict["refreshes"] = run.refreshes;
  dict["forwarded"] = run.forwarded;
  dict["turnarounds"] = run.turnarounds;
  dict["wrapped_addresses"] = run.wrapped;
  dict["energy_pJ"] = energy_of(card, run.energy);
  dict["bound_by"] = bound_name(run.bound_by);
  dict["bound_shares"] = shares;
  dict["channel_requests"] = array_of(run.channel_requests);
  dict["bank_requests"] = array_of(run.bank_requests);
  return dict;
}

std::uint64_t seed_of(const std::string& pattern, const std::optional<std::uint64_t>& seed) {
  return seed ? *seed : reference_seed(pattern);
}

struct Ran {
  MemoryRun run;
  std::optional<PatternRun> pattern;  // that ran, if it was one
};

/// A stream of requests that ends in an exception once its caller is to stop.
class Watched final : public RequestSource {
 public:
  Watched(RequestSource& inner, const ProgressSink& sink) : inner_(inner), sink_(sink) {}
  bool next(Request& request) override {
    constexpr std::int64_t between = 4096;  // requests, some milliseconds
    require(count_++ % between != 0 || !sink_.cancelled(), "ended by an interrupt");
    return inner_.next(request);
  }

 private:
  RequestSource& inner_;
  const ProgressSink& sink_;
  std::int64_t count_ = 0;
};

Ran run_named(const DramCard& card, const std::string& pattern, std::int64_t requests,
              const std::optional<std::uint64_t>& seed) {
  require(requests >= 1 && requests <= 10'000'000'000,
          "requests is {} but must be 1 to 10000000000", requests);
  const PatternRun asked{pattern, requests, seed_of(pattern, seed)};
  return long_call(py::none(), [&](ProgressSink& sink) {
    const auto source = make_pattern(pattern, requests, asked.seed, card.organization.atom_bytes());
    Watched watched(*source, sink);
    return Ran{run_source(card, watched), asked};
  });
}

/// Requests of three arrays of equal length; empty cycles: all at 0.
std::vector<Request> requests_of(const py::buffer& cycles, const py::buffer& addresses,
                                 const py::buffer& writes) {
  const View<std::int64_t> at = view_of<std::int64_t>(cycles, "cycles", 1);
  const View<std::int64_t> where = view_of<std::int64_t>(addresses, "addresses", 1);
  const View<std::int64_t> write = view_of<std::int64_t>(writes, "writes", 1);
  const std::size_t count = where.values.size();
  require(count > 0, "addresses hold no requests");
  require(at.values.size() == count && write.values.size() == count,
          "cycles, addresses and writes are {}, {} and {} long (they must be equally long)",
          at.values.size(), count, write.values.size());
  std::vector<Request> requests(count);
  std::int64_t before = 0;
  for (std::size_t i = 0; i < count; ++i) {
    require(where.values[i] >= 0, "addresses[{}] is {} (an address is not negative)", i,
            where.values[i]);
    require(at.values[i] >= before && at.values[i] <= last_arrival,
            "cycles[{}] is {} (cycles never fall, and are 0 to {})", i, at.values[i], last_arrival);
    before = at.values[i];
    requests[i] = {.address = static_cast<std::uint64_t>(where.values[i]),
                   .write = write.values[i] != 0,
                   .arrival = at.values[i]};
  }
  return requests;
}

Ran run_list(const DramCard& card, std::vector<Request> requests) {
  return long_call(py::none(), [&](ProgressSink& sink) {
    const auto source = make_source(std::move(requests));
    Watched watched(*source, sink);
    return Ran{run_source(card, watched), std::nullopt};
  });
}

py::dict advice(const DramCard& card, const Ran& ran) {
  std::vector<MappingResult> mappings;
  std::vector<std::string> sentences = long_call(py::none(), [&](ProgressSink&) {
    if (ran.pattern) mappings = compare_mappings(card, *ran.pattern);
    return advise(card, ran.run, mappings);
  });
  py::list others;
  for (const MappingResult& each : mappings) {
    py::dict one;
    one["mapping"] = each.mapping;
    one["bandwidth_GBps"] = each.bandwidth_GBps;
    one["row_hit_share"] = each.row_hit_share;
    one["bound_by"] = bound_name(each.bound_by);
    others.append(one);
  }
  py::dict dict;
  dict["advice"] = sentences;
  dict["mappings"] = others;
  return dict;
}

py::dict buffer_dict(const Tree& tree) {
  const auto card = about_a_card([&] { return read_card<BufferCard>(tree); });
  const BufferFigures figures = about_a_card([&] { return buffer_figures(card); });
  py::dict dict;
  dict["read_pJ"] = figures.read_pJ;
  dict["write_pJ"] = figures.write_pJ;
  dict["leakage_mW"] = figures.leakage_mW;
  dict["refresh_mW"] = figures.refresh_mW;
  dict["area_mm2"] = figures.area_mm2;
  dict["access_ns"] = figures.access_ns;
  dict["cycle_ns"] = figures.cycle_ns;
  dict["bandwidth_GBps"] = buffer_bandwidth_GBps(card);
  return dict;
}

}  // namespace

void bind_memory(py::module_& module) {
  py::class_<Ran>(module, "Ran");
  py::class_<DramCard>(module, "Dram")
      .def(py::init([](const Tree& tree) { return about_a_card([&] { return read_dram(tree); }); }))
      .def_readonly("name", &DramCard::name)
      .def_readonly("clock_ns", &DramCard::clock_ns)
      .def_property_readonly("peak_GBps", &DramCard::peak_GBps)
      .def_property_readonly("atom_bytes",
                             [](const DramCard& card) { return card.organization.atom_bytes(); })
      .def_property_readonly("bytes",
                             [](const DramCard& card) { return card.organization.bytes(); })
      .def("run_pattern", run_named)
      .def("run_requests",
           [](const DramCard& card, const py::buffer& cycles, const py::buffer& addresses,
              const py::buffer& writes) {
             return run_list(card, requests_of(cycles, addresses, writes));
           })
      .def("found", [](const DramCard& card, const Ran& ran) { return run_dict(card, ran.run); })
      .def("advice", advice);
  module.def("pattern_names", [] { return pattern_names(); });
  module.def("buffer_figures", buffer_dict);
}

}  // namespace lightloom::python
