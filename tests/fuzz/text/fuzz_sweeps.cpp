// The `sweep` section: its grid, the first and the last of its points.
#include "core/cards/tree.hpp"
#include "experiments/designs/sweep_grid.hpp"
#include "tests/fuzz/base/fuzzer.hpp"

namespace lightloom::fuzz {

void read_input(Input input) {
  const Tree card = parse_yaml(text_of(input), "sweep.yaml");
  const experiments::SweepGrid grid = experiments::read_grid(card);
  for (const experiments::SweepAxis& axis : grid.axes) (void)experiments::coordinate(axis);
  for (const std::size_t point : {std::size_t{0}, grid.points() - 1}) {
    (void)grid.describe(point);
    (void)grid.settings(point);
    (void)to_yaml(grid.card_at(card, point));
  }
}

std::vector<Seed> seeds() {
  return {{"paths", bytes_of("core: {rows: 8}\nsweep:\n  core.rows: [8, 16, 33]\n"
                             "  weights.bits.basis: [2, 3]\n")},
          {"nested", bytes_of("sweep: {core: {rows: [8, 16], kind: [mzi-mesh, ideal]}}\n")},
          {"sections", bytes_of("sweep:\n  weights: [{source: dense}, {source: integer, bits: 4}]\n"
                                "  phase_sigma_rad: [0.001, 1e-2, .5]\n")}};
}

}  // namespace lightloom::fuzz
