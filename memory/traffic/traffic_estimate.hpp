#pragma once

#include "memory/dram/dram_card.hpp"
#include "memory/traffic/dram_estimate.hpp"
#include "memory/traffic/request_source.hpp"

namespace lightloom::memory {

/// Service of any traffic, from a sample of its addresses (the first `sample` requests of `source`,
/// no simulation):
///   bus         largest share of one channel x BL
///   ccd_l       share of the commonest bank group inside a window of the queue x CCD_L (of writes
///               CCD_L_WR)
///   activate    activations x max(RRD_S, FAW / 4, 32AW / 32), a request counting as a hit if its
///   row was used
///               within the window
///   row_cycle   activations of the busiest bank x RC
///   turnaround  bus plus, for each drained batch of writes, the idle gap of going to writes and
///               back
///   injection   1 / requests per cycle, or the mean distance of arrivals if that is longer
DramEstimate estimate_traffic(const DramCard& card, RequestSource& source, int sample = 8192);

}  // namespace lightloom::memory
