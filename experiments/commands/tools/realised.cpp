#include "experiments/commands/tools/realised.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/results/files/matrix_file.hpp"
#include "experiments/results/files/provenance.hpp"
#include "experiments/studies/realised_chips.hpp"

namespace lightloom::experiments {

Json summary_json(const Summary& summary) {
  return {{"mean", summary.mean},
          {"std", summary.standard_deviation},
          {"standard_error", summary.standard_error},
          {"quantiles",
           {{"0", summary.smallest},
            {"0.05", summary.p05},
            {"0.25", summary.p25},
            {"0.5", summary.median},
            {"0.75", summary.p75},
            {"0.95", summary.p95},
            {"1", summary.largest}}}};
}

void add_row(TextTable& table, const std::string& name, const Summary& summary) {
  std::vector<std::string> cells{name};
  for (const double value : {summary.mean, summary.standard_deviation, summary.standard_error,
                             summary.p05, summary.median, summary.p95})
    cells.push_back(fmt::format("{:.4g}", value));
  table.row(std::move(cells));
}

Shown realise_target(const photonic::CoreCard& card, const Tree& resolved,
                     const CommandLine& line) {
  require(line.has("target") && line.has("realised"),
          "--target and --realised go together: the matrix asked for, and the file that gets what "
          "chips make of it");
  for (const char* other : {"targets", "configure", "enob", "limit"})
    require(!line.has(other), "--{} does not go with --target (it is of chips of another target)",
            other);
  require_outputs(line, line.outputs());
  const std::string name = line.value("target"), file = line.value("realised");
  const ComplexMatrix target = read_matrix(name);
  const RealisedOptions options{
      .chips = static_cast<int>(std::min<std::int64_t>(line.number("chips", 32, 1), 1 << 20)),
      .seed = line.seed.value_or(0),
      .name = name};
  RealisedChips found = realise_chips(card, target, options);
  add_origin(found.data, {.kind = "realised matrices",
                          .card = resolved,
                          .seed = options.seed,
                          .command = line.text,
                          .threads = line.threads});
  write_labelled(file, found.data);
  Shown result;
  result.json = {{"kind", card.kind},          {"target", name},       {"rows", target.rows},
                 {"columns", target.columns},  {"tiles", found.tiles}, {"chips", options.chips},
                 {"settings", found.settings}, {"realised", file}};
  TextTable table({fmt::format("{} chips", options.chips), "mean", "std", "std error", "5 %",
                   "median", "95 %"});
  for (const auto& [quantity, values] :
       {std::pair{"error", &found.error}, {"unreachable", &found.unreachable}}) {
    const Summary summary = summarise(*values);
    result.json[quantity] = summary_json(summary);
    add_row(table, quantity, summary);
  }
  result.text = fmt::format("target: {} ({} x {}, {} tiles)\n\n{}realised: {}{}\n", name,
                            target.rows, target.columns, found.tiles, table.text(), file,
                            found.settings ? ""
                                           : " (a core of this kind does not tell what its devices "
                                             "are set to)");
  return result;
}

}  // namespace lightloom::experiments
