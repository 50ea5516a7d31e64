// Single elements and tables of measurements.
#include <cmath>

#include "calibrate_fixture.hpp"

namespace lightloom::experiments {
namespace {

class CalibrateTables : public Calibrate {};

TEST_F(CalibrateTables, FitsSingleElementsFromTablesWithNamedColumns) {
  std::ofstream energy(folder_ + "/energy.csv"), line(folder_ + "/line.csv"),
      sweep(folder_ + "/sweep.csv"), wide(folder_ + "/wide.csv");
  energy << "activates,reads,energy_pJ\n";
  line << "power_mW,voltage_V\n";
  sweep << "voltage_V,power\n";
  wide << "voltage_V,power\n";
  for (int i = 0; i < 24; ++i) {
    const int activates = 10 + 7 * i % 23, reads = 40 + 11 * i % 29;
    energy << fmt::format("{},{},{}\n", activates, reads, 1200 * activates + 450 * reads);
    line << fmt::format("{},{}\n", i, 0.02 + 0.5 * i);
    const double v = std::sqrt(40 * (i + 0.5) / 24), w = std::sqrt(400 * (i + 0.5) / 24);
    sweep << fmt::format("{},{}\n", v, 0.5 + 0.4 * std::cos(0.2 * v * v + 1));
    wide << fmt::format("{},{}\n", w, 0.5 + 0.4 * std::cos(0.2 * w * w + 1));
  }
  for (std::ofstream* file : {&energy, &line, &sweep, &wide}) file->close();
  const json table = object("energy energy.csv");
  EXPECT_NEAR(table["coefficients"]["activates"]["value"].get<double>(), 1200, 1e-6);
  EXPECT_NEAR(table["coefficients"]["reads"]["value"].get<double>(), 450, 1e-6);
  EXPECT_NEAR(object("line line.csv")["coefficients"]["slope"]["value"].get<double>(), 0.5, 1e-9);
  const json fringe = object("fringe sweep.csv");
  EXPECT_NEAR(fringe["gamma"].get<double>(), 0.2, 1e-6);
  EXPECT_TRUE(fringe["problems"].empty());
  // 3.3 rad between readings: aliased, which the design value of V_pi tells.
  EXPECT_FALSE(object("fringe wide.csv --pi-voltage 3.96")["problems"].empty());
  refused("energy energy.csv --target energy_nJ", "no column 'energy_nJ'");
  refused("ring sweep.csv", "no column 'wavelength_nm'");
  refused("fringe sweep.csv --law linear", "quadratic, self-heating or cubic");
}

TEST_F(CalibrateTables, MeasuredEnergiesReplaceThoseOfACard) {
  std::ofstream table(folder_ + "/energy.csv");
  table << "read_pJ,write_pJ,energy_pJ\n";
  for (int row = 1; row < 9; ++row)
    table << fmt::format("{},{},{}\n", row * row, 9 - row, 2.5 * row * row + 4.0 * (9 - row));
  table.close();
  std::ofstream(folder_ + "/memory.yaml") << "buffer: {read_pJ: 1, write_pJ: 1, capacity: 7}\n";
  object("energy energy.csv --into memory.yaml --section buffer -o mine.yaml");
  std::ostringstream card;
  card << std::ifstream(folder_ + "/mine.yaml").rdbuf();
  for (const char* part : {"read_pJ: 2.5", "write_pJ: 4", "capacity: 7", "source: "})
    EXPECT_NE(card.str().find(part), std::string::npos) << part << card.str();
  refused("energy energy.csv -o mine.yaml", "needs --into");
}

}  // namespace
}  // namespace lightloom::experiments
