// Single elements and tables of measurements.
#include <cmath>
#include <numbers>

#include "tests/experiments/commands/calibrate/fixture.hpp"

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
  refused("fringe sweep.csv --law straight", "quadratic, self-heating, cubic or linear");
}

TEST_F(CalibrateTables, FitsModulatorsOverTheVoltageItself) {
  std::ofstream sweep(folder_ + "/eom.csv");
  sweep << "Bias (V),Power (mW)\n";
  for (int i = 0; i <= 100; ++i) {
    const double v = -8 + 0.16 * i;
    sweep << fmt::format("{},{}\n", v, 0.5 + 0.4 * std::cos(std::numbers::pi * v / 4.2 + 0.3));
  }
  sweep.close();
  const json fit = object("fringe eom.csv --law linear");
  EXPECT_NEAR(fit["pi_voltage_V"].get<double>(), 4.2, 1e-6);
  EXPECT_EQ(fit["gamma_unit"], "rad/V");
  EXPECT_EQ(fit["phase_at"], -8);
  const double phase = 0.3 - 8 * std::numbers::pi / 4.2;
  EXPECT_NEAR(std::cos(fit["phase_rad"].get<double>()), std::cos(phase), 1e-6);
  EXPECT_TRUE(fit["problems"].empty()) << fit["problems"];
}

TEST_F(CalibrateTables, TakesTheTimeOfADriftFromDates) {
  std::ofstream dated(folder_ + "/dated.csv"), counted(folder_ + "/counted.csv");
  dated << "timestamp;phase (mrad)\n";
  counted << "time_s;phase (mrad)\n";
  double value = 0;
  for (int i = 0; i < 600; ++i) {
    value = 0.9 * value + std::sin(1.0 * i * i);
    const std::string reading = fmt::format(";{:.6f}\n", value);
    dated << fmt::format("2024-05-31 {:02}:{:02}:{:02}", 20 + i / 3600, i / 60 % 60, i % 60)
          << reading;
    counted << i << reading;
  }
  dated.close();
  counted.close();
  const json one = object("drift dated.csv"), other = object("drift counted.csv");
  EXPECT_EQ(one["time_constant_s"], other["time_constant_s"]);
  EXPECT_EQ(one["sigma"], other["sigma"]);
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
  for (const char* part : {"read_pJ: 2.5", "write_pJ: 4", "capacity: 7",
                           "source:", "read_pJ: \"measured: lightloom calibrate energy energy.csv"})
    EXPECT_NE(card.str().find(part), std::string::npos) << part << card.str();
  refused("energy energy.csv -o mine.yaml", "needs --into");
}

/// The drop-free port of an add-drop ring of 10 um radius, self-couplings 0.95 and a turn of 0.995:
/// (t2 a - t1 e^(i phi)) / (e^(i phi) - t1 t2 a), squared.
std::string ring_spectrum() {
  const double turn = 2 * std::numbers::pi * 10e3, index = 4.2, t = 0.95, a = 0.995;  // nm
  std::string table = "wavelength_nm,power\n";
  for (int i = 0; i <= 6000; ++i) {
    const double nm = 1540 + 0.005 * i, phi = 2 * std::numbers::pi * turn * index / nm;
    const double even = 1 + t * t * t * t * a * a - 2 * t * t * a * std::cos(phi);
    table += fmt::format("{:.4f},{:.8f}\n", nm,
                         (t * t * a * a + t * t - 2 * t * t * a * std::cos(phi)) / even);
  }
  return table;
}

TEST_F(CalibrateTables, AMeasuredRingReplacesThatOfACardWhichThenSaysItsQ) {
  write("ring.csv", ring_spectrum());
  fs::copy_file(LIGHTLOOM_SOURCE_DIR "/data/devices/mrr-bank.yaml", folder_ + "/bank.yaml");
  const std::string before = text_of("bank.yaml");
  const json found = object("ring ring.csv --into bank.yaml -o mine.yaml");
  EXPECT_NEAR(found["couplings"]["self_coupling_in"].get<double>(), 0.95, 1e-3);
  EXPECT_NEAR(found["couplings"]["turn_amplitude"].get<double>(), 0.995, 1e-3);
  EXPECT_EQ(text_of("bank.yaml"), before);
  // The card's radius is 5 um: the turn of 62.8 um that was measured has twice its index.
  const Ran chip = run_shell(
      fmt::format("cd {} && {} chip mine.yaml --chips 1 --json --quiet", folder_, program()));
  const json ring = json::parse(chip.output)["ring"];
  const double loop = 0.95 * 0.95 * 0.995,
               finesse = std::numbers::pi * std::sqrt(loop) / (1 - loop);
  const double turn_um = 2 * std::numbers::pi * 10, middle_nm = 1552.6;
  EXPECT_NEAR(ring["finesse"].get<double>(), finesse, 0.01 * finesse);
  const double quality = finesse * 4.2 * turn_um / (middle_nm / 1000);
  EXPECT_NEAR(ring["quality"].get<double>(), quality, 0.01 * quality);
  EXPECT_EQ(text_of("mine.yaml").find("inf"), std::string::npos);
  write("bad.yaml",
        "bank: {radius_um: wide, turn_amplitude: 1, group_index: 4, wavelength_nm: 1550}\n");
  refused("ring ring.csv --into bad.yaml -o other.yaml", "bank.radius_um is 'wide'");
  EXPECT_FALSE(fs::exists(folder_ + "/other.yaml"));
}

/// Energies of a table, read back by the commands that spend them.
TEST_F(CalibrateTables, MeasuredEnergiesChangeWhatMemoryAndCostSay) {
  const std::string memory = LIGHTLOOM_SOURCE_DIR "/data/memory/";
  std::string dram = "access_pJ_per_bit,io_pJ_per_bit,energy_pJ\n",
              registers = "register_pJ_per_bit,energy_pJ\n";
  for (int row = 1; row < 9; ++row) {
    const int bits = 1000 * row, driven = 100 * (row * row % 7 + 1);
    dram += fmt::format("{},{},{}\n", bits, driven, 9.5 * bits + 1.25 * driven);
    registers += fmt::format("{},{}\n", bits, 0.25 * bits);
  }
  write("dram.csv", dram);
  write("registers.csv", registers);
  object("energy dram.csv --into " + memory + "lpddr4-3200.yaml -o mine.yaml");
  const auto command = [&](const std::string& arguments) {
    const Ran ran =
        run_shell(fmt::format("cd {} && {} {} --json --quiet", folder_, program(), arguments));
    EXPECT_EQ(ran.code, 0) << arguments << ran.errors;
    return json::parse(ran.output, nullptr, false);
  };
  // 1000 bursts of 16 x 32 bits.
  const json spent = command("memory mine.yaml --pattern seq_rd --requests 1000")["energy_pJ"];
  EXPECT_NEAR(spent["read"].get<double>(), 9.5 * 512e3, 1e-9 * 9.5 * 512e3);
  EXPECT_NEAR(spent["io"].get<double>(), 1.25 * 512e3, 1e-9 * 1.25 * 512e3);
  // A card of cards, into its own section and into that of another card.
  object("energy dram.csv --into " + memory + "lpddr4-edge.yaml --section dram -o first.yaml");
  object("energy registers.csv --into first.yaml -o edge.yaml");
  const auto energy_J = [&](const std::string& card) {
    write("cost.yaml",
          "dataset: {name: glyphs}\nmodel: {name: lenet5}\nweights: {source: "
          "integer, bits: 8}\ncore: {card: " LIGHTLOOM_SOURCE_DIR
          "/data/devices/mrr-bank.yaml, rows: 16, columns: 16}\nmeasure: "
          "[cost]\nmemory: " +
              card + "\n");
    return command("cost cost.yaml")["energy_J"].get<double>();
  };
  object("energy registers.csv --into " + memory + "lpddr4-edge.yaml -o alone.yaml");
  const double before = energy_J(memory + "lpddr4-edge.yaml"), reads = energy_J("first.yaml"),
               both = energy_J("edge.yaml");
  EXPECT_GT(reads, before);
  EXPECT_GT(energy_J("alone.yaml"), before);  // stands in a folder without its DRAM's card
  EXPECT_GT(both, reads);
  const std::string card = text_of("edge.yaml");
  EXPECT_NE(card.find("CACTI 7"), std::string::npos);  // what the other values come from
  EXPECT_NE(card.find("register_pJ_per_bit: \"measured: "), std::string::npos);
}

}  // namespace
}  // namespace lightloom::experiments
