#include <algorithm>
#include <memory>
#include <string_view>

#include "core/error.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"
#include "memory/traffic/dram_run.hpp"
#include "memory/traffic/mapping_advisor.hpp"
#include "memory/traffic/steady_rate.hpp"
#include "memory/traffic/trace_file.hpp"

namespace lightloom::experiments {
namespace {

/// Where the energies of a card come from.
const char* energy_source(const memory::DramCard& card) {
  if (card.currents.vdd_V > 0) return "currents";
  return card.access_pJ_per_bit > 0 ? "access_pJ_per_bit" : "none";
}

/// Without a source of energies they are not known, which is not 0.
Json energy_json(const memory::DramCard& card, const memory::DramEnergyParts& energy) {
  if (std::string_view(energy_source(card)) == "none") return nullptr;
  return {{"activate", energy.activate_pJ}, {"read", energy.read_pJ},
          {"write", energy.write_pJ},       {"io", energy.io_pJ},
          {"refresh", energy.refresh_pJ},   {"background", energy.background_pJ},
          {"total", energy.total_pJ()}};
}

Json run_json(const memory::DramCard& card, const memory::MemoryRun& run) {
  Json shares = Json::object();
  for (const auto& term : run.shares)
    shares[memory::bound_name(term.bound)] = term.cycles_per_request;
  return {{"requests", run.requests},
          {"reads", run.reads},
          {"writes", run.writes},
          {"cycles", run.cycles},
          {"time_s", run.time_ns * 1e-9},
          {"bandwidth_GBps", run.bandwidth_GBps},
          {"peak_GBps", run.peak_GBps},
          {"latency_cycles",
           {{"mean", run.latency_cycles.mean},
            {"p50", run.latency_cycles.p50},
            {"p99", run.latency_cycles.p99},
            {"max", run.latency_cycles.longest},
            {"count", run.latency_cycles.count}}},
          {"row_hits", run.row_hits},
          {"activates", run.activates},
          {"precharges", run.precharges},
          {"refreshes", run.refreshes},
          {"forwarded", run.forwarded},
          {"turnarounds", run.turnarounds},
          {"wrapped_addresses", run.wrapped},
          {"energy_pJ", energy_json(card, run.energy)},
          {"energy_source", energy_source(card)},
          {"bound_by", memory::bound_name(run.bound_by)},
          {"bound_shares", std::move(shares)},
          {"channel_requests", run.channel_requests},
          {"bank_requests", run.bank_requests}};
}

std::string run_text(const memory::DramCard& card, const memory::MemoryRun& run) {
  TextTable table({fmt::format("{} requests", run.requests), ""});
  table.row({"cycles", fmt::format("{}", run.cycles)});
  table.row({"time", with_prefix(run.time_ns * 1e-9, "s")});
  table.row({"bandwidth", fmt::format("{:.3f} of {:.3f} GB/s", run.bandwidth_GBps, run.peak_GBps)});
  table.row(
      {"read latency", fmt::format("{:.1f} cycles, median {}, 99 % {}", run.latency_cycles.mean,
                                   run.latency_cycles.p50, run.latency_cycles.p99)});
  table.row({"row hits", fmt::format("{}", run.row_hits)});
  table.row({"activates", fmt::format("{}", run.activates)});
  table.row({"refreshes", fmt::format("{}", run.refreshes)});
  table.row({"bound by", memory::bound_name(run.bound_by)});
  if (run.wrapped > 0) table.row({"beyond the capacity", fmt::format("{}", run.wrapped)});
  table.rule();
  if (std::string_view(energy_source(card)) == "none") {
    table.row({"energy", "not known"});
    return table.text() +
           "\nThe card has neither currents nor access_pJ_per_bit, so no energy is given.\n";
  }
  const memory::DramEnergyParts& energy = run.energy;
  const std::pair<const char*, double> parts[] = {
      {"activate", energy.activate_pJ}, {"read", energy.read_pJ},
      {"write", energy.write_pJ},       {"interface", energy.io_pJ},
      {"refresh", energy.refresh_pJ},   {"background", energy.background_pJ}};
  for (const auto& [name, value] : parts)
    table.row({fmt::format("energy, {}", name), with_prefix(value * 1e-12, "J")});
  table.row({"energy", with_prefix(energy.total_pJ() * 1e-12, "J")});
  return table.text();
}

std::uint64_t seed_of(const CommandLine& line) {
  return line.seed.value_or(memory::reference_seed(line.value("pattern")));
}

/// Most requests that are simulated one by one (about an hour).
constexpr std::int64_t most_requests = 10'000'000'000;

/// Of a trace; throws `Error` for options that its format does not take.
memory::TraceOptions trace_options(const CommandLine& line) {
  memory::TraceOptions options;
  options.format = memory::trace_format_named(line.value("trace-format", "auto"));
  if (line.has("trace-addresses")) {
    const std::string bare = line.value("trace-addresses");
    require(bare == "decimal" || bare == "hex",
            "--trace-addresses '{}' is unknown (decimal or hex: what addresses without 0x are)",
            bare);
    options.bare = bare == "hex" ? memory::BareAddress::hexadecimal : memory::BareAddress::decimal;
  }
  options.word_bytes =
      static_cast<int>(std::min<std::int64_t>(line.number("trace-word-bytes", 1, 1), 1 << 20));
  options.all_writes = line.has("trace-writes");
  return options;
}

/// Opens the trace and refuses options that mean nothing to it.
std::unique_ptr<memory::TraceSource> open_trace(const CommandLine& line,
                                                const memory::DramCard& card) {
  const memory::TraceOptions options = trace_options(line);
  auto source = memory::open_trace(line.value("trace"), card, options);
  const bool words = line.has("trace-word-bytes") || line.has("trace-writes");
  require(!words || source->format() == memory::TraceFormat::scalesim,
          "--trace-word-bytes and --trace-writes belong to scalesim traces (this one is {})",
          memory::trace_format_name(source->format()));
  return source;
}

Shown run_fast(const CommandLine& line, const memory::DramCard& card) {
  const memory::FastRun run = memory::run_pattern_fast(
      card, line.value("pattern"), line.number("requests", 100000, 1), seed_of(line));
  const double time_s = static_cast<double>(run.cycles) * card.clock_ns * 1e-9;
  TextTable table({fmt::format("{} requests", run.requests), ""});
  table.row({"cycles", fmt::format("{}", run.cycles)});
  table.row({"time", with_prefix(time_s, "s")});
  table.row(
      {"bandwidth", fmt::format("{:.3f} of {:.3f} GB/s", run.bandwidth_GBps, card.peak_GBps())});
  table.row({"row hits", fmt::format("{}", run.row_hits)});
  table.row({"activates", fmt::format("{}", run.activates)});
  table.row({"refreshes", fmt::format("{}", run.refreshes)});
  table.row({"carried on from two windows", run.extrapolated ? "yes" : "no, simulated in full"});
  return {.json = {{"requests", run.requests},
                   {"cycles", run.cycles},
                   {"time_s", time_s},
                   {"bandwidth_GBps", run.bandwidth_GBps},
                   {"peak_GBps", card.peak_GBps()},
                   {"row_hits", run.row_hits},
                   {"activates", run.activates},
                   {"refreshes", run.refreshes},
                   {"extrapolated", run.extrapolated}},
          .text = table.text()};
}

/// Sentences on what binds; for a pattern also how other address mappings would do.
void add_advice(const CommandLine& line, const memory::DramCard& card, const memory::MemoryRun& run,
                Shown& result) {
  std::vector<memory::MappingResult> mappings;
  if (line.has("pattern"))
    mappings = memory::compare_mappings(card, {line.value("pattern"), run.requests, seed_of(line)});
  result.json["advice"] = memory::advise(card, run, mappings);
  result.json["mappings"] = Json::array();
  for (const memory::MappingResult& each : mappings)
    result.json["mappings"].push_back({{"mapping", each.mapping},
                                       {"bandwidth_GBps", each.bandwidth_GBps},
                                       {"row_hit_share", each.row_hit_share},
                                       {"bound_by", memory::bound_name(each.bound_by)}});
  result.text += "\n";
  for (const Json& sentence : result.json["advice"])
    result.text += sentence.get<std::string>() + "\n";
}

Shown do_memory(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string path = only_operand(line, "the card of a memory");
  require(line.has("pattern") != line.has("trace"),
          "lightloom memory needs --pattern NAME or --trace FILE (one of them; patterns: {})",
          fmt::join(memory::pattern_names(), ", "));
  require(!line.has("trace") || !line.has("requests"),
          "--requests belongs to --pattern (a trace has its own number)");
  for (const char* option : {"trace-format", "trace-addresses", "trace-word-bytes", "trace-writes"})
    require(line.has("trace") || !line.has(option), "--{} belongs to --trace", option);
  Tree resolved;
  const memory::DramCard card = memory::read_dram(load_card(path, line.settings), &resolved);
  if (line.has("fast")) {
    require(line.has("pattern") && !line.has("advise"),
            "--fast belongs to --pattern, without --advise (a trace has no rate to carry on)");
    Shown result = run_fast(line, card);
    result.json["card"] = to_yaml(resolved);
    return result;
  }
  const std::int64_t requests = line.number("requests", 100000, 1);
  require(requests <= most_requests,
          "--requests {} would take hours at command level (at most {}; --fast has no limit)",
          requests, most_requests);
  const auto trace = line.has("trace") ? open_trace(line, card) : nullptr;
  const memory::MemoryRun run =
      trace != nullptr ? memory::run_source(card, *trace)
                       : memory::run_pattern(card, line.value("pattern"), requests, seed_of(line));
  Shown result{.json = run_json(card, run), .text = run_text(card, run)};
  if (trace != nullptr) result.json["trace_format"] = memory::trace_format_name(trace->format());
  if (line.has("advise")) add_advice(line, card, run, result);
  result.json["card"] = to_yaml(resolved);
  return result;
}

}  // namespace

extern const Command memory_command{
    .name = "memory",
    .operand = "dram.yaml",
    .summary = "a request pattern or trace through a DRAM",
    .options = {{"pattern", "NAME", "seq_rd, rand_rd, tile4k_rd, seq_2r1w, stride_rd, ..."},
                {"requests", "N", "of the pattern (100000)"},
                {"trace", "FILE", "requests, one a line; - is the standard input"},
                {"trace-format", "NAME", "lightloom, dramsim3, ramulator1, ... (recognised)"},
                {"trace-addresses", "BASE", "decimal or hex: addresses without 0x"},
                {"trace-word-bytes", "N", "scalesim: bytes of a word (1)"},
                {"trace-writes", "", "scalesim: all are writes, not reads"},
                {"advise", "", "what binds, and other address mappings"},
                {"fast", "", "pattern: simulate two windows and carry on their rate"}},
    .run = do_memory};

}  // namespace lightloom::experiments
