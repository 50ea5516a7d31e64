#pragma once

// DRAM and on-chip buffers.
#include "memory/buffers/buffer_card.hpp"
#include "memory/buffers/edram.hpp"
#include "memory/dram/dram_card.hpp"
#include "memory/dram/dram_command.hpp"
#include "memory/dram/dram_estimate.hpp"
#include "memory/dram/dram_run.hpp"
#include "memory/dram/request_source.hpp"
#include "memory/memory_card.hpp"
