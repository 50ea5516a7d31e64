#include "experiments/commands/commands.hpp"

#include "core/cards/words.hpp"
#include "core/cards/card.hpp"
#include "core/error.hpp"
#include "experiments/commands/command_table.hpp"
#include "experiments/results/build_info.hpp"

namespace lightloom::experiments {

const std::vector<Command>& commands() {
  static const std::vector<Command> table{
      {"run",
       "card.yaml",
       "one experiment: accuracy, storage, time and energy",
       Writes::file,
       {{"report", "FILE", "where the page goes (beside the results when absent)"},
        {"ignore-sweep", "", "run the base point of a card that has a sweep section"}},
       run_run},
      {"sweep",
       "card.yaml",
       "a grid of experiments, resumable",
       Writes::file,
       {{"report", "FILE", "where the page goes (beside the results when absent)"}},
       run_sweep_command},
      {"train",
       "card.yaml",
       "train and save weights",
       Writes::file,
       {{"float", "FILE", "save the float network's weights too"},
        {"checkpoint", "FILE",
         "state after every epoch, taken up again by the same command (float network: "
         "FILE.float)"}},
       run_train},
      {"ratio",
       "[card.yaml]",
       "parameters and memory of a network under a weight source",
       Writes::nothing,
       {{"model", "NAME", "network, instead of the card's"},
        {"dataset", "NAME", "data set, instead of the card's"}},
       run_ratio},
      {"pack",
       "weights.h5",
       "trained weights as a weight memory holds them, bit by bit",
       Writes::file,
       {},
       run_pack},
      {"unpack",
       "weights.llw",
       "a packed file's weights, regenerated, as plain weights",
       Writes::file,
       {},
       run_unpack},
      {"search",
       "card.yaml",
       "settings per layer of multi-level weights within a budget",
       Writes::file,
       {{"budget", "WHAT=LIMIT", "memory=<ratio>, time=<seconds> or energy=<joules>"},
        {"sensitivity", "KIND",
         "trained (default): what a short training does not make up for; relative: equal relative "
         "errors count alike; measured: the rise of the loss"},
        {"images", "N", "to measure the layers' sensitivities with (512)"},
        {"fine-tune", "", "train what was found and the best uniform setting, and compare"},
        {"candidates", "N",
         "train N uniform settings and the best per layer by every rule, keep the closest to the "
         "float network on images set aside (0: none)"}},
       run_search},
      {"cost",
       "card.yaml",
       "time and energy alone, no data needed",
       Writes::nothing,
       {{"breakeven", "WHAT",
         "where regenerating stops paying: bandwidth, settle, batch, generator_rate, "
         "generator_energy"}},
       run_cost},
      {"decompose",
       "matrix",
       "a matrix into mesh settings, with the reconstruction error",
       Writes::file,
       {{"mesh", "NAME", "clements (default), reck or butterfly"},
        {"target", "NAME", "unitary (default), nearest (unitary), or svd for any matrix"},
        {"device", "NAME", "mzi (default), three-splitter, crossing or compact"},
        {"convention", "NAME", "of the phases in --output: lightloom (default), strawberryfields"},
        {"back", "", "settings, as --output wrote them, back into a matrix (--output: where to)"}},
       run_decompose},
      {"chip",
       "core.yaml",
       "Monte-Carlo of a mesh or core over chips",
       Writes::nothing,
       {{"chips", "N", "how many (32)"},
        {"limit", "E", "the yield too: share of chips whose error is at most E"},
        {"enob", "BITS", "the laser power too that the light needs for so many bits"}},
       run_chip},
      {"memory",
       "dram.yaml",
       "a request pattern or trace through a DRAM",
       Writes::nothing,
       {{"pattern", "NAME", "seq_rd, rand_rd, tile4k_rd, seq_2r1w, stride_rd, ..."},
        {"requests", "N", "of the pattern (100000)"},
        {"trace", "FILE", "CSV: cycle, address, r or w"},
        {"advise", "", "what binds, and other address mappings"},
        {"fast", "", "pattern: simulate two windows and carry on their rate"}},
       run_memory},
      {"onnx",
       "check|save|fold",
       "check operator cases of ONNX, save a card's network, fold batch normalisation",
       Writes::file,
       {},
       run_onnx},
      {"calibrate",
       "action files",
       "a device from measurements: simulate, fit, predict, program, ...",
       Writes::file,
       {{"card", "FILE",
         "fit: chip, laboratory and fit sections of a calibration card; when: an experiment"},
        {"start", "FILE", "fit: start from this device card instead of sweeps"},
        {"truth", "FILE",
         "simulate writes the hidden chip here, program compares with it, when --card drifts it"},
        {"earlier", "FILE", "simulate: an earlier calibration, 0.1 rad off, for fit --start"},
        {"targets", "N", "program: random matrices (16); design: candidates (5 each)"},
        {"max-voltage", "V", "of the drivers (6.5)"},
        {"pi-voltage", "V", "design value of V_pi (4.36)"},
        {"law", "NAME", "fringe: quadratic (default), self-heating or cubic"},
        {"target", "NAME", "energy: the column to explain (the last)"},
        {"limit", "VALUE", "drift: the deviation at which to calibrate again; track: rad expected"},
        {"settings", "N", "design: how many settings (8)"},
        {"chips", "N", "pulls: how many chips are measured and fitted (50)"},
        {"accuracy", "VALUE",
         "when --card: the network's accuracy below which the chip is too old"},
        {"draws", "N", "when: drifts drawn, for the spread of the answer (5)"},
        {"error", "VALUE", "when: error of a programmed matrix that must not be exceeded"},
        {"spread", "RAD", "when: standard deviation of the phases' drift after a long time"},
        {"time-constant", "S", "when: of that drift"},
        {"into", "FILE", "energy -o: the card whose energies the coefficients replace"},
        {"section", "PATH", "energy -o: where in that card, with dots"},
        {"posterior", "FILE", "fit: chips drawn from what the fit leaves open (for `run`)"},
        {"samples", "N", "fit: how many of them (32)"},
        {"report", "FILE", "fit: a page with residuals, correlations and worst devices"}},
       run_calibrate},
      {"report",
       "results.h5",
       "results as one self-contained HTML page",
       Writes::file,
       {},
       run_report},
      {"inspect",
       "file",
       "what is in a results file, or a card with all its defaults",
       Writes::nothing,
       {{"variable", "NAME", "print the values of one variable or axis"}},
       run_inspect},
  };
  return table;
}

const Command& find_command(const std::string& name) {
  std::vector<std::string> known;
  for (const Command& command : commands()) {
    if (name == command.name) return command;
    known.emplace_back(command.name);
  }
  const std::string near = nearest_word(name, known);
  throw Error(fmt::format(
      "'{}' is not a command ({})", name,
      near.empty() ? "lightloom --help lists them" : fmt::format("did you mean '{}'?", near)));
}

std::string help() {
  std::string text = fmt::format(
      "lightloom {}: photonic accelerators whose weights are regenerated on chip, simulated "
      "together\n\n"
      "usage: lightloom <command> [card or file] [--set key.path=value]... [options]\n\ncommands\n",
      build_info().version);
  for (const Command& command : commands())
    text += fmt::format("  {:<10} {:<14} {}\n", command.name, command.operand, command.summary);
  return text + "\noptions of every command\n" + common_options_help() +
         "\nExit code 0: done, 1: the work failed, 2: the input is wrong.\n";
}

std::string help(const Command& command) {
  std::string text =
      fmt::format("lightloom {} {}\n{}\n", command.name, command.operand, command.summary);
  if (!command.options.empty()) text += "\noptions\n";
  for (const CommandOption& option : command.options)
    text +=
        fmt::format("  --{:<24} {}\n",
                    option.name + (option.value.empty() ? "" : " " + option.value), option.help);
  return text + "\noptions of every command\n" + common_options_help();
}

std::string only_operand(const CommandLine& line, const std::string& what) {
  require(!line.operands.empty(), "lightloom {} needs {}", line.command, what);
  require(line.operands.size() == 1, "lightloom {} takes one operand, {}, but '{}' follows it",
          line.command, what, line.operands[std::min<std::size_t>(1, line.operands.size() - 1)]);
  return line.operands[0];
}

void no_operand(const CommandLine& line) {
  require(line.operands.empty(), "lightloom {} takes no operand, but '{}' is given", line.command,
          line.operands.empty() ? "" : line.operands[0]);
}

}  // namespace lightloom::experiments
