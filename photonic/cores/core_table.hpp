#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "photonic/cores/chip_statistics.hpp"
#include "photonic/cores/core_card.hpp"
#include "photonic/cores/core_cost.hpp"

namespace lightloom::photonic {

struct CoreSize {
  int rows = 0, columns = 0;
};

/// One kind of core: all that the rest of the code knows of it. A kind is one file, which ends in
/// this row, and one line of the table in core_table.cpp; code outside this library hands its row
/// to `register_core` (docs/examples/small_core.cpp is a whole one).
struct CoreEntry {
  /// What cards call it.
  std::string name;
  /// Reads what only this kind has, behind what all cores have. May be empty.
  std::function<void(Section&, CoreCard&)> describe;
  std::function<std::unique_ptr<TensorCore>(const CoreCard&)> make;
  /// How its light is sent and read.
  std::function<CoreOptics(const CoreCard&)> optics;
  /// What is programmed, and what it takes. May be empty: nothing is.
  std::function<CoreDevices(const CoreCard&)> devices;
  /// Outputs and inputs. May be empty: rows and columns of the card, 64 for a 0.
  std::function<CoreSize(const CoreCard&)> size;
  /// What its chips make of random targets. May be empty: one tile of uniform weights a chip.
  std::function<ChipStatistics(const CoreCard&, const ChipOptions&)> statistics;
};

/// The row of that name; it stays where it is. Throws `Error`, naming the nearest known name.
const CoreEntry& core_entry(std::string_view name);
/// All names, ours first.
std::vector<std::string> core_kinds();

/// Adds a kind of core, from then on as good as ours in cards. Throws `Error` for a name that is
/// empty or taken, and for a row without `make` or `optics`. Thread-safe.
void register_core(const CoreEntry& entry);

/// Our rows, each at the end of its own file.
CoreEntry dynamic_core();
CoreEntry ideal_core();
CoreEntry mrr_core();
CoreEntry mzi_core();
CoreEntry pcm_core();

}  // namespace lightloom::photonic
