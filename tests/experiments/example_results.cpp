#include "tests/experiments/example_results.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "experiments/results/files/provenance.hpp"
#include "experiments/sweep/sweep_table.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;

std::vector<double> filled(std::size_t count, double first, double ratio) {
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = first * std::pow(ratio, static_cast<double>(i % 7));
  return values;
}

/// Intervals and comparisons as a run with baselines has them.
void add_statistics(Labelled& data) {
  const auto number = [&](const std::string& name, double value) {
    data.add({name, {}, std::vector<double>{value}, "1", name});
  };
  for (const char* name : {"accuracy_float", "accuracy_source", "accuracy_chips_images",
                           "accuracy_chips_together", "accuracy_chips_next"}) {
    number(std::string(name) + "_low", 0.93);
    number(std::string(name) + "_high", 0.97);
  }
  number("accuracy_between_chips", 0.006);
  number("accuracy_between_trainings", std::nan(""));
  for (const auto& [end, value] :
       {std::pair{"", -0.01}, {"_low", -0.02}, {"_high", 0.0}, {"_p", 0.05}})
    number(std::string("difference_chips_source") + end, value);
  for (const char* end : {"", "_low", "_high", "_p"})
    data.add({std::string("accuracy_gain") + end,
              {"source"},
              std::vector<double>{std::nan(""), 0.01, 0.02},
              "1",
              "gain"});
}

void add_axes(Labelled& data, int chips) {
  std::vector<std::int64_t> numbers;
  for (int chip = 0; chip < chips; ++chip) numbers.push_back(chip);
  data.add_axis({"chip", numbers, "1", "chip"});
  data.add_axis({"source", std::vector<std::string>{"multilevel", "integer 8", "dense"}, "",
                 "weight source"});
  data.add_axis({"layer", std::vector<std::string>{"conv1", "conv2", "fc"}, "", "layer"});
  data.add_axis({"component", std::vector<std::string>{"DRAM", "SRAM", "ADC"}, "", "component"});
  data.add_axis({"stage", std::vector<std::string>{"fetch", "compute"}, "", "stage"});
  data.add_axis(
      {"part", std::vector<std::string>{"core", "activation buffer", "DRAM"}, "", "part"});
  data.add_axis({"state", std::vector<std::string>{"busy", "waiting"}, "", "state of a stage"});
}

void add_cost(Labelled& data) {
  data.add({"time_parts", {"source", "layer", "stage"}, filled(18, 1e-6, 1.3), "s", "time"});
  data.add({"time_by_source", {"source", "stage"}, filled(6, 3e-6, 1.3), "s", "time"});
  data.add({"time_by_part", {"source", "part"}, filled(9, 2e-6, 1.3), "s", "time"});
  data.add({"layer_time_by_part", {"source", "layer", "part"}, filled(27, 1e-6, 1.2), "s", "time"});
  data.add(
      {"stage_time", {"source", "stage", "state"}, filled(12, 2e-6, 1.1), "s", "time in a state"});
  data.add(
      {"energy_parts", {"source", "layer", "component"}, filled(27, 1e-8, 1.2), "J", "energy"});
  data.add({"energy_by_source", {"source", "component"}, filled(9, 3e-8, 1.2), "J", "energy"});
  data.add({"time", {"source"}, std::vector<double>{4e-6, 7e-6, 1.9e-5}, "s", "time of one batch"});
  data.add(
      {"energy", {"source"}, std::vector<double>{1e-7, 2e-7, 5e-7}, "J", "energy of one batch"});
  data.add({"speedup", {"source"}, std::vector<double>{1, 1.75, 4.75}, "1", "speed-up"});
  data.add({"energy_gain", {"source"}, std::vector<double>{1, 2, 5}, "1", "energy gain"});
  data.add({"stored_bits", {"source", "layer"}, filled(9, 1e4, 1.5), "bit", "stored bits"});
}

void add_sensitivity(Labelled& data) {
  data.add_axis({"moved_number",
                 std::vector<std::string>{"core.rows", "<b>key</b></script>", "batch"}, "",
                 "number of the card"});
  data.add_axis({"moved", std::vector<std::string>{"less", "more"}, "", "way"});
  const double missing = std::nan("");
  data.add({"sensitivity_value", {"moved_number"}, std::vector<double>{64, 0.5, 1}, "", "value"});
  data.add({"sensitivity_moved_to",
            {"moved_number", "moved"},
            std::vector<double>{32, 128, 0.25, 1, 1, 2},
            "",
            "moved to"});
  data.add({"sensitivity_provenance",
            {"moved_number"},
            std::vector<std::string>{"no source", "assumed", "no source"},
            "",
            "provenance"});
  for (const char* name : {"sensitivity_speedup", "sensitivity_energy_gain"})
    data.add({name,
              {"moved_number", "moved", "source"},
              std::vector<double>{1, 0.9, 2, 1, 3, 9, 1, 1.7, 4, 1, 1.8, 5, 1, 1.75, 4.75, 1,
                                  missing, missing},
              "1",
              "gain"});
}

}  // namespace

Labelled example_run(int chips) {
  Labelled data;
  add_axes(data, chips);
  std::vector<double> accuracy;
  for (int chip = 0; chip < chips; ++chip) accuracy.push_back(0.95 + 0.01 * std::sin(chip));
  data.add({"accuracy_chip", {"chip"}, accuracy, "1", "accuracy on the analog chip"});
  data.add(
      {"accuracy_float", {}, std::vector<double>{0.982}, "1", "accuracy of the float network"});
  data.add({"accuracy_source",
            {},
            std::vector<double>{0.971},
            "1",
            "accuracy with regenerated weights"});
  data.add(
      {"accuracy_chips_mean", {}, std::vector<double>{0.951}, "1", "mean accuracy over chips"});
  data.add(
      {"accuracy_chips_std", {}, std::vector<double>{0.007}, "1", "standard deviation over chips"});
  data.add(
      {"accuracy_chips_low", {}, std::vector<double>{0.947}, "1", "lower end of the interval"});
  data.add(
      {"accuracy_chips_high", {}, std::vector<double>{0.955}, "1", "upper end of the interval"});
  data.add(
      {"stored_bits_per_weight", {}, std::vector<double>{1.43}, "bit", "stored bits per weight"});
  data.add({"memory_ratio", {}, std::vector<double>{0.0447}, "1", "stored bits over 32-bit dense"});
  add_statistics(data);
  add_cost(data);
  if (chips > 5) add_sensitivity(data);  // points of a sweep have none
  add_origin(data, {.kind = "run",
                    .card = parse_yaml("name: example </script> & more\nseed: 3", "test"),
                    .seed = 3,
                    .command = "lightloom run example.yaml",
                    .threads = 1});
  return data;
}

Labelled example_sweep() {
  const Tree card = parse_yaml(
      "name: example sweep\nsweep: {weights.bits.basis: [2, 4, 8], core.phase_sigma_rad: [0, "
      "0.01]}",
      "test");
  const SweepGrid grid = read_grid(card);
  Labelled table = empty_table(grid);
  for (std::size_t point = 0; point < grid.points(); ++point) {
    Labelled run = example_run(5);
    for (Variable& variable : run.variables)
      if (variable.name == "accuracy_chips_mean")
        variable.values = std::vector<double>{0.9 + 0.01 * static_cast<double>(point)};
    put_point(table, grid, point, run);
  }
  add_origin(table, {.kind = "sweep",
                     .card = card,
                     .seed = 0,
                     .command = "lightloom sweep example.yaml",
                     .threads = 1});
  table.attributes["sweep_axes"] = "basis_bits,phase_sigma_rad";
  return table;
}

std::string scratch_folder(const std::string& name) {
  const fs::path folder =
      fs::temp_directory_path() / fmt::format("lightloom-test-{}-{}", ::getpid(), name);
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder.string();
}

std::string program() {
  const fs::path tests = fs::read_symlink("/proc/self/exe").parent_path();
  return (tests.parent_path() / "experiments" / "lightloom").string();
}

Ran run_shell(const std::string& command) {
  const std::string folder = scratch_folder("shell");
  const int status =
      std::system(("{ " + command + "\n} >" + folder + "/out 2>" + folder + "/err").c_str());
  const auto text = [&](const char* name) {
    std::ostringstream all;
    all << std::ifstream(folder + "/" + name, std::ios::binary).rdbuf();
    return all.str();
  };
  Ran ran{.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
          .output = text("out"),
          .errors = text("err")};
  fs::remove_all(folder);
  return ran;
}

}  // namespace lightloom::experiments
