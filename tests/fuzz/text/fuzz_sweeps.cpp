// The `sweep` section: its grid or design, the first and the last of its points.
#include "core/cards/tree.hpp"
#include "experiments/designs/sweep_grid.hpp"
#include "tests/fuzz/base/fuzzer.hpp"

namespace lightloom::fuzz {

void read_input(Input input) {
  const Tree card = parse_yaml(text_of(input), "sweep.yaml");
  const experiments::SweepGrid grid = experiments::read_grid(card);
  (void)grid.front_axes();
  (void)grid.coordinates();
  for (const std::size_t point : {std::size_t{0}, grid.points() - 1}) {
    (void)grid.describe(point);
    (void)grid.settings(point);
    (void)to_yaml(grid.card_at(card, point));
  }
}

std::vector<Seed> seeds() {
  return {
      {"paths", bytes_of("core: {rows: 8}\nsweep:\n  core.rows: [8, 16, 33]\n"
                         "  weights.bits.basis: [2, 3]\n")},
      {"nested", bytes_of("sweep: {core: {rows: [8, 16], kind: [mzi-mesh, ideal]}}\n")},
      {"list", bytes_of("sweep: {design: list, points: [{core.rows: 8}, {}, {a: [1], b: x}]}\n")},
      {"random", bytes_of("sweep: {design: random, count: 5, seed: 2, axes: {a: {from: 1, to: "
                          "9, scale: log, integer: true}, b: [x, y]}}\n")},
      {"latin", bytes_of("sweep: {design: latin-hypercube, count: 7, axes: {a: {b: {from: -1, "
                         "to: 1e-3}}, c: {values: [1, 2], when: {d: [x, y]}}, d: [x, y, z]}}")},
      {"when", bytes_of("sweep:\n  a: [x, y]\n  b: {values: [1, 2], when: {a: y}}\n")},
      {"sections", bytes_of("sweep:\n  weights: [{source: dense}, {source: integer, bits: 4}]\n"
                            "  phase_sigma_rad: [0.001, 1e-2, .5]\n")}};
}

}  // namespace lightloom::fuzz
