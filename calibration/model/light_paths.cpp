#include "calibration/model/light_paths.hpp"

namespace lightloom::calibration {
namespace {

const photonic::Cell& at(const ChipShape& shape, int cell) {
  return shape.topology.cells[static_cast<std::size_t>(cell)];
}

void keep_shorter(std::optional<Arm>& best, Arm arm) {
  if (!best || arm.bars.size() < best->bars.size()) best = std::move(arm);
}

/// A way from a cell along a port: forwards (step 1) or back (-1).
struct Way {
  int cell, port, step;
};

/// Follows a way, straight through bars, to the first heater on it or to the end.
std::optional<Arm> follow(const ChipShape& shape, const Way& way, const std::vector<bool>& silent) {
  const auto [cell, port, step] = way;
  Arm arm{.top = port == at(shape, cell).top};
  for (int k = next_cell(shape, cell, port, step); k >= 0; k = next_cell(shape, k, port, step)) {
    const auto phi = 2 * static_cast<std::size_t>(k) + 1;
    const bool turns = at(shape, k).top == port && !silent[phi];
    if (step > 0 && turns) {  // the heater comes before the cell
      arm.heater = 2 * k + 1;
      return arm;
    }
    if (silent[phi - 1]) return std::nullopt;  // a bar that cannot be set
    arm.bars.push_back(k);
    if (turns) {
      arm.heater = 2 * k + 1;
      return arm;
    }
  }
  arm.port = port;
  return arm;
}

}  // namespace

int next_cell(const ChipShape& shape, int cell, int port, int step) {
  for (int k = cell + step; k >= 0 && k < shape.cells(); k += step)
    if (at(shape, k).top == port || at(shape, k).bottom == port) return k;
  return -1;
}

std::vector<bool> reach(const ChipShape& shape, int cell, bool top, int step) {
  std::vector<bool> lit(static_cast<std::size_t>(shape.ports()));
  lit[static_cast<std::size_t>(top ? at(shape, cell).top : at(shape, cell).bottom)] = true;
  for (int k = cell + step; k >= 0 && k < shape.cells(); k += step) {
    const auto upper = static_cast<std::size_t>(at(shape, k).top),
               lower = static_cast<std::size_t>(at(shape, k).bottom);
    lit[upper] = lit[lower] = lit[upper] || lit[lower];
  }
  return lit;
}

std::optional<Arm> arm_before(const ChipShape& shape, int cell, const std::vector<bool>& silent) {
  const photonic::Cell& own = at(shape, cell);
  const int phi = 2 * cell + 1;
  if (!silent[static_cast<std::size_t>(phi)]) return Arm{.top = true, .heater = phi};
  std::optional<Arm> best;
  for (const int port : {own.top, own.bottom})
    if (std::optional<Arm> arm = follow(shape, {cell, port, -1}, silent))
      keep_shorter(best, std::move(*arm));
  return best;
}

std::optional<Arm> arm_behind(const ChipShape& shape, int cell, const std::vector<bool>& silent) {
  const photonic::Cell& own = at(shape, cell);
  std::optional<Arm> best;
  for (const int port : {own.top, own.bottom})
    if (std::optional<Arm> arm = follow(shape, {cell, port, +1}, silent))
      keep_shorter(best, std::move(*arm));
  return best;
}

int cell_before(const ChipShape& shape, int cell) {
  int before = cell - 1;
  while (before >= 0 && at(shape, before).top != at(shape, cell).top) --before;
  return before;
}

std::optional<Loop> loop_of_phi(const ChipShape& shape, int cell) {
  const int before = cell_before(shape, cell);
  if (before >= 0) return Loop{before, cell};
  for (int k = cell + 1; k < shape.cells(); ++k) {
    if (at(shape, k).bottom != at(shape, cell).top) continue;
    const int first = cell_before(shape, k);
    if (first >= 0 && first < cell) return Loop{first, k};
  }
  return std::nullopt;
}

}  // namespace lightloom::calibration
