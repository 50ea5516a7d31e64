#include "photonic/cores/tiles.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/error.hpp"
#include "core/parallel.hpp"

namespace lightloom::photonic {
namespace {

std::size_t checked_size(const CoreDescription& description, const TileBatch& batch) {
  const auto size =
      static_cast<std::size_t>(description.rows) * static_cast<std::size_t>(description.columns);
  const std::size_t weights = batch.targets.size();
  require(weights % size == 0 && batch.realised.size() == weights &&
              batch.scales.size() * size == weights,
          "{} target, {} realised weights and {} scales are no whole number of {} x {} tiles",
          weights, batch.realised.size(), batch.scales.size(), description.rows,
          description.columns);
  assert(batch.used.empty() || batch.used.size() == batch.scales.size());
  require(std::all_of(batch.targets.begin(), batch.targets.end(),
                      [](float w) { return std::isfinite(w); }),
          "a weight to be realised is not a finite number (did the training diverge?)");
  return size;
}

UsedPart used_part(const CoreDescription& description, const TileBatch& batch, std::size_t tile) {
  const UsedPart whole{description.rows, description.columns};
  const UsedPart part = batch.used.empty() ? whole : batch.used[tile];
  assert(part.rows <= whole.rows && part.columns <= whole.columns);
  return part;
}

/// Makes zeros of what nobody uses of a tile with rows of `columns`.
void clear_unused(const UsedPart& used, int columns, std::span<float> realised) {
  for (std::size_t k = 0; k < realised.size(); ++k) {
    const int row = static_cast<int>(k) / columns, column = static_cast<int>(k) % columns;
    if (row >= used.rows || column >= used.columns) realised[k] = 0;
  }
}

/// Sums of squares of the error and the target of one tile.
void add_errors(const Tile& tile, RealisationReport& report) {
  for (std::size_t i = 0; i < tile.target.size(); ++i) {
    const double t = tile.target[i], e = tile.realised[i] - t;
    report.squared_error += e * e;
    report.squared_target += t * t;
  }
}

}  // namespace

RealisationReport realise_tiles(const CoreDescription& description, const TileBatch& batch,
                                const TileWork& work) {
  const std::size_t size = checked_size(description, batch);
  std::vector<RealisationReport> reports(batch.scales.size());
  parallel_for_dynamic(static_cast<std::ptrdiff_t>(reports.size()), [&](std::ptrdiff_t number) {
    const auto i = static_cast<std::size_t>(number);
    Tile tile{.target = batch.targets.subspan(i * size, size),
              .address = batch.address,
              .realised = batch.realised.subspan(i * size, size),
              .scale = batch.scales[i]};
    tile.address.tile += static_cast<std::uint32_t>(i);
    reports[i] = work(tile);
    reports[i].tiles = 1;
    reports[i].weights = static_cast<std::int64_t>(size);
    if (!batch.used.empty())
      clear_unused(used_part(description, batch, i), description.columns, tile.realised);
    add_errors(tile, reports[i]);
  });
  RealisationReport total;
  for (const RealisationReport& report : reports) total.add(report);
  return total;
}

void leave_out_unused(const CoreDescription& description, const TileBatch& batch,
                      RealisationReport& report) {
  const std::size_t size = checked_size(description, batch);
  std::vector<RealisationReport> tiles(batch.scales.size());
  parallel_for(static_cast<std::ptrdiff_t>(tiles.size()), [&](std::ptrdiff_t number) {
    const auto i = static_cast<std::size_t>(number);
    const Tile tile{.target = batch.targets.subspan(i * size, size),
                    .address = batch.address,
                    .realised = batch.realised.subspan(i * size, size),
                    .scale = batch.scales[i]};
    clear_unused(used_part(description, batch, i), description.columns, tile.realised);
    add_errors(tile, tiles[i]);
  });
  report.squared_error = report.squared_target = 0;
  for (const RealisationReport& tile : tiles) {
    report.squared_error += tile.squared_error;
    report.squared_target += tile.squared_target;
  }
}

UsedWeights used_weights(const CoreDescription& description, const TileBatch& batch,
                         const Tile& tile) {
  UsedWeights used{.tile = tile.address.tile - batch.address.tile};
  used.part = used_part(description, batch, used.tile);
  const auto columns = static_cast<std::size_t>(description.columns);
  for (std::size_t r = 0; r < static_cast<std::size_t>(used.part.rows); ++r) {
    const auto row = tile.target.subspan(r * columns, static_cast<std::size_t>(used.part.columns));
    used.weights.insert(used.weights.end(), row.begin(), row.end());
  }
  return used;
}

float largest_weight(std::span<const float> tile) {
  float largest = 0;
  for (const float w : tile) largest = std::max(largest, std::abs(w));
  return largest > 0 ? largest : 1.0F;
}

}  // namespace lightloom::photonic
