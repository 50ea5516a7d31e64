#include "core/tables/matrix_rows.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "core/error.hpp"
#include "core/tables/number_text.hpp"

namespace lightloom {
namespace {

constexpr std::string_view blank_letters = " \t\f\v";

std::string_view stripped(std::string_view text, std::string_view letters = blank_letters) {
  const std::size_t from = text.find_first_not_of(letters);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(letters) + 1 - from);
}

std::string_view without_comment(std::string_view line) {
  line = stripped(line);
  if (line.starts_with('%') || line.starts_with("//") || line.starts_with("(*")) return {};
  return stripped(line.substr(0, line.find('#')));
}

/// Lines of the text by their numbers; blank ones and comments are empty.
std::vector<MatrixRow> lines_of(std::string_view text, std::vector<bool>& blank) {
  std::vector<MatrixRow> lines;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    lines.push_back({number, std::string(without_comment(line))});
    blank.push_back(stripped(line).empty());
  }
  return lines;
}

/// `2×2 Matrix{ComplexF64}:` of Julia, `A =` of MATLAB.
bool is_title(std::string_view line) {
  if (line.ends_with('=')) return std::isalpha(static_cast<unsigned char>(line[0])) != 0;
  return line.ends_with(':') && std::isdigit(static_cast<unsigned char>(line[0])) != 0 &&
         (line.find("\xC3\x97") != line.npos || line.find('x') != line.npos);
}

/// Takes lines that say something about the matrix off the lines.
void take_titles(std::vector<MatrixRow>& lines, MatrixRows& result, const std::string& path) {
  for (MatrixRow& row : lines) {
    const std::string_view line = row.text;
    if (line.empty()) continue;
    require(!line.starts_with("Columns ") && !line.starts_with("Column "),
            "{}:{}: is a print of some columns at a time ('{}'; save the matrix with writematrix "
            "or save)",
            path, row.line, line);
    if (line.starts_with("sep=") && line.size() == 5) {
      result.separator = line[4];
    } else if (line.ends_with('*') && real_number(line.substr(0, line.size() - 1))) {
      result.factor *= *real_number(line.substr(0, line.size() - 1));
    } else if (!is_title(line)) {
      return;
    }
    row.text.clear();
  }
}

/// Where the bracket begins that holds all, behind `A =`, `array(` and the like; npos for none.
std::size_t first_bracket(std::string_view line) {
  const std::size_t at = line.find_first_of("[{");
  if (at == line.npos) return at;
  const std::string_view before = stripped(line.substr(0, at));
  if (before.empty()) return at;
  const bool name = std::all_of(before.begin(), before.end(), [](char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 ||
           std::string_view("_.= (").find(letter) != std::string_view::npos;
  });
  const bool opens = before.back() == '=' || before.back() == '(';
  const bool is_named = std::isalpha(static_cast<unsigned char>(before[0])) != 0;
  const bool typed = line[at] == '[' && before.size() == at &&  // ComplexF64[1 2; 3 4] of Julia
                     std::isupper(static_cast<unsigned char>(before[0])) != 0 &&
                     before != "Complex" && before.find(' ') == before.npos;
  return name && is_named && (opens || typed) ? at : line.npos;
}

/// Takes the brackets of a text apart.
class Brackets {
 public:
  Brackets(std::string text, int line, const std::string& path)
      : text_(std::move(text)), line_(line), path_(path) {}

  std::vector<MatrixRow> rows() {
    for (at_ = 0; at_ < text_.size(); ++at_) {
      const char letter = text_[at_];
      if (letter == '\n') ++line_;
      if (depth_ == 0 && !groups_.empty() && ends_here()) break;
      step(letter);
    }
    require(depth_ == 0, "{}:{}: a bracket is not closed", path_, line_);
    const bool single = groups_.size() == 1 && inner_.empty();
    if (single) return divided(groups_.front());
    require(groups_.size() == 1 || inner_.empty(),
            "{}: holds several matrices in brackets (one is wanted)", path_);
    return inner_.empty() ? groups_ : inner_;
  }

 private:
  void step(char letter) {
    if (letter == '[' || letter == '{') {
      ++depth_;
      require(depth_ <= 2,
              "{}:{}: brackets within brackets within brackets (a matrix has two axes)", path_,
              line_);
      current_ = {line_, ""};
      return;
    }
    if (letter == ']' || letter == '}') {
      require(depth_ > 0, "{}:{}: a bracket closes that was never opened", path_, line_);
      (depth_ == 2 ? inner_ : groups_).push_back(std::move(current_));
      current_ = {line_, ""};
      --depth_;
      return;
    }
    if (depth_ == 0 || (depth_ == 1 && !inner_.empty())) {
      require(std::string_view(" \t\n,;").find(letter) != std::string_view::npos,
              "{}:{}: '{}' stands between the rows in brackets{}", path_, line_, letter,
              letter == '.' ? " (printed with an ellipsis: not all numbers are there)" : "");
      return;
    }
    current_.text += letter;
  }

  /// Behind the last bracket: `)`, `;`, or further arguments, `, dtype=complex64)`.
  [[nodiscard]] bool ends_here() const {
    const std::string_view rest = stripped(std::string_view(text_).substr(at_), " \t\n;");
    if (rest.empty()) return true;
    if (rest.find_first_of("[{") != rest.npos) return false;
    return rest == ")" || (rest.starts_with(',') && rest.ends_with(')'));
  }

  /// Rows between semicolons and line ends, as MATLAB and Julia write them.
  [[nodiscard]] std::vector<MatrixRow> divided(const MatrixRow& all) const {
    std::vector<MatrixRow> rows;
    MatrixRow row{all.line, ""};
    int line = all.line;
    const auto finish = [&] {
      row.text = stripped(row.text);
      if (!row.text.empty()) rows.push_back(row);
      row = {line, ""};
    };
    for (const char letter : all.text) {
      if (letter == '\n') ++line;
      const bool goes_on = letter == '\n' && stripped(row.text).ends_with("...");
      if (goes_on) row.text.resize(row.text.rfind("..."));
      if (letter == ';' || (letter == '\n' && !goes_on))
        finish();
      else
        row.text += letter == '\n' ? ' ' : letter;
    }
    finish();
    return rows;
  }

  std::string text_;
  int line_;
  const std::string& path_;
  std::size_t at_ = 0;
  int depth_ = 0;
  MatrixRow current_;
  std::vector<MatrixRow> groups_, inner_;  // contents of brackets by depth
};

/// `Complex[0.6, 0.8]` of Mathematica with other brackets: its own are no rows.
void rename_complex(std::string& text) {
  constexpr std::string_view name = "Complex[";
  for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos; at += name.size()) {
    const std::size_t end = text.find(']', at);
    if (end == std::string::npos) return;
    text.replace(at, name.size(), "complex(");
    text[end] = ')';
  }
}

std::vector<MatrixRow> bracketed(const std::vector<MatrixRow>& lines, std::size_t first,
                                 std::size_t at, const std::string& path) {
  std::string text = lines[first].text.substr(at);
  for (std::size_t i = first + 1; i < lines.size(); ++i) text += "\n" + lines[i].text;
  rename_complex(text);
  std::vector<MatrixRow> rows = Brackets(std::move(text), lines[first].line, path).rows();
  for (MatrixRow& row : rows) {
    std::replace(row.text.begin(), row.text.end(), '\n', ' ');
    row.text = stripped(row.text);
  }
  return rows;
}

}  // namespace

MatrixRows matrix_rows(const std::string& text, const std::string& path) {
  MatrixRows result;
  std::vector<bool> blank;
  std::vector<MatrixRow> lines = lines_of(text, blank);
  take_titles(lines, result, path);
  const auto full = [](const MatrixRow& line) { return !line.text.empty(); };
  const auto first = std::find_if(lines.begin(), lines.end(), full);
  if (first == lines.end()) return result;
  const std::size_t at = first_bracket(first->text);
  if (at != std::string::npos) {
    result.rows = bracketed(lines, static_cast<std::size_t>(first - lines.begin()), at, path);
  } else {
    bool apart = true;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      apart = apart || blank[i];
      if (lines[i].text.empty()) continue;
      if (apart) result.blocks.push_back(0);
      ++result.blocks.back();
      result.rows.push_back(std::move(lines[i]));
      apart = false;
    }
  }
  for (const MatrixRow& row : result.rows)
    require(row.text.find("...") == std::string::npos &&
                row.text.find("\xE2\x80\xA6") == std::string::npos,
            "{}:{}: was printed with an ellipsis: not all numbers are there (save the matrix with "
            "numpy.savetxt or numpy.save)",
            path, row.line);
  return result;
}

}  // namespace lightloom
