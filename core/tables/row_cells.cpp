#include "core/tables/row_cells.hpp"

#include <string>

namespace lightloom {
namespace {

bool is_blank(char letter) { return letter == ' ' || letter == '\t'; }

std::string_view bare(std::string_view cell) {
  const auto strip = [&] {
    while (!cell.empty() && is_blank(cell.front())) cell.remove_prefix(1);
    while (!cell.empty() && is_blank(cell.back())) cell.remove_suffix(1);
  };
  strip();
  const bool quoted = cell.size() > 1 && cell.front() == cell.back() &&
                      (cell.front() == '"' || cell.front() == '\'');
  if (quoted) {
    cell = cell.substr(1, cell.size() - 2);
    strip();
  }
  return cell;
}

/// Goes along a row and knows whether it is inside of brackets or quotes.
class Enclosure {
 public:
  /// Takes the next letter; whether it stands outside of all.
  bool outside(char letter) {
    if (quote_ != 0) {
      if (letter == quote_) quote_ = 0;
      return false;
    }
    if (letter == '"' || letter == '\'') {
      quote_ = letter;
      return false;
    }
    if (letter == '(' || letter == '[') ++depth_;
    const bool out = depth_ == 0;
    if ((letter == ')' || letter == ']') && depth_ > 0) --depth_;
    return out;
  }

 private:
  char quote_ = 0;
  int depth_ = 0;
};

bool separates(std::string_view row, std::size_t at, Separator separator) {
  switch (separator) {
    case Separator::comma:
      return row[at] == ',';
    case Separator::comma_blank:
      return row[at] == ',' && at + 1 < row.size() && is_blank(row[at + 1]);
    case Separator::semicolon:
      return row[at] == ';';
    case Separator::tab:
      return row[at] == '\t';
    default:
      return is_blank(row[at]);
  }
}

void split_at(std::string_view row, Separator separator, std::vector<std::string_view>& cells) {
  Enclosure enclosure;
  std::size_t from = 0;
  for (std::size_t at = 0; at < row.size(); ++at) {
    if (!enclosure.outside(row[at]) || !separates(row, at, separator)) continue;
    cells.push_back(row.substr(from, at - from));
    from = at + 1;
  }
  cells.push_back(row.substr(from));
}

bool is_sign(std::string_view word) { return word == "+" || word == "-"; }

bool has_unit(std::string_view word) {
  return word.ends_with('i') || word.ends_with('j') || word.ends_with('I') || word.ends_with('J') ||
         word.ends_with("im");
}

/// Whether `next` goes on the number that `word` begins.
bool joins(std::string_view word, std::string_view next, Separator separator) {
  if (is_sign(next)) return !has_unit(word);
  const std::size_t end = word.size();
  if (end > 1 && is_blank(word[end - 2]) && is_sign(word.substr(end - 1))) return true;
  return separator == Separator::blank_joined && !has_unit(word) &&
         (next.front() == '+' || next.front() == '-') && has_unit(next);
}

/// The view over two that lie in the same row, the second behind the first.
std::string_view spanning(std::string_view first, std::string_view second) {
  return {first.data(), static_cast<std::size_t>(second.data() + second.size() - first.data())};
}

}  // namespace

void split_row(std::string_view row, Separator separator, std::vector<std::string_view>& cells) {
  cells.clear();
  split_at(row, separator, cells);
  if (separator != Separator::blank && separator != Separator::blank_joined) {
    for (std::string_view& cell : cells) cell = bare(cell);
    return;
  }
  std::size_t count = 0;
  for (const std::string_view word : cells) {
    if (word.empty()) continue;
    if (count > 0 && joins(cells[count - 1], word, separator))
      cells[count - 1] = spanning(cells[count - 1], word);
    else
      cells[count++] = word;
  }
  cells.resize(count);
  for (std::string_view& cell : cells) cell = bare(cell);
}

}  // namespace lightloom
