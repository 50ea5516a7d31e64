#include "photonic/cores/measured_core.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "photonic/readout/frozen_errors.hpp"

namespace lightloom::photonic {
namespace {

/// Frozen errors as a core of another size has them: outputs and cells in turn, from the first one
/// again after the last. Outputs mix within each turn.
FrozenErrors repeated(const FrozenErrors& one, int rows, int columns) {
  const bool mixes = one.of == FrozenErrorOf::outputs;
  FrozenErrors all{.of = one.of,
                   .outputs = rows,
                   .inputs = mixes ? rows : columns,
                   .period = one.period,
                   .noise_common = one.noise_common};
  const double unit = mixes ? std::sqrt(static_cast<double>(rows) / one.outputs) : 1.0;
  for (int r = 0; r < rows; ++r) {
    const auto from = static_cast<std::size_t>(r % one.outputs);
    all.gain.push_back(one.gain[from]);
    all.noise_sigma.push_back(one.noise_sigma[from]);
    for (int c = 0; c < all.inputs; ++c) {
      const bool apart = mixes && r / one.outputs != c / one.outputs;
      const std::size_t cell =
          from * static_cast<std::size_t>(one.inputs) + static_cast<std::size_t>(c % one.inputs);
      all.cells.push_back(apart ? 0.0 : unit * one.cells[cell]);
    }
  }
  const auto outputs = static_cast<std::size_t>(one.outputs);
  for (std::size_t t = 0; t < static_cast<std::size_t>(one.period); ++t)
    for (std::size_t r = 0; r < all.gain.size(); ++r)
      all.offset.push_back(one.offset[t * outputs + r % outputs]);
  return all;
}

/// Rows of a tile while its weights change.
struct TileRows {
  std::span<float> weights;
  int columns = 0;
  UsedPart used;

  [[nodiscard]] std::span<float> row(int r) const {
    return weights.subspan(static_cast<std::size_t>(r) * static_cast<std::size_t>(columns),
                           static_cast<std::size_t>(used.columns));
  }
};

double rms_weight(std::span<const float> values) {
  double sum = 0;
  for (const float w : values) sum += double{w} * w;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

void err_weights(const FrozenErrors& frozen, const TileRows& tile) {
  for (int r = 0; r < tile.used.rows; ++r) {
    const auto row = tile.row(r);
    const double rms = rms_weight(row), gain = frozen.gain[static_cast<std::size_t>(r)];
    const double* cells = frozen.cells.data() + static_cast<std::ptrdiff_t>(r) * frozen.inputs;
    for (std::size_t c = 0; c < row.size(); ++c)
      row[c] = static_cast<float>(gain * row[c] + cells[c] * rms);
  }
}

void mix_outputs(const FrozenErrors& frozen, const TileRows& tile) {
  const std::vector<float> before(tile.weights.begin(), tile.weights.end());
  const double unit = 1 / std::sqrt(static_cast<double>(frozen.outputs));
  const auto columns = static_cast<std::size_t>(tile.columns);
  std::vector<double> sum(static_cast<std::size_t>(tile.used.columns));
  for (int r = 0; r < tile.used.rows; ++r) {
    std::fill(sum.begin(), sum.end(), 0.0);
    for (int k = 0; k < tile.used.rows; ++k) {
      const auto cell = static_cast<std::size_t>(r) * static_cast<std::size_t>(frozen.inputs) +
                        static_cast<std::size_t>(k);
      const double mixed =
          unit * frozen.cells[cell] + (k == r ? frozen.gain[static_cast<std::size_t>(r)] : 0.0);
      const float* from = before.data() + static_cast<std::size_t>(k) * columns;
      for (std::size_t c = 0; c < sum.size(); ++c) sum[c] += mixed * from[c];
    }
    std::ranges::transform(sum, tile.row(r).begin(),
                           [](double w) { return static_cast<float>(w); });
  }
}

class MeasuredCore final : public TensorCore {
 public:
  MeasuredCore(std::unique_ptr<TensorCore> core, const MeasuredCard& card)
      : core_(std::move(core)), card_(card), description_(core_->description()) {
    description_.noise = {};
    if (card.chip != MeasuredChip::as_measured) return;
    const int rows = description_.rows, columns = description_.columns;
    const ProductErrors& errors = *card.errors;
    require(card.repeat || errors.outputs == rows,
            "the errors of products '{}' are of {} outputs, the core has {} (give it that many "
            "rows, or take the outputs in turn with measured.repeat: true)",
            card.file, errors.outputs, rows);
    measured_ = std::make_shared<const FrozenErrors>(
        repeated(frozen_errors(errors, card.law.frozen), rows, columns));
  }

  [[nodiscard]] const CoreDescription& description() const override { return description_; }

  RealisationReport realise(std::span<const float> targets, TileAddress address,
                            std::span<float> realised, std::span<float> scales) const override {
    return realise_used({targets, address, realised, scales});
  }

  RealisationReport realise_used(const TileBatch& batch) const override {
    RealisationReport report = core_->realise_used(batch);
    const auto frozen = errors_of(batch.address.seed, batch.address.chip);
    const std::size_t size = static_cast<std::size_t>(description_.rows) *
                             static_cast<std::size_t>(description_.columns);
    std::vector<double> squares(batch.scales.size());
    parallel_for(static_cast<std::ptrdiff_t>(squares.size()), [&](std::ptrdiff_t number) {
      const auto i = static_cast<std::size_t>(number);
      const UsedPart whole{description_.rows, description_.columns};
      const TileRows tile{.weights = batch.realised.subspan(i * size, size),
                          .columns = description_.columns,
                          .used = batch.used.empty() ? whole : batch.used[i]};
      (frozen->of == FrozenErrorOf::outputs ? mix_outputs : err_weights)(*frozen, tile);
      for (std::size_t k = 0; k < size; ++k) {
        const double error = double{tile.weights[k]} - batch.targets[i * size + k];
        squares[i] += error * error;
      }
    });
    report.squared_error = 0;
    for (const double square : squares) report.squared_error += square;
    return report;
  }

  void cell_noise(std::span<const float> targets, TileAddress address,
                  CellNoise noise) const override {
    core_->cell_noise(targets, address, noise);
  }

  [[nodiscard]] OutputErrors output_errors(std::uint64_t seed, std::uint32_t chip) const override {
    const auto frozen = errors_of(seed, chip);
    OutputErrors errors{.period = frozen->period,
                        .noise_common = static_cast<float>(frozen->noise_common)};
    errors.offset.assign(frozen->offset.begin(), frozen->offset.end());
    errors.noise_sigma.assign(frozen->noise_sigma.begin(), frozen->noise_sigma.end());
    return errors;
  }

 private:
  /// Those of a chip; the last ones drawn are kept, since layers ask for them one after the other.
  [[nodiscard]] std::shared_ptr<const FrozenErrors> errors_of(std::uint64_t seed,
                                                              std::uint32_t chip) const {
    if (measured_) return measured_;
    const std::lock_guard lock(mutex_);
    if (!drawn_ || drawn_of_ != std::pair{seed, chip}) {
      drawn_ = std::make_shared<const FrozenErrors>(
          draw_frozen_errors(card_.law, {.seed = seed,
                                         .chip = chip,
                                         .outputs = description_.rows,
                                         .inputs = description_.columns}));
      drawn_of_ = {seed, chip};
    }
    return drawn_;
  }

  std::unique_ptr<TensorCore> core_;
  MeasuredCard card_;
  CoreDescription description_;
  std::shared_ptr<const FrozenErrors> measured_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const FrozenErrors> drawn_;
  mutable std::pair<std::uint64_t, std::uint32_t> drawn_of_;
};

}  // namespace

std::unique_ptr<TensorCore> measured_core(std::unique_ptr<TensorCore> core,
                                          const MeasuredCard& card) {
  if (!card.used()) return core;
  return std::make_unique<MeasuredCore>(std::move(core), card);
}

}  // namespace lightloom::photonic
