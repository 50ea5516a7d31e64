#include "photonic/cores/chip_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/random/random.hpp"
#include "photonic/cores/core_table.hpp"

namespace lightloom::photonic {
namespace {

ChipRow weights_row(const TensorCore& core, double loss_db, const WeightTargets& targets,
                    const TileAddress& address) {
  const CoreDescription& about = core.description();
  const Stream stream({.seed = address.seed, .purpose = Purpose::haar, .chip = address.chip});
  const std::vector<float> target = target_tiles(targets, stream, about.rows, about.columns);
  const std::size_t size = target.size();
  std::vector<float> realised(size), scales(size / (static_cast<std::size_t>(about.rows) *
                                                    static_cast<std::size_t>(about.columns)));
  const RealisationReport report = core.realise(target, address, realised, scales);
  std::vector<float> variance(size);
  core.cell_noise(target, address, {.variance = variance, .light = {}});
  double overlap = 0, norm = 0, reading = 0;
  for (const float v : variance) reading += v;
  for (std::size_t k = 0; k < size; ++k) {
    overlap += static_cast<double>(target[k]) * realised[k];
    norm += static_cast<double>(realised[k]) * realised[k];
  }
  return {.error = std::sqrt(report.squared_error / report.squared_target),
          .fidelity = overlap * overlap / (norm * report.squared_target),
          .unreachable = report.devices > 0 ? static_cast<double>(report.unreachable_devices) /
                                                  static_cast<double>(report.devices)
                                            : 0.0,
          .insertion_loss_db = loss_db,
          .power_mW = about.cost.hold_power_mW * static_cast<double>(about.cost.devices),
          .reading_error = std::sqrt(reading / report.squared_target)};
}

}  // namespace

ChipStatistics collect_chips(const ChipOptions& options,
                             const std::function<ChipRow(const TileAddress&)>& row) {
  std::vector<ChipRow> rows(static_cast<std::size_t>(options.chips));
  parallel_for_dynamic(options.chips, [&](std::ptrdiff_t i) {
    rows[static_cast<std::size_t>(i)] =
        row({.seed = options.seed, .chip = options.first_chip + static_cast<std::uint32_t>(i)});
  });
  ChipStatistics result;
  for (const ChipRow& chip : rows) {
    result.error.push_back(chip.error);
    result.fidelity.push_back(chip.fidelity);
    result.unreachable.push_back(chip.unreachable);
    result.insertion_loss_db.push_back(chip.insertion_loss_db);
    result.power_mW.push_back(chip.power_mW);
    result.reading_error.push_back(chip.reading_error);
  }
  return result;
}

ChipStatistics chip_statistics(const CoreCard& card, const ChipOptions& options) {
  require(options.chips >= 1, "statistics need at least one chip, not {}", options.chips);
  options.targets.validate();
  const CoreEntry& entry = core_entry(card.kind);
  require(!entry.statistics || options.targets.law == WeightTargets::Law::uniform,
          "chips of a core of kind '{}' are asked for its own targets, not for {}", card.kind,
          options.targets.name());
  if (entry.statistics) return entry.statistics(card, options);
  const auto core = make_core(card);
  const double loss_db = insertion_loss_db(card);
  ChipStatistics result = collect_chips(options, [&](const TileAddress& address) {
    return weights_row(*core, loss_db, options.targets, address);
  });
  result.target = options.targets.name();
  return result;
}

}  // namespace lightloom::photonic
