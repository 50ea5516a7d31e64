#include "memory/traffic/trace_lines.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>

#include "core/error.hpp"
#include "core/letters.hpp"

namespace lightloom::memory {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Cells between commas, or between blanks where there is no comma. A comma at the end adds none.
void split(std::string_view line, std::vector<std::string_view>& cells) {
  cells.clear();
  const bool commas = line.find(',') != std::string_view::npos;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = std::min(line.find_first_of(commas ? "," : blanks, at), line.size());
    if (commas || end > at) cells.push_back(trimmed(line.substr(at, end - at)));
    at = end + 1;
  }
}

/// DRAMsim3 and DRAMSys read digits without 0x as hexadecimal, the others as decimal.
bool hexadecimal_reader(TraceFormat format) {
  return format == TraceFormat::dramsim3 || format == TraceFormat::dramsys;
}

enum class Kind { none, read, write };

Kind kind_of(std::string_view cell) {
  if (cell.size() == 1) {
    const char c = cell[0];
    return c == 'r' || c == 'R' ? Kind::read : c == 'w' || c == 'W' ? Kind::write : Kind::none;
  }
  if (cell.size() > 8) return Kind::none;
  const std::string lower = small_letters(cell);
  for (const char* name : {"read", "rd", "ld", "p_mem_rd"})
    if (lower == name) return Kind::read;
  for (const char* name : {"write", "wr", "st", "p_mem_wr"})
    if (lower == name) return Kind::write;
  return Kind::none;
}

/// All of the text is a whole number; nullopt also if it does not fit.
template <class Number>
std::optional<Number> whole(std::string_view text, int base) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool has_prefix(std::string_view text) { return text.starts_with("0x") || text.starts_with("0X"); }

/// Digits of any base, or a negative number.
bool like_number(std::string_view cell) {
  if (has_prefix(cell)) cell.remove_prefix(2);
  if (cell.starts_with('-')) cell.remove_prefix(1);
  return !cell.empty() && std::all_of(cell.begin(), cell.end(), [](char c) {
    return std::isxdigit(static_cast<unsigned char>(c)) != 0;
  });
}

bool is_kind(std::string_view cell) { return kind_of(cell) != Kind::none; }

/// A cycle: decimal or 0x.
std::optional<Cycle> cycle_of(std::string_view cell) {
  return has_prefix(cell) ? whole<Cycle>(cell.substr(2), 16) : whole<Cycle>(cell, 10);
}

/// SCALE-Sim writes whole numbers, some versions with `.0`.
std::optional<Cycle> number_of_words(std::string_view cell) {
  if (cell.ends_with(".0")) cell.remove_suffix(2);
  return whole<Cycle>(cell, 10);
}

bool like_scalesim(std::string_view line, const std::vector<std::string_view>& cells) {
  const bool numbers = std::all_of(cells.begin(), cells.end(), [](std::string_view cell) {
    return number_of_words(cell).has_value();
  });
  const bool negative = std::any_of(cells.begin(), cells.end(),
                                    [](std::string_view cell) { return cell.starts_with('-'); });
  return numbers && cells.size() > 1 && (negative || line.ends_with(',') || cells.size() > 3);
}

TraceFormat format_of(std::string_view line, const std::vector<std::string_view>& cells) {
  const auto number = [&](std::size_t i) { return i < cells.size() && like_number(cells[i]); };
  const auto kind = [&](std::size_t i) { return i < cells.size() && is_kind(cells[i]); };
  const std::size_t count = cells.size();
  if (line.find(',') != std::string_view::npos) {
    const std::size_t blank = cells[0].find_first_of(blanks);
    if (blank != std::string_view::npos)
      return is_kind(cells[0].substr(0, blank)) ? TraceFormat::ramulator2v
                                                : TraceFormat::recognised;
    if (count == 3 && kind(2)) return TraceFormat::lightloom;
    if (count > 3 && kind(0) && number(1) && number(2) && number(3)) return TraceFormat::gem5;
    if (like_scalesim(line, cells)) return TraceFormat::scalesim;
    return TraceFormat::recognised;
  }
  if (count > 2 && cells[0].ends_with(':') && kind(1)) return TraceFormat::dramsys;
  if (count == 2 && kind(0) && number(1)) return TraceFormat::ramulator2;
  if (count == 2 && number(0) && kind(1)) return TraceFormat::ramulator1;
  if (count == 3 && number(0) && kind(1) && number(2)) return TraceFormat::dramsim3;
  if (count == 3 && number(0) && number(1) && kind(2)) return TraceFormat::lightloom;
  return TraceFormat::recognised;
}

}  // namespace

bool is_trace_header(std::string_view line) {
  std::vector<std::string_view> cells;
  split(line, cells);
  return cells.size() > 1 && std::all_of(cells.begin(), cells.end(), [](std::string_view cell) {
           return !cell.empty() && std::isalpha(static_cast<unsigned char>(cell[0])) != 0 &&
                  !is_kind(cell) && !like_number(cell);
         });
}

TraceLines::TraceLines(const DramCard& card, const TraceOptions& options)
    : options_(options),
      mapping_(card),
      organization_(card.organization),
      clock_ps_(card.clock_ns * 1e3),
      atom_(static_cast<std::uint64_t>(card.organization.atom_bytes())) {
  require(options.word_bytes >= 1 && options.word_bytes <= 4096,
          "a word of a trace has {} bytes (must lie between 1 and 4096)", options.word_bytes);
}

bool TraceLines::recognise(std::string_view line) {
  if (options_.format != TraceFormat::recognised) return true;
  split(line, cells_);
  if (cells_.empty()) return false;
  options_.format = format_of(line, cells_);
  return options_.format != TraceFormat::recognised;
}

std::string TraceLines::contradiction(std::string_view header) const {
  if (options_.format != TraceFormat::lightloom) return "";
  std::vector<std::string_view> cells;
  split(header, cells);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string lower = small_letters(cells[i].substr(0, 4));
    if ((lower == "addr" && i != 1) || (lower == "cycl" && i != 0))
      return fmt::format("calls column {} '{}', where the order is cycle,address,kind", i + 1,
                         cells[i]);
  }
  return "";
}

std::string TraceLines::parse(std::string_view line, std::vector<Request>& requests) {
  split(line, cells_);
  if (cells_.empty()) return sentence(Wrong::shape);
  const bool open_end = line.ends_with(',') && options_.format != TraceFormat::scalesim;
  const Wrong wrong = open_end ? Wrong::shape : read(requests);
  any_ = true;
  return wrong == Wrong::nothing ? std::string() : sentence(wrong);
}

TraceLines::Wrong TraceLines::read(std::vector<Request>& requests) {
  const std::size_t count = cells_.size();
  std::string_view cycle, place, kind;
  switch (options_.format) {
    case TraceFormat::lightloom:
      if (count != 3) return Wrong::shape;
      cycle = cells_[0], place = cells_[1], kind = cells_[2];
      break;
    case TraceFormat::dramsim3:
      if (count != 3) return Wrong::shape;
      place = cells_[0], kind = cells_[1], cycle = cells_[2];
      break;
    case TraceFormat::ramulator1:
      if (count != 2) return Wrong::shape;
      place = cells_[0], kind = cells_[1];
      break;
    case TraceFormat::ramulator2:
      if (count != 2) return Wrong::shape;
      kind = cells_[0], place = cells_[1];
      break;
    case TraceFormat::dramsys:
      if (count < 3 || count > 4 || !cells_[0].ends_with(':')) return Wrong::shape;
      cycle = cells_[0].substr(0, cells_[0].size() - 1), kind = cells_[1], place = cells_[2];
      break;
    case TraceFormat::ramulator2v:
      return read_vector(requests);
    case TraceFormat::gem5:
      return read_gem5(requests);
    case TraceFormat::scalesim:
      return read_scalesim(requests);
    case TraceFormat::recognised:
      return Wrong::shape;
  }
  const Kind what = kind_of(kind);
  if (what == Kind::none) return Wrong::kind;
  Request request{.write = what == Kind::write};
  if (!cycle.empty()) {
    const std::optional<Cycle> arrival = cycle_of(cycle);
    if (!arrival || *arrival < 0) return Wrong::cycle;
    request.arrival = *arrival;
  } else if (options_.format != TraceFormat::ramulator1 &&
             options_.format != TraceFormat::ramulator2) {
    return Wrong::cycle;
  }
  const Wrong wrong = address(place, request.address);
  if (wrong == Wrong::nothing) requests.push_back(request);
  return wrong;
}

TraceLines::Wrong TraceLines::address(std::string_view cell, std::uint64_t& address) const {
  const bool prefix = has_prefix(cell);
  if (prefix) cell.remove_prefix(2);
  const bool digits = std::all_of(cell.begin(), cell.end(), [](char c) {
    return std::isxdigit(static_cast<unsigned char>(c)) != 0;
  });
  if (cell.empty() || !digits) return Wrong::shape;
  const bool hex = prefix || options_.bare == BareAddress::hexadecimal;
  if (!hex && options_.bare == BareAddress::by_format) {
    if (cell.find_first_not_of("0123456789") != std::string_view::npos) return Wrong::bare_hex;
    if (cell.size() > 1 && cell[0] == '0') return Wrong::bare_zeros;
    if (cell.size() > 1 && hexadecimal_reader(options_.format)) return Wrong::bare_either;
  }
  if (!hex && cell.find_first_not_of("0123456789") != std::string_view::npos)
    return Wrong::bare_hex;
  const std::optional<std::uint64_t> number = whole<std::uint64_t>(cell, hex ? 16 : 10);
  if (!number) return Wrong::too_large;
  address = *number;
  return Wrong::nothing;
}

/// Bytes that reach over several bursts are as many requests.
TraceLines::Wrong TraceLines::read_gem5(std::vector<Request>& requests) const {
  constexpr std::uint64_t most_bytes = 1 << 20;
  if (cells_.size() < 4) return Wrong::shape;
  const Kind kind = kind_of(cells_[0]);
  if (kind == Kind::none) return Wrong::kind;
  std::uint64_t from = 0;
  const Wrong wrong = address(cells_[1], from);
  if (wrong != Wrong::nothing) return wrong;
  const auto bytes = whole<std::uint64_t>(cells_[2], 10),
             tick = whole<std::uint64_t>(cells_[3], 10);
  if (!bytes || *bytes == 0 || *bytes > most_bytes) return Wrong::shape;
  const double cycle = tick ? std::floor(static_cast<double>(*tick) / clock_ps_) : -1;
  if (cycle < 0 || cycle > 0x1p61) return Wrong::cycle;
  if (from > UINT64_MAX - *bytes) return Wrong::too_large;
  for (std::uint64_t burst = from / atom_; burst <= (from + *bytes - 1) / atom_; ++burst)
    requests.push_back({.address = std::max(from, burst * atom_),
                        .write = kind == Kind::write,
                        .arrival = static_cast<Cycle>(cycle)});
  return Wrong::nothing;
}

/// Words of a line that follow each other in one burst are one request.
TraceLines::Wrong TraceLines::read_scalesim(std::vector<Request>& requests) {
  if (cells_.size() < 2) return Wrong::shape;
  const std::optional<Cycle> cycle = number_of_words(cells_[0]);
  if (!cycle || std::abs(*cycle) > last_arrival) return Wrong::cycle;
  if (!any_) first_cycle_ = std::min<Cycle>(0, *cycle);
  if (*cycle < first_cycle_) return Wrong::cycle;
  std::uint64_t before = UINT64_MAX;  // burst
  for (std::size_t i = 1; i < cells_.size(); ++i) {
    const std::optional<Cycle> word = number_of_words(cells_[i]);
    if (!word || *word < -1) return Wrong::shape;
    if (*word < 0) continue;
    const auto number = static_cast<std::uint64_t>(*word),
               width = static_cast<std::uint64_t>(options_.word_bytes);
    if (number > UINT64_MAX / width) return Wrong::too_large;
    const std::uint64_t place = number * width, burst = place / atom_;
    if (burst != before)
      requests.push_back(
          {.address = place, .write = options_.all_writes, .arrival = *cycle - first_cycle_});
    before = burst;
  }
  return Wrong::nothing;
}

/// Numbers of the levels that the card has more than one of, channel, row and column always.
TraceLines::Wrong TraceLines::read_vector(std::vector<Request>& requests) {
  const std::size_t blank = cells_[0].find_first_of(blanks);
  if (blank == std::string_view::npos) return Wrong::shape;
  const Kind kind = kind_of(cells_[0].substr(0, blank));
  if (kind == Kind::none) return Wrong::kind;
  cells_[0] = trimmed(cells_[0].substr(blank));
  const DramOrganization& o = organization_;
  DramAddress a;
  std::int64_t group = 0, bank = 0, rank = 0, column = 0, unit = 0, pseudo = 0;
  struct Level {
    std::int64_t* number;
    std::int64_t size;
  };
  std::vector<Level> levels{{&unit, o.channels}};
  if (o.pseudo_channels > 1) levels.push_back({&pseudo, o.pseudo_channels});
  if (o.pseudo_channels == 1 || o.ranks > 1) levels.push_back({&rank, o.ranks});
  if (o.bank_groups > 1) levels.push_back({&group, o.bank_groups});
  levels.push_back({&bank, o.banks_per_group});
  levels.push_back({&a.row, o.rows});
  levels.push_back({&column, o.columns()});
  if (cells_.size() != levels.size()) return Wrong::shape;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const auto number = whole<std::int64_t>(cells_[i], 10);
    if (!number || *number < 0) return Wrong::shape;
    if (*number >= levels[i].size) return Wrong::too_large;
    *levels[i].number = *number;
  }
  a.unit = static_cast<int>(unit * o.pseudo_channels + pseudo);
  a.rank = static_cast<int>(rank);
  a.bank_group = static_cast<int>(group);
  a.bank = static_cast<int>(bank);
  a.column = static_cast<int>(column);
  requests.push_back({.address = mapping_.encode(a), .write = kind == Kind::write});
  return Wrong::nothing;
}

std::string TraceLines::sentence(Wrong wrong) const {
  switch (wrong) {
    case Wrong::nothing:
      return "";
    case Wrong::shape:
    case Wrong::kind:
      break;
    case Wrong::cycle:
      return "has no whole cycle from 0 on";
    case Wrong::bare_hex:
      return "has an address with letters but without 0x (write 0x before it, or give "
             "--trace-addresses hex)";
    case Wrong::bare_zeros:
      return "has an address with zeros before it but without 0x, which may be hexadecimal (write "
             "0x before it, or give --trace-addresses decimal or hex)";
    case Wrong::bare_either:
      return fmt::format(
          "has an address without 0x, which {} takes for hexadecimal and others for decimal (write "
          "0x before it, or give --trace-addresses decimal or hex)",
          trace_format_name(options_.format));
    case Wrong::too_large:
      return options_.format == TraceFormat::ramulator2v
                 ? "names a level's number that the card does not have"
                 : "has an address beyond 64 bits";
  }
  return fmt::format("is not a request (write {})", trace_format_line(options_.format));
}

}  // namespace lightloom::memory
