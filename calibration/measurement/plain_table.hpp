#pragma once

#include <string>
#include <string_view>

namespace lightloom::calibration {

/// The text of measurements with commas between cells and decimal points, line for line, whatever
/// divides them (semicolons, tabs, with decimal commas or without), in quotes or with a delimiter
/// at the end. The header, which begins with `setting` or `sweep`, tells the delimiter; a text
/// without one comes back as it is.
std::string plain_table(std::string_view text);

}  // namespace lightloom::calibration
