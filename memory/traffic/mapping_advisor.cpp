#include "memory/traffic/mapping_advisor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace lightloom::memory {
namespace {

/// Field orders worth trying, most significant first. Fields a card lacks have width 0 and vanish.
constexpr const char* candidates[] = {
    "rorabacobgpcch",               // bursts rotate channels, then bank groups
    "rorabachpccobg",               // channels above a row
    "rorabgbachpcco",               // column lowest: one bank group at a time
    "rochpcrababgco",               // channels above everything: streams stay in one
    "rorabacobgpcch^bg=ro^ba=ro2",  // and rows hashed over the banks
};

MappingResult try_mapping(DramCard card, const std::string& mapping, const PatternRun& part) {
  card.mapping = mapping;
  const MemoryRun run = run_pattern(card, part.pattern, part.requests, part.seed);
  const double columns =
      static_cast<double>(std::max<std::int64_t>(1, run.reads + run.writes - run.forwarded));
  return {mapping, run.bandwidth_GBps, static_cast<double>(run.row_hits) / columns, run.bound_by};
}

std::string explain(DramBound bound) {
  switch (bound) {
    case DramBound::bus:
      return "the data bus is full: only more channels or a faster device help";
    case DramBound::ccd_l:
      return "consecutive bursts stay in one bank group (CCD_L): put the bank-group bits lowest";
    case DramBound::activate:
      return "activations per window (FAW, RRD) limit it: longer runs within a row help";
    case DramBound::row_cycle:
      return "one bank is opened again and again (RC): spread the rows over banks, e.g. with a "
             "hash";
    case DramBound::injection:
      return "the source offers too few requests a cycle: the DRAM is not the limit";
    case DramBound::turnaround:
      return "changes between reading and writing limit it: larger write bursts help";
    case DramBound::command:
      return "the command pins that pseudo-channels share are full: longer runs within a row help";
  }
  return "";
}

/// Largest share of any one place, against an even share.
double imbalance(const std::vector<std::int64_t>& counts) {
  const auto sum =
      static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
  if (sum == 0) return 1;
  return static_cast<double>(*std::max_element(counts.begin(), counts.end())) *
         static_cast<double>(counts.size()) / sum;
}

}  // namespace

std::vector<MappingResult> compare_mappings(const DramCard& card, const PatternRun& run,
                                            std::int64_t sample) {
  PatternRun part = run;
  part.requests = std::min(run.requests, sample);
  std::vector<MappingResult> results{try_mapping(card, card.mapping, part)};
  for (const char* candidate : candidates) results.push_back(try_mapping(card, candidate, part));
  std::stable_sort(results.begin() + 1, results.end(), [](const auto& a, const auto& b) {
    return a.bandwidth_GBps > b.bandwidth_GBps;
  });
  return results;
}

std::vector<std::string> advise(const DramCard& card, const MemoryRun& run,
                                const std::vector<MappingResult>& mappings) {
  std::vector<std::string> advice;
  const double share = 100 * run.bandwidth_GBps / run.peak_GBps;
  advice.push_back(fmt::format("{:.1f} % of the {:.1f} GB/s peak; {}", share, run.peak_GBps,
                               explain(run.bound_by)));
  if (card.organization.units() > 1 && imbalance(run.channel_requests) > 1.5)
    advice.push_back(fmt::format("the busiest channel carries {:.1f} times its even share",
                                 imbalance(run.channel_requests)));
  if (imbalance(run.bank_requests) > 4)
    advice.push_back(fmt::format("the busiest bank carries {:.1f} times its even share",
                                 imbalance(run.bank_requests)));
  if (mappings.size() > 1 && mappings[1].bandwidth_GBps > 1.02 * mappings[0].bandwidth_GBps)
    advice.push_back(fmt::format("mapping {} gives {:.2f} GB/s where {} gives {:.2f}",
                                 mappings[1].mapping, mappings[1].bandwidth_GBps,
                                 mappings[0].mapping, mappings[0].bandwidth_GBps));
  return advice;
}

}  // namespace lightloom::memory
