// Measured against law: the tables of docs/evidence/photonics.md. Prints Markdown; about a minute
// of processor time.
#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "photonic/cores/chip_statistics.hpp"
#include "photonic/cores/kinds/mzi_core.hpp"
#include "photonic/decomposition/clements_reck.hpp"
#include "photonic/meshes/haar.hpp"

namespace lightloom::photonic {
namespace {

constexpr int chips = 40;

CoreCard mesh_card(int modes) {
  CoreCard card = default_card("mzi-mesh");
  mesh_part(card).mesh.modes = modes;
  card.correction = Correction::none;
  return card;
}

/// What a row is of: a mesh of so many modes, and the parameter of its errors.
struct Case {
  const char* what;
  int modes;
  double parameter;
};
void row(const Case& of, const CoreCard& card, double law) {
  const auto& [what, modes, parameter] = of;
  const ChipStatistics s = chip_statistics(card, {.chips = chips});
  const Summary error = summarise(s.error);
  fmt::print("| {} | {} | {} | {:.5f} ± {:.5f} | {:.5f} | {:.3f} | {:.5f} |\n", what, modes,
             parameter, error.mean, error.standard_error, law, error.mean / law,
             summarise(s.unreachable).mean);
}

void reconstruction() {
  fmt::print("| N | Clements | Reck |\n|---|---|---|\n");
  for (const int n : {8, 33, 64, 128, 256}) {
    const SquareMatrix u = haar_unitary(n, Stream({.seed = 1}));
    const auto error = [&](MeshKind kind, const MeshSettings& settings) {
      return matrix_error(mesh_matrix(make_topology(kind, n), DeviceKind::mzi, settings), u);
    };
    fmt::print("| {} | {:.1e} | {:.1e} |\n", n, error(MeshKind::clements, decompose_clements(u)),
               error(MeshKind::reck, decompose_reck(u)));
  }
}

void laws() {
  fmt::print(
      "\n| errors | N | parameter | measured | law | ratio | unreachable "
      "|\n|---|---|---|---|---|---|---|\n");
  for (const int n : {8, 16, 32, 64, 128}) {
    for (const double sigma : {0.005, 0.02}) {
      const double law = std::sqrt(2.0 * (n - 1)) * sigma;
      CoreCard card = mesh_card(n);
      mesh_part(card).fabrication.splitter_sigma_rad = sigma;
      row({"splitters, uncorrected", n, sigma}, card, law);
      mesh_part(card).mesh.device = DeviceKind::three_splitter;
      row({"three splitters, uncorrected", n, sigma}, card, std::sqrt(1.5) * law);
      mesh_part(card).mesh.device = DeviceKind::mzi;
      card.correction = Correction::local;
      row({"splitters, corrected", n, sigma}, card,
          law * law / std::sqrt(6.0) * std::sqrt((n + 1.0) / (n - 1.0)));
    }
    CoreCard card = mesh_card(n);
    card.phase_sigma_rad = 0.01;
    row({"phases", n, 0.01}, card, std::sqrt(n) * 0.01);
    card = mesh_card(n);
    card.phase_bits = 8;
    row({"8-bit phases", n, 8}, card, std::sqrt(n) * 2 * std::numbers::pi / 256 / std::sqrt(12.0));
  }
}

}  // namespace
}  // namespace lightloom::photonic

int main() {
  lightloom::photonic::reconstruction();
  lightloom::photonic::laws();
}
