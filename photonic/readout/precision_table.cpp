#include "photonic/readout/precision_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

#include "core/error.hpp"

namespace lightloom::photonic {
namespace {

double energy_of(const PrecisionEntry& entry, double weights) {
  constexpr double operations_per_weight = 2, pJ_per_fJ = 1e-3;  // multiply and add
  return entry.energy_pJ +
         entry.energy_fJ_per_operation * operations_per_weight * weights * pJ_per_fJ;
}

bool holds_at(const PrecisionEntry& entry, Precision at) {
  return (entry.output_bits == 0 || entry.output_bits == at.output_bits) &&
         (entry.input_bits == 0 || entry.input_bits == at.input_bits);
}

/// Two entries with the precision on the straight line between them, `share` of the way.
struct Bracket {
  const PrecisionEntry *from = nullptr, *to = nullptr;
  double share = 0;
  int length2 = std::numeric_limits<int>::max();
};

/// The bracket that two entries are of a precision strictly between them.
std::optional<Bracket> bracket_of(const PrecisionEntry& from, const PrecisionEntry& to,
                                  Precision at) {
  const int x = to.output_bits - from.output_bits, y = to.input_bits - from.input_bits;
  // An entry for any bits is at every one.
  const int u = from.output_bits == 0 ? 0 : at.output_bits - from.output_bits,
            v = from.input_bits == 0 ? 0 : at.input_bits - from.input_bits;
  const int along = x * u + y * v, length2 = x * x + y * y;
  if (x * v != y * u || along <= 0 || along >= length2) return std::nullopt;
  return Bracket{&from, &to, static_cast<double>(along) / length2, length2};
}

bool is_better(const Bracket& one, const Bracket& than) {
  if (one.length2 != than.length2) return one.length2 < than.length2;
  return one.from->input_bits == one.to->input_bits && than.from->input_bits != than.to->input_bits;
}

double between(Interpolation interpolation, double from, double to, double share) {
  if (interpolation == Interpolation::linear) return from + share * (to - from);
  return std::pow(from, 1 - share) * std::pow(to, share);
}

std::string bits_text(int bits) { return bits > 0 ? fmt::format("{}", bits) : "any"; }

std::string listed(const std::vector<const PrecisionEntry*>& entries) {
  std::string text;
  for (const PrecisionEntry* entry : entries)
    text += fmt::format("{}{}/{}", text.empty() ? "" : ", ", bits_text(entry->output_bits),
                        bits_text(entry->input_bits));
  return text;
}

/// One part of a table at a precision.
PrecisionPart part_at(const PrecisionTable& table,
                      const std::vector<const PrecisionEntry*>& entries, Precision at,
                      double weights) {
  PrecisionPart part{.part = entries.front()->part, .per = entries.front()->per};
  for (const PrecisionEntry* entry : entries)
    if (holds_at(*entry, at)) {
      part.energy_pJ = energy_of(*entry, weights);
      part.time_ns = entry->time_ns;
      return part;
    }
  std::optional<Bracket> best;
  for (const PrecisionEntry* from : entries)
    for (const PrecisionEntry* to : entries)
      if (const auto found = bracket_of(*from, *to, at);
          found && (!best || is_better(*found, *best)))
        best = found;
  const bool refuses = table.interpolation == Interpolation::none;
  require(
      best && !refuses,
      "the table of precisions has nothing for '{}' at {} output and {} input bits (it has {} as "
      "output/input; {})",
      part.part, at.output_bits, at.input_bits, listed(entries),
      best ? "choose one of these, or interpolation: linear or geometric"
           : "choose one of these: no straight line between two of them passes there");
  part.energy_pJ = between(table.interpolation, energy_of(*best->from, weights),
                           energy_of(*best->to, weights), best->share);
  part.time_ns = between(table.interpolation, best->from->time_ns, best->to->time_ns, best->share);
  return part;
}

/// The entries of every part, parts in the order of their first entries.
std::vector<std::vector<const PrecisionEntry*>> by_part(const PrecisionTable& table) {
  std::vector<std::vector<const PrecisionEntry*>> parts;
  for (const PrecisionEntry& entry : table.entries) {
    const auto known = std::ranges::find_if(
        parts, [&](const auto& entries) { return entries.front()->part == entry.part; });
    if (known == parts.end())
      parts.push_back({&entry});
    else
      known->push_back(&entry);
  }
  return parts;
}

void check_entry(Section& section, const PrecisionEntry& entry) {
  const bool by_operation = entry.energy_fJ_per_operation > 0;
  if (by_operation && entry.energy_pJ > 0)
    section.problem("energy_pJ", "is given beside energy_fJ_per_operation (give one of them)");
  if (!by_operation && !(entry.energy_pJ > 0) && !(entry.time_ns > 0))
    section.problem("",
                    "gives neither energy nor time (give energy_pJ, energy_fJ_per_operation or "
                    "time_ns)");
  const bool whole = entry.per == PaidPer::phase || entry.per == PaidPer::product;
  if (by_operation && !whole)
    section.problem(
        "energy_fJ_per_operation",
        "goes with per: phase or product, whose operations are those of the array (give "
        "energy_pJ for a conversion or a symbol)");
  if (entry.per == PaidPer::symbol && entry.time_ns > 0)
    section.problem("time_ns",
                    "does not go with per: symbol (symbol_rate_GHz says how long one "
                    "takes)");
}

void describe_entry(Section& section, PrecisionEntry& entry) {
  section.value("part", entry.part);
  section.value("output_bits", entry.output_bits, {.low = 0, .high = 24});
  section.value("input_bits", entry.input_bits, {.low = 0, .high = 24});
  section.choice("per", entry.per,
                 {{"phase", PaidPer::phase},
                  {"product", PaidPer::product},
                  {"conversion", PaidPer::conversion},
                  {"symbol", PaidPer::symbol}});
  section.value("energy_fJ_per_operation", entry.energy_fJ_per_operation, not_negative);
  section.value("energy_pJ", entry.energy_pJ, not_negative);
  section.value("time_ns", entry.time_ns, not_negative);
  check_entry(section, entry);
}

/// What every two entries of one part have to agree on.
void check_pair(Section& section, const PrecisionEntry& one, const PrecisionEntry& other) {
  const auto differ = [&](const char* what) {
    section.problem("table",
                    fmt::format("has entries of '{}' that differ in {} (give all of a part "
                                "alike)",
                                one.part, what));
  };
  if (one.per != other.per) differ("`per`");
  if ((one.time_ns > 0) != (other.time_ns > 0)) differ("whether they give time_ns");
  if ((energy_of(one, 1) > 0) != (energy_of(other, 1) > 0)) differ("whether they give an energy");
  if ((one.output_bits > 0) != (other.output_bits > 0) ||
      (one.input_bits > 0) != (other.input_bits > 0))
    differ("whether they name output_bits or input_bits");
  if (one.output_bits == other.output_bits && one.input_bits == other.input_bits)
    section.problem("table", fmt::format("gives '{}' twice at {}/{} bits", one.part,
                                         bits_text(one.output_bits), bits_text(one.input_bits)));
}

}  // namespace

std::vector<PrecisionPart> precision_parts(const PrecisionTable& table, Precision at,
                                           double weights) {
  std::vector<PrecisionPart> parts;
  for (const auto& entries : by_part(table)) parts.push_back(part_at(table, entries, at, weights));
  return parts;
}

void describe(Section& section, PrecisionTable& table) {
  section.choice("interpolation", table.interpolation,
                 {{"none", Interpolation::none},
                  {"linear", Interpolation::linear},
                  {"geometric", Interpolation::geometric}});
  section.choice("utilisation", table.utilisation,
                 {{"whole", Utilisation::whole}, {"used", Utilisation::used}});
  section.value("rows", table.rows, {.low = 0, .high = 4096});
  section.value("columns", table.columns, {.low = 0, .high = 4096});
  table.entries.clear();
  section.sections("table", [&](Section& inner, std::size_t) {
    describe_entry(inner, table.entries.emplace_back());
  });
  if (table.entries.empty())
    section.problem("table",
                    "is missing or empty (give entries with output_bits, input_bits and an "
                    "energy or a time, or leave the section out)");
  for (const auto& entries : by_part(table))
    for (std::size_t k = 1; k < entries.size(); ++k)
      for (std::size_t j = 0; j < k; ++j) check_pair(section, *entries[j], *entries[k]);
}

}  // namespace lightloom::photonic
