#include "photonic/cores/weight_targets.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace lightloom::photonic {
namespace {

std::vector<float> cut_into_tiles(const WeightTargets& given, int rows, int columns) {
  std::vector<float> tiles;
  for (int top = 0; top < given.rows; top += rows)
    for (int left = 0; left < given.columns; left += columns)
      for (int i = top; i < top + rows; ++i)
        for (int j = left; j < left + columns; ++j)
          tiles.push_back(i < given.rows && j < given.columns
                              ? given.matrix[static_cast<std::size_t>(i) *
                                                 static_cast<std::size_t>(given.columns) +
                                             static_cast<std::size_t>(j)]
                              : 0.0F);
  return tiles;
}

}  // namespace

std::string WeightTargets::name() const {
  switch (law) {
    case Law::uniform:
      break;
    case Law::normal:
      return "normal weights";
    case Law::levels:
      return fmt::format("weights of {} levels", levels);
    case Law::given:
      return fmt::format("given weights ({} x {})", rows, columns);
  }
  return "uniform weights";
}

void WeightTargets::validate() const {
  require(law != Law::levels || levels >= 2, "weights of {} levels (two are the least)", levels);
  require(law != Law::given ||
              (rows > 0 && columns > 0 &&
               matrix.size() == static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns)),
          "{} given weights are no {} x {} matrix", matrix.size(), rows, columns);
}

std::vector<float> target_tiles(const WeightTargets& targets, const Stream& stream, int rows,
                                int columns) {
  using Law = WeightTargets::Law;
  if (targets.law == Law::given) return cut_into_tiles(targets, rows, columns);
  std::vector<float> tile(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
  for (std::size_t k = 0; k < tile.size(); ++k) {
    const auto level = [&] {
      return static_cast<double>(stream.below(static_cast<std::uint64_t>(targets.levels), k));
    };
    const double weight = targets.law == Law::normal   ? stream.normal(k)
                          : targets.law == Law::levels ? 2 * level() / (targets.levels - 1) - 1
                                                       : 2 * stream.uniform(k) - 1;
    tile[k] = static_cast<float>(weight);
  }
  return tile;
}

}  // namespace lightloom::photonic
