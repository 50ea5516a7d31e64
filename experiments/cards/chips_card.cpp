#include "experiments/cards/chips_card.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

namespace lightloom::experiments {
namespace {

constexpr double most_chips = 1'000'000;

/// "0.003" or "0.3 %"; nothing for anything else.
std::optional<double> share_of(std::string_view text) {
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  double number = 0;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || problem != std::errc{} || stop != text.data() + text.size())
    return std::nullopt;
  return percent ? number / 100 : number;
}

void read_until(Section& section, double& half_width) {
  section.must_have("until");
  std::string text = fmt::format("{}", half_width);
  section.value("until", text);
  const std::optional<double> share = share_of(text);
  if (share && *share > 0 && *share <= 0.5)
    half_width = *share;
  else
    section.problem("until", fmt::format("is '{}' but must be a share above 0 and up to 0.5 (0.003 "
                                         "or 0.3 %)",
                                         text));
}

}  // namespace

void read_chips(Section& section, int& chips, std::optional<ChipsUntil>& until) {
  const Tree* given = section.raw("chips");
  if (given == nullptr || given->kind != Tree::Kind::mapping)
    return section.value("chips", chips, {.low = 0, .high = most_chips});
  section.section("chips", [&](Section& inner) {
    ChipsUntil& rule = until.emplace();
    read_until(inner, rule.half_width);
    inner.value("least", rule.least, {.low = 2, .high = most_chips});
    chips = std::max(chips, rule.least);
    inner.value("most", chips, {.low = static_cast<double>(rule.least), .high = most_chips});
  });
}

}  // namespace lightloom::experiments
