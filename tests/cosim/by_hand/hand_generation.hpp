#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/cosim/by_hand/hand_card.hpp"
#include "tests/cosim/by_hand/hand_layer.hpp"
#include "tests/cosim/generator/generator_fixture.hpp"

// One layer 10 -> 30, 3 x 3 on 6 x 6, from 5 kernels of 2: basis 5 x 2 x 9 words of 3 bits, U 5 x
// 10 x 2 of 6 bits, V 30 x 5 of 4 bits. On 24 x 20: 5 columns (the last of 10) of 2 rows (the last
// of 6).

namespace lightloom::cosim {

constexpr double hand_basis = 5 * 2 * 9, hand_u = 5 * 10 * 2;

struct HandGeneration {
  std::string name;
  CostInput input;
};

/// Coefficients and biases of 7 pJ, DACs of 3 and ADCs of 5 pJ: banks of 4 x 2 (three) and 8 x 6
/// (two) at 2 GHz; 90 mW of laser, 60 mW of held rings.
inline PhotonicGenerator hand_generator() {
  PhotonicGenerator g = round_generator();
  g.bank.input_dac = {.bits = 8, .rate_GHz = 2, .power_mW = 6};
  g.bank.output_adc = {.bits = 8, .rate_GHz = 1, .power_mW = 5};
  g.bank.shifter = {.pi_power_mW = 2, .settle_us = 0.03, .write_energy_pJ = 7};
  g.bank.own.of<photonic::RingBankCard>().mean_shift_rad = std::acos(-1.0) / 4;
  g.static_power_mW = 6.5;
  return g;
}

/// All dataflows, passes, cores and batches, on one kind of generator.
inline std::vector<HandGeneration> hand_generations(const GeneratorCard& generator) {
  std::vector<HandGeneration> cases;
  for (const Dataflow flow :
       {Dataflow::weight_stationary, Dataflow::output_stationary, Dataflow::input_stationary})
    for (const bool signed_inputs : {false, true})
      for (const int cores : {1, 2})
        for (const int batch : {1, 3}) {
          CostInput input = hand_card();
          const ElectronicGenerator electronic = input.generator.electronic;
          input.generator = generator;
          input.generator.electronic = electronic;
          input.layers = {multilevel_layer(conv(10, 30, 3, 6), 2, 5, 3, 6, 4)};
          input.layers[0].signed_inputs = signed_inputs;
          input.schedule.dataflow = flow;
          input.schedule.cores = cores;
          input.batch = batch;
          cases.push_back({fmt::format("{}, dataflow {}, signed {}, {} cores, {}", generator.kind,
                                       static_cast<int>(flow), signed_inputs, cores, batch),
                           std::move(input)});
        }
  return cases;
}

inline GeneratorCard electronic_card() { return {.kind = "electronic"}; }

/// One visit of a tile in which its kernels are formed or wait already.
struct HandVisit {
  HandTile tile;
  bool first_block = true, forms = true;
  /// Bytes of the weight buffer that are sent: half of V, and of U and the basis a fifth.
  [[nodiscard]] double sent_bytes() const {
    const double v = 30 * 5 * 4 / 8.0 / 2, u = hand_u * 6 / 8 / 5, basis = hand_basis * 3 / 8 / 5;
    return v + (forms ? u + basis : 0);
  }
  /// Bytes that come from DRAM for it: the basis first, U by columns, V by rows, once.
  [[nodiscard]] double fetched_bytes() const {
    if (!first_block) return 0;
    double bytes = tile.row == 0 && tile.column == 0 ? hand_basis * 3 / 8 : 0;
    if (tile.row == 0) bytes += hand_u * 6 / 8 / 5;
    if (tile.column == 0) bytes += 30 * 5 * 4 / 8.0 / 2;
    return bytes;
  }
  [[nodiscard]] double macs() const {
    return tile.rows * tile.columns * 5 + (forms ? hand_basis * 10 / 5 : 0);
  }
};

/// Where all kernels wait in the tile buffer they are formed once a column, else for every tile.
enum class HandKernels { wait, formed_anew };
inline std::vector<HandVisit> hand_visits(const HandLayer& layer, HandKernels kernels) {
  std::vector<HandVisit> visits;
  for (int block = 0; block < layer.blocks; ++block)
    for (const HandTile& tile : layer.tiles)
      visits.push_back(
          {.tile = tile,
           .first_block = block == 0,
           .forms = kernels == HandKernels::formed_anew || (block == 0 && tile.row == 0)});
  return visits;
}

/// A visit on the banks of `hand_generator`.
struct HandBanks {
  double words = 0, intra_shots = 0, cross_shots = 0, settings = 0, rounds = 0;
};
inline HandBanks hand_banks(const HandVisit& visit, int kernels_of_a_column = 1) {
  const double v = visit.tile.rows * 5, v_biases = visit.tile.rows;
  HandBanks banks{.words = v + v_biases};
  banks.cross_shots = visit.tile.columns * std::ceil(visit.tile.rows / 8);
  banks.settings = std::ceil(std::ceil(visit.tile.rows / 8) / 2);  // of level 2, two at once
  if (visit.forms) {
    banks.words += hand_u / 5 + 5 * 10 / 5.0;                   // and a bias for each of 10 rows
    banks.intra_shots = 5 * 9 * 3 / 5.0 * kernels_of_a_column;  // 10 channels on 4 rows
    banks.settings += std::ceil(5 * 3 / 5.0 / 3);               // three at once
  }
  banks.rounds = std::ceil(banks.intra_shots / 3) + std::ceil(banks.cross_shots / 2);
  return banks;
}

/// 64 lanes that write 4 bits at 10 Gb/s, but words of 6 where U is set, V alone likewise; 30 ns a
/// setting; shots of 0.5 ns.
inline double hand_generation_ns(const HandVisit& visit) {
  const HandBanks banks = hand_banks(visit);
  return std::ceil(banks.words / 64) * 6 / 10 + banks.settings * 30 + banks.rounds * 0.5;
}
}  // namespace lightloom::cosim
