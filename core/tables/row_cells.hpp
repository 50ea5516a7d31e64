#pragma once

#include <string_view>
#include <vector>

namespace lightloom {

/// What stands between the numbers of a row.
enum class Separator {
  comma,
  comma_blank,  // a comma and a blank: commas without one are in the numbers
  semicolon,
  tab,
  blank,         // blanks and tabs; a sign with a blank on either side joins what it stands between
  blank_joined,  // the same, and a real part and the signed imaginary part behind it are one
};

/// The cells of a row: views into it without the blanks and quotes around them. Brackets and quotes
/// hold together what is in them. `cells` is cleared first.
void split_row(std::string_view row, Separator separator, std::vector<std::string_view>& cells);

}  // namespace lightloom
