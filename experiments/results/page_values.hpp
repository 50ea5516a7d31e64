#pragma once

#include <cstddef>

#include "core/files/labelled.hpp"
#include "experiments/results/json.hpp"

namespace lightloom::experiments {

/// Values as a page embeds them: a list, or of many an object that its data.js unpacks to the same
/// list. Numbers of at most seven digits keep them all.
///   {"from", "count"}    whole numbers one after the other
///   {"of", "at"}         at most 256 different ones, and base64 of a byte for each: which of them
///   {"decimals"}         base64 of four bytes for each: m (three bytes, the lowest first) and e
///                        (64 more than it is; 128 more still where the number is negative) of
///                        m 10^e; what is no number has the largest m
Json page_values(const Values& values);

/// Bytes that `page_values` takes, about.
std::size_t page_bytes(const Values& values);

}  // namespace lightloom::experiments
