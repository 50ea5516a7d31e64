#include "experiments/cards/correction_card.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace lightloom::experiments {
namespace {

using cosim::CorrectorKind;

constexpr std::pair<const char*, CorrectorKind> kind_names[] = {
    {"gain", CorrectorKind::gain},
    {"interleave", CorrectorKind::interleave},
    {"low_rank_output", CorrectorKind::low_rank_output},
    {"low_rank_input", CorrectorKind::low_rank_input},
    {"pointwise", CorrectorKind::pointwise},
    {"shared", CorrectorKind::shared}};

void read_kinds(Section& section, const char* key, std::vector<CorrectorKind>& kinds) {
  std::vector<std::string> names;
  for (const auto& [name, kind] : kind_names)
    if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) names.emplace_back(name);
  section.value(key, names);
  kinds.clear();
  for (const std::string& given : names) {
    const auto* found = std::find_if(std::begin(kind_names), std::end(kind_names),
                                     [&](const auto& known) { return known.first == given; });
    if (found == std::end(kind_names))
      section.problem(key, fmt::format("holds '{}' but may hold gain, interleave, low_rank_output, "
                                       "low_rank_input, pointwise and shared",
                                       given));
    else if (std::find(kinds.begin(), kinds.end(), found->second) != kinds.end())
      section.problem(key, fmt::format("holds '{}' twice", given));
    else
      kinds.push_back(found->second);
  }
}

bool has_rank(CorrectorKind kind) {
  return kind == CorrectorKind::low_rank_output || kind == CorrectorKind::low_rank_input;
}

}  // namespace

std::vector<cosim::CorrectorChoice> CorrectionCard::choices() const {
  std::vector<cosim::CorrectorChoice> all;
  for (const CorrectorKind kind : kinds) {
    cosim::CorrectorChoice choice{.kind = kind, .period = period, .offsets = offsets};
    if (!has_rank(kind)) all.push_back(choice);
    for (const int rank : has_rank(kind) ? ranks : std::vector<int>{}) {
      choice.rank = rank;
      all.push_back(choice);
    }
  }
  return all;
}

bool CorrectionCard::tunes(CorrectorKind kind) const {
  return std::find(tuned.begin(), tuned.end(), kind) != tuned.end();
}

void describe(Section& section, CorrectionCard& card) {
  read_kinds(section, "correctors", card.kinds);
  section.value("ranks", card.ranks, {.low = 1, .high = 4096});
  section.value("period", card.period, {.low = 1, .high = 4096});
  section.value("offsets", card.offsets);
  section.value("images", card.images, {.low = 8, .high = 1 << 20});
  section.value("vectors", card.vectors, {.low = 64, .high = 1 << 20});
  section.value("held_out", card.held_out, {.low = 0.05, .high = 0.9});
  section.card("verify", card.verify);
  section.section("tune", [&](Section& inner) {
    read_kinds(inner, "correctors", card.tuned);
    describe(inner, card.tuning);
  });
  for (const CorrectorKind kind : card.tuned)
    if (std::find(card.kinds.begin(), card.kinds.end(), kind) == card.kinds.end())
      section.problem("tune",
                      "names a corrector that `correctors` does not (tuning begins where "
                      "its fit ends)");
}

CorrectionCard correction_of(const Tree& resolved) {
  const Tree* section = resolved.find("correct");
  if (section == nullptr || section->kind == Tree::Kind::null) return {};
  return read_card<CorrectionCard>(*section);
}

}  // namespace lightloom::experiments
