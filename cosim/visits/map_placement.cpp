#include "cosim/visits/map_placement.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

namespace lightloom::cosim {
namespace {

constexpr double impossible = std::numeric_limits<double>::infinity();

/// Where a layer's maps are.
struct Place {
  bool input_in_dram = false;
  bool keeps_input = true;  // once it has come
  bool output_in_dram = false;
};

/// What a place leaves for the DRAM.
struct Spill {
  double dram_bytes = impossible;
  double sums = 0;  // share of the partial sums
};

Spill spill_of(const LayerSetup& setup, const Place& place, bool last) {
  const CostInput& input = setup.input();
  const double in = input_map_bytes(input, setup.layer), out = output_map_bytes(input, setup.layer),
               capacity = input.memory.activation_buffer.bytes();
  const double held = (place.keeps_input ? in : 0) + (place.output_in_dram ? 0 : out);
  const bool must_fit = place.input_in_dram ? place.keeps_input : !place.output_in_dram;
  if (must_fit && held > capacity) return {};
  const double room = std::max(0.0, capacity - held), waiting = waiting_sum_bytes(setup);
  Spill spill{.dram_bytes = 0, .sums = waiting > room ? 1 - room / waiting : 0};
  if (place.input_in_dram)
    spill.dram_bytes += in * (place.keeps_input ? 1 : setup.mapping.row_tiles);
  if (place.output_in_dram || last) spill.dram_bytes += out;
  const double sums =
      setup.vectors * setup.mapped_outputs() * input.schedule.accumulator_bits / 8 * spill.sums;
  spill.dram_bytes += 2.0 * (setup.mapping.column_tiles - 1) * sums;
  return spill;
}

/// The best way to reach a state, an output on chip (0) or in DRAM (1).
struct Reached {
  double dram_bytes = impossible;
  Place place;
  double sums = 0;
};
using States = std::array<Reached, 2>;

States extend(const LayerSetup& setup, const States& before, bool last) {
  States states;
  for (const Place& place :
       {Place{false, true, false}, Place{true, true, false}, Place{false, true, true},
        Place{true, true, true}, Place{true, false, true}}) {
    const double so_far = before[place.input_in_dram ? 1 : 0].dram_bytes;
    Reached& state = states[place.output_in_dram ? 1 : 0];
    const Spill spill = spill_of(setup, place, last);
    const double bytes = so_far + spill.dram_bytes;
    if (bytes < state.dram_bytes) state = {bytes, place, spill.sums};
  }
  return states;
}

void settle(LayerSetup& setup, const Reached& state, bool last) {
  const double in = input_map_bytes(setup.input(), setup.layer),
               out = output_map_bytes(setup.input(), setup.layer);
  const Place& place = state.place;
  setup.spilled_sums = state.sums;
  setup.spills_output = place.output_in_dram;
  if (place.input_in_dram)
    setup.input_bytes = in * (place.keeps_input ? 1 : setup.mapping.row_tiles);
  if (place.output_in_dram || last) setup.output_bytes = out;
}

}  // namespace

double waiting_sum_bytes(const LayerSetup& setup) {
  const CostInput& input = setup.input();
  const LayerMapping& m = setup.mapping;
  if (m.column_tiles == 1 || input.schedule.dataflow == Dataflow::output_stationary) return 0;
  const int rows = setup.column_outer ? m.group_rows : std::min(m.tile.rows, m.group_rows);
  return setup.vectors / static_cast<double>(setup.blocks) * rows *
         input.schedule.accumulator_bits / 8;
}

void place_maps(std::span<LayerSetup> setups) {
  std::vector<States> states;
  States before{Reached{}, Reached{.dram_bytes = 0}};  // the network's input
  for (const LayerSetup& setup : setups) {
    states.push_back(extend(setup, before, &setup == &setups.back()));
    before = states.back();
  }
  std::size_t end = before[1].dram_bytes < before[0].dram_bytes ? 1 : 0;
  for (std::size_t i = setups.size(); i-- > 0;) {
    settle(setups[i], states[i][end], i + 1 == setups.size());
    end = states[i][end].place.input_in_dram ? 1 : 0;
  }
}

}  // namespace lightloom::cosim
