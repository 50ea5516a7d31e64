#include "calibration/elements/ring_fit.hpp"
#include "core/error.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/results/files/column_file.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

Shown do_ring(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string path = operand(line, 0, "a CSV with the columns wavelength_nm,power");
  at_most_operands(line, 1);
  const std::vector<TableColumn> table = read_columns(path);
  const RingFit fit =
      fit_ring(column_named(table, path, "wavelength_nm"), column_named(table, path, "power"));
  Shown result;
  result.json = {{"port", fit.dips ? "through" : "drop"},
                 {"baseline", fit.baseline},
                 {"fsr_nm", fit.fsr_nm},
                 {"fsr_sigma", fit.fsr_sigma},
                 {"finesse", fit.finesse},
                 {"rms", fit.rms},
                 {"resonances", Json::array()},
                 {"problems", fit.problems}};
  TextTable lines({"resonance", "+-", "width", "+-", "Q", "depth"});
  for (const Resonance& one : fit.resonances) {
    result.json["resonances"].push_back({{"centre_nm", one.centre_nm},
                                         {"centre_sigma", one.centre_sigma},
                                         {"width_nm", one.width_nm},
                                         {"width_sigma", one.width_sigma},
                                         {"quality", one.quality},
                                         {"quality_sigma", one.quality_sigma},
                                         {"depth", one.depth}});
    lines.row({fmt::format("{:.5f} nm", one.centre_nm), fmt::format("{:.1g}", one.centre_sigma),
               fmt::format("{:.5f} nm", one.width_nm), fmt::format("{:.1g}", one.width_sigma),
               fmt::format("{:.0f}", one.quality), fmt::format("{:.4f}", one.depth)});
  }
  result.text = lines.text() + fmt::format("free spectral range {:.4f} nm, finesse {:.2f}\n{}",
                                           fit.fsr_nm, fit.finesse, problems_text(fit.problems));
  return result;
}

}  // namespace

extern const Command calibrate_ring_command{.name = "calibrate ring",
                                            .operand = "spectrum.csv",
                                            .summary = "resonances of a ring from a spectrum",
                                            .writes = Writes::nothing,
                                            .options = {},
                                            .run = do_ring};

}  // namespace lightloom::experiments
