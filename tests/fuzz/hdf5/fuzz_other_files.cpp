// Labelled files that commands take beside results, weights and checkpoints: settings of meshes,
// measured errors of products, chips drawn from a fit, states of tuning in the loop, parts of
// sweeps; and two results compared, and written as tables. The first byte chooses.
#include <utility>

#include "calibration/product_errors_file.hpp"
#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "experiments/comparison/results_comparison.hpp"
#include "experiments/results/files/mesh_settings_file.hpp"
#include "experiments/results/files/tidy_tables.hpp"
#include "experiments/studies/accuracy/calibrated_chips.hpp"
#include "experiments/studies/loop_state.hpp"
#include "experiments/sweep/merge.hpp"
#include "experiments/sweep/sweep_table.hpp"
#include "photonic/decomposition/matrix_decomposition.hpp"
#include "tests/fuzz/hdf5/identifiers.hpp"
#include "tests/fuzz/hdf5/labelled_edits.hpp"

namespace lightloom::fuzz {
namespace {

using namespace experiments;

Labelled settings() {
  const ComplexMatrix swap{.rows = 2, .columns = 2, .values = {0, 1, 1, 0}};
  return mesh_settings_file(photonic::decompose_matrix(swap, {}), {});
}

Labelled product_errors() {
  return calibration::labelled_product_errors({.outputs = 2,
                                               .period = 2,
                                               .mixing = {0.9, 0.01, 0, 1.1},
                                               .offset = {0, 0.1, 0.2, 0},
                                               .noise_sigma = {0.01, 0.02},
                                               .covariance = {1, 0.1, 0.1, 1}});
}

Labelled posterior() {
  write_posterior("base.h5", {{1, 2, 3}, {1.5, 2.5, 3.5}});
  return read_labelled("base.h5");
}

Labelled loop_state() {
  LoopState state;
  state.identity = "identity";
  save_loop_state("base.h5", state);
  return read_labelled("base.h5");
}

/// A sweep of four points, of which two are done.
Labelled sweep_part() {
  const Tree card = parse_yaml("a: {x: 1}\nsweep: {a.x: [1, 2, 3, 4]}", "sweep.yaml");
  const SweepGrid grid = read_grid(card);
  Labelled table = empty_table(grid);
  for (const std::size_t point : {std::size_t{0}, std::size_t{2}}) {
    Labelled values;
    values.add_axis({"chip", std::vector<std::int64_t>{0, 1}, "1", "chip"});
    values.add({"accuracy", {"chip"}, std::vector<double>{0.5, 0.25}, "1", "accuracy"});
    values.add({"time", {}, std::vector<double>{1e-6}, "s", "time"});
    put_point(table, grid, point, values);
  }
  for (const auto& [name, text] : {std::pair{"kind", "sweep"},
                                   {"card", "a: {x: 1}\nsweep: {a.x: [1, 2, 3, 4]}"},
                                   {"sweep_axes", "x"}})
    table.attributes[name] = std::string(text);
  return table;
}

/// A sound part of the same sweep.
const std::string& sound_part() {
  static const std::string name = [] {
    write_labelled("sound.h5", sweep_part());
    return "sound.h5";
  }();
  return name;
}

void compare(const std::string& path) {
  static const Labelled sound = sweep_part();
  const Labelled data = read_labelled(path);
  (void)compare_results({.first = sound, .second = data}, 1e-9);
  (void)compare_results({.first = data, .second = sound}, 1e-9);
  for (const TidyTable& table : tidy_tables(data)) (void)tidy_csv(data, table);
  for (const Variable& array : data.variables)
    if (!std::holds_alternative<std::vector<std::string>>(array.values)) (void)npy_of(data, array);
}

/// A kind of file and what reads it.
struct Kind {
  Labelled base;
  void (*read)(const std::string& path);
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {settings(), [](const std::string& path) { (void)read_mesh_settings(path); }},
      {product_errors(),
       [](const std::string& path) {
         (void)calibration::product_errors_of(read_labelled(path), path);
       }},
      {posterior(), [](const std::string& path) { (void)read_posterior(path, 3); }},
      {loop_state(), [](const std::string& path) { (void)load_loop_state(path, "identity"); }},
      {sweep_part(), [](const std::string& path) { (void)merge_sweeps({path}); }},
      {sweep_part(),
       [](const std::string& path) {
         (void)merge_sweeps({sound_part(), path});
       }},
      {sweep_part(),
       [](const std::string& path) {
         (void)merge_sweeps({path, sound_part()});
       }},
      {sweep_part(), compare}};
  return all;
}

}  // namespace

void read_input(Input input) {
  if (input.empty()) return;
  const Kind& kind = kinds()[input[0] % kinds().size()];
  const NoIdentifiersLeft guard;
  kind.read(edited_file(kind.base, input.subspan(1)));
}

std::vector<Seed> seeds() {
  std::vector<Seed> all;
  for (std::size_t kind = 0; kind < kinds().size(); ++kind)
    for (Seed seed : edit_seeds()) {
      seed.name += "-" + std::to_string(kind);
      seed.bytes.insert(seed.bytes.begin(), static_cast<std::uint8_t>(kind));
      all.push_back(std::move(seed));
    }
  return all;
}

}  // namespace lightloom::fuzz
