#include "cosim/network/shared_words.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "cosim/visits/visit_traffic.hpp"

namespace lightloom::cosim {
namespace {

/// Whether a layer's words come as its source stores them.
bool reads_shared_words(const LayerSetup& setup) {
  const bool plain = setup.layer.takes_work() && !setup.regenerate;
  return setup.layer.shared.group > 0 && !setup.stored_as_settings && !plain;
}

/// Room that layers need while their words come from DRAM.
double fetching_bytes(std::span<const LayerSetup> setups) {
  double tile = 0, kept = 0;
  for (const LayerSetup& setup : setups) {
    tile = std::max(tile, tile_weight_bytes(setup, visit_of(setup, {}, 0, 0)));
    kept = std::max(kept, setup.kept_bytes());
  }
  const CostContext& context = setups.front().context;
  return kept + tile * context.input.schedule.weight_slots * context.choice.cores;
}

}  // namespace

HereWords words_here(std::span<const LayerSetup> setups) {
  if (std::none_of(setups.begin(), setups.end(), reads_shared_words)) return {};
  const double room = setups.front().input().memory.weight_buffer.bytes() - fetching_bytes(setups);
  HereWords here{.bits = std::vector<double>(setups.size()),
                 .since = std::vector<std::size_t>(setups.size())};
  std::iota(here.since.begin(), here.since.end(), std::size_t{0});
  std::vector<double> taken(setups.size());  // by layer, of the room
  std::map<int, std::size_t> latest;         // layer of a group
  for (std::size_t i = 0; i < setups.size(); ++i) {
    if (!reads_shared_words(setups[i])) continue;
    const SharedWords& shared = setups[i].layer.shared;
    const auto [before, is_first] = latest.try_emplace(shared.group, i);
    if (is_first) continue;
    const double bytes = static_cast<double>(shared.bits) / 8;
    const bool already = here.bits[before->second] > 0;  // counted in the layer before
    const auto begin =
                   taken.begin() + static_cast<std::ptrdiff_t>(before->second + (already ? 1 : 0)),
               end = taken.begin() + static_cast<std::ptrdiff_t>(i) + 1;
    if (*std::max_element(begin, end) + bytes <= room) {
      here.bits[i] = static_cast<double>(shared.bits);
      here.since[i] = before->second;
      std::for_each(begin, end, [bytes](double& of_layer) { of_layer += bytes; });
    }
    before->second = i;
  }
  here.most_bytes = *std::max_element(taken.begin(), taken.end());
  return here;
}

}  // namespace lightloom::cosim
