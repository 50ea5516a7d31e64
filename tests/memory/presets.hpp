#pragma once

#include <string>

#include "core/cards/tree.hpp"
#include "memory/dram/dram_card.hpp"
#include "memory/memory_card.hpp"

namespace lightloom::memory {

inline std::string preset_path(const std::string& name) {
  return std::string(LIGHTLOOM_SOURCE_DIR) + "/data/memory/" + name + ".yaml";
}
inline DramCard preset(const std::string& name, const std::vector<std::string>& settings = {}) {
  return read_dram(load_card(preset_path(name), settings));
}

}  // namespace lightloom::memory
