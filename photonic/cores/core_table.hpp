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

/// What time does to a core.
enum class Ageing {
  none,         // nothing
  calibration,  // it drifts from its last calibration, which makes it new
  cells,  // its cells change; a calibration knows by how much, and only writing makes them new
};

struct CoreSize {
  int rows = 0, columns = 0;
};

/// What the devices of one sort are set to, errors of the chip included.
struct DeviceSettings {
  std::string name;            // "theta_first": of an array in a file
  std::string unit;            // "rad"; "1" for ratios
  std::string long_name;       // what it is, in words
  std::vector<double> values;  // (tiles, devices)
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
  /// Whether the devices of positive and negative weights can be read apart (`read_phases: 4`).
  WeightSigns signs = WeightSigns::inseparable;
  /// Sets the time since the core was programmed (phases: since they were calibrated) and tells
  /// whether anything of this card changes with it. Throws `Error` for a time it cannot have. May
  /// be empty: nothing changes.
  std::function<Ageing(CoreCard&, double age_s)> age{};
  /// What devices are set to when a batch of tiles is realised (its `realised` and `scales` are not
  /// used). May be empty: a kind that does not tell.
  std::function<std::vector<DeviceSettings>(const CoreCard&, const TileBatch&)> settings{};
  /// Why the devices of equal weights of a column cannot be given one level (`sparse_dac`), with
  /// what to do about it; an empty text: they can. May be empty: they cannot.
  std::function<std::string(const CoreCard&)> unequal_levels{};
};

/// The row of that name; it stays where it is. Throws `Error`, naming the nearest known name.
const CoreEntry& core_entry(std::string_view name);
/// All names, ours first.
std::vector<std::string> core_kinds();

/// Adds a kind of core, from then on as good as ours in cards. Throws `Error` for a name that is
/// empty or taken, and for a row without `make` or `optics`. Thread-safe.
void register_core(const CoreEntry& entry);

/// Our rows, each at the end of its own file.
CoreEntry cell_core();
CoreEntry dynamic_core();
CoreEntry ideal_core();
CoreEntry incoherent_core();
CoreEntry mrr_core();
CoreEntry mzi_core();
CoreEntry pcm_core();

}  // namespace lightloom::photonic
