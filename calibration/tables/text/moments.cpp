#include "calibration/tables/text/moments.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

#include "core/error.hpp"
#include "core/letters.hpp"

namespace lightloom::calibration {
namespace {

constexpr double day_s = 86400;

/// Three numbers of a date as they stand, and the time of day.
struct Moment {
  std::array<int, 3> date{};
  bool dated = false, year_first = false, day_first = false;  // the latter by points
  double second = 0;                                          // of the day
};

/// Reads numbers and marks off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}
  std::optional<int> digits(std::size_t least, std::size_t most) {
    std::size_t count = 0;
    while (count < text_.size() && text_[count] >= '0' && text_[count] <= '9') ++count;
    if (count < least || count > most) return std::nullopt;
    int value = 0;
    std::from_chars(text_.data(), text_.data() + count, value);
    text_.remove_prefix(count);
    return value;
  }
  bool take(char mark) {
    if (!text_.starts_with(mark)) return false;
    text_.remove_prefix(1);
    return true;
  }
  [[nodiscard]] std::string_view rest() const { return text_; }
  void skip(std::size_t count) { text_.remove_prefix(count); }

 private:
  std::string_view text_;
};

/// Decimals of a second behind a point or comma.
std::optional<double> decimals(Scanner& scanner) {
  if (!scanner.take('.') && !scanner.take(',')) return 0.0;
  const std::string_view rest = scanner.rest();
  std::size_t count = 0;
  double value = 0, place = 0.1;
  for (; count < rest.size() && rest[count] >= '0' && rest[count] <= '9'; ++count, place /= 10)
    value += place * (rest[count] - '0');
  scanner.skip(count);
  return count == 0 ? std::nullopt : std::optional<double>(value);
}

std::optional<double> time_of_day(Scanner& scanner) {
  const auto hour = scanner.digits(1, 2);
  if (!hour || *hour > 23 || !scanner.take(':')) return std::nullopt;
  const auto minute = scanner.digits(2, 2);
  if (!minute || *minute > 59) return std::nullopt;
  double second = 3600.0 * *hour + 60.0 * *minute;
  if (scanner.take(':')) {
    const auto whole = scanner.digits(2, 2);
    const auto part = whole ? decimals(scanner) : std::nullopt;
    if (!part || *whole > 60) return std::nullopt;
    second += *whole + *part;
  }
  const std::string half = small_letters(scanner.rest());
  if (half == " am" || half == " pm" || half == "am" || half == "pm") {
    if (*hour < 1 || *hour > 12) return std::nullopt;
    scanner.skip(half.size());
    second += (half.back() == 'm' && half.find('p') != std::string::npos ? day_s / 2 : 0) -
              (*hour == 12 ? day_s / 2 : 0);
  }
  return second;
}

/// Z or +02:00: the zone, of which only that it is the same everywhere is asked.
std::optional<double> zone(Scanner& scanner) {
  if (scanner.rest().empty() || scanner.take('Z')) return 0.0;
  const bool west = scanner.rest().starts_with('-');
  if (!scanner.take('+') && !scanner.take('-')) return std::nullopt;
  const auto hour = scanner.digits(2, 2);
  if (hour) scanner.take(':');
  const auto minute = hour ? scanner.digits(2, 2) : std::nullopt;
  if (!minute) return std::nullopt;
  return (west ? -1 : 1) * (3600.0 * *hour + 60.0 * *minute);
}

std::optional<Moment> moment_of(std::string_view cell) {
  if (cell.find(':') == std::string_view::npos) return std::nullopt;
  Moment moment;
  Scanner scanner(cell);
  const std::size_t mark = cell.find_first_not_of("0123456789");
  if (cell[mark] == '-' || cell[mark] == '/' || cell[mark] == '.') {
    for (std::size_t i = 0; i < 3; ++i) {
      const auto number = scanner.digits(1, 4);
      if (!number || (i < 2 && !scanner.take(cell[mark]))) return std::nullopt;
      moment.date[i] = *number;
    }
    moment.dated = true;
    moment.year_first = mark == 4;
    moment.day_first = cell[mark] == '.';
    if (!scanner.take(' ') && !scanner.take('T') && !scanner.take('_')) return std::nullopt;
    while (scanner.take(' ')) continue;
  }
  const auto second = time_of_day(scanner);
  const auto offset = second ? zone(scanner) : std::nullopt;
  if (!offset || !scanner.rest().empty()) return std::nullopt;
  moment.second = *second - *offset;
  return moment;
}

/// Days since 1970 of the three numbers in that order; nullopt for no date.
std::optional<double> day_of(int year, int month, int day) {
  using namespace std::chrono;
  const year_month_day date{std::chrono::year{year < 100 ? 2000 + year : year},
                            std::chrono::month{static_cast<unsigned>(month)},
                            std::chrono::day{static_cast<unsigned>(day)}};
  if (month < 1 || day < 1 || !date.ok()) return std::nullopt;
  return static_cast<double>(sys_days(date).time_since_epoch().count());
}

/// Seconds since the first, with days in front of months or behind them; nullopt where that gives
/// no dates.
std::optional<std::vector<double>> seconds_by(const std::vector<Moment>& moments, bool day_first) {
  std::vector<double> seconds;
  double days = 0;
  for (std::size_t i = 0; i < moments.size(); ++i) {
    const Moment& one = moments[i];
    if (one.dated) {
      const auto& [a, b, c] = one.date;
      const auto day = one.year_first ? day_of(a, b, c)
                       : day_first    ? day_of(c, b, a)
                                      : day_of(c, a, b);
      if (!day) return std::nullopt;
      days = *day;
    } else if (i > 0 && one.second < moments[i - 1].second - day_s / 2) {
      days += 1;  // past midnight
    }
    seconds.push_back(day_s * days + one.second);
  }
  const double first = seconds.front();
  for (double& second : seconds) second -= first;
  return seconds;
}

}  // namespace

bool is_moment(std::string_view cell) { return moment_of(cell).has_value(); }

std::optional<std::vector<double>> seconds_since_first(const std::vector<std::string>& cells,
                                                       const std::string& what) {
  std::vector<Moment> moments;
  for (const std::string& cell : cells) {
    const auto moment = moment_of(cell);
    if (!moment || (!moments.empty() && (moment->dated != moments.front().dated ||
                                         moment->year_first != moments.front().year_first)))
      return std::nullopt;
    moments.push_back(*moment);
  }
  if (moments.empty()) return std::nullopt;
  const auto days = seconds_by(moments, true);
  if (moments.front().year_first || moments.front().day_first) return days;
  const auto months = seconds_by(moments, false);
  if (!days || !months) return days ? days : months;
  require(*days == *months,
          "{}: dates such as '{}' can be read with the day or the month in front, which are "
          "different times (write them as 2024-05-31 22:00:00)",
          what, cells.front());
  return days;
}

}  // namespace lightloom::calibration
