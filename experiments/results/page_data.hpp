#pragma once

#include <cstddef>

#include "core/files/labelled.hpp"

namespace lightloom::experiments {

/// Bytes of arrays that a page embeds at most (`page_bytes`): with its own text it has less than
/// ten million.
inline constexpr std::size_t most_page_bytes = 9'500'000;

/// What a page draws of some results: without outcomes of single images, numbers rounded to seven
/// digits. Of more than `most` bytes the arrays that tell most come first (accuracies, time,
/// energy, gains, then the small ones), as far as they go; the attribute `left_out` names the rest.
Labelled page_data(const Labelled& data, std::size_t most = most_page_bytes);

}  // namespace lightloom::experiments
