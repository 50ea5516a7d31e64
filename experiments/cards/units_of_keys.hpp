#pragma once

#include <string>
#include <string_view>

namespace lightloom::experiments {

/// The unit that a card key carries at its end ("phase_sigma_rad" gives "rad", "bandwidth_GBps"
/// gives "GB/s"), or "1".
std::string unit_of_key(std::string_view key);

}  // namespace lightloom::experiments
