#pragma once

#include "cosim/network/network_plan.hpp"

namespace lightloom::cosim {

/// A time that a plan takes at least, whatever the order of its DRAM: that of the part that all
/// layers together keep busy longest, or of the cores layer by layer. In ns; known without the
/// tiles of its schedule.
double least_time_ns(const NetworkPlan& plan);

}  // namespace lightloom::cosim
