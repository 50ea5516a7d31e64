#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "core/files/labelled.hpp"

namespace lightloom::experiments {

/// What came of one point of a sweep: its values, or what was thrown.
struct PointResult {
  Labelled values;
  std::exception_ptr error;
};

/// The result as bytes for another process of the same program, every number to the bit; texts over
/// axes, which a sweep does not keep, are left out. Of what was thrown the kind (`Error` or
/// `Failure`) and the text.
std::string to_answer(const PointResult& result);
/// The result again. Throws `Failure` for bytes that are cut off.
PointResult from_answer(std::string_view answer);

}  // namespace lightloom::experiments
