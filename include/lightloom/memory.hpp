#pragma once

// DRAM and on-chip buffers.
#include "memory/buffers/buffer_card.hpp"
#include "memory/buffers/edram.hpp"
#include "memory/dram/dram_card.hpp"
#include "memory/dram/dram_command.hpp"
#include "memory/memory_card.hpp"
#include "memory/traffic/dram_estimate.hpp"
#include "memory/traffic/dram_run.hpp"
#include "memory/traffic/mapping_advisor.hpp"
#include "memory/traffic/request_source.hpp"
#include "memory/traffic/trace_file.hpp"
#include "memory/traffic/trace_format.hpp"
