// Measurement files as laboratories write them, good and bad.
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "tests/experiments/commands/calibrate/fixture.hpp"

namespace lightloom::experiments {
namespace {

class CalibrateFiles : public Calibrate {};

TEST_F(CalibrateFiles, RefusesBadDataAndWritesNothing) {
  object("simulate chip.yaml -o data.csv");
  std::ostringstream all;
  all << std::ifstream(folder_ + "/data.csv").rdbuf();
  std::string text = all.str();
  const auto row = text.find("\n7,2,");
  const auto end = text.find('\n', row + 1);
  text.replace(text.rfind(',', end), end - text.rfind(',', end), ",nan");
  std::ofstream(folder_ + "/nan.csv") << text;
  refused("fit nan.csv -o device.yaml", "setting 7, input 2, detector 3");
  EXPECT_FALSE(fs::exists(folder_ + "/device.yaml"));
  object("simulate chip.yaml -o dim.h5 --set laboratory.saturation=0.5");
  refused("fit dim.h5 -o device.yaml", "is saturated");
  refused("fit data.csv --set chip.modes=5", "the mesh has 5");
  refused("fit missing.h5", "does not exist");
  refused("simulate chip.yaml -o d.h5 --set chip.mods=5", "did you mean 'modes'?");
  refused("simulat chip.yaml", "did you mean 'simulate'?");
  refused("program chip.yaml", "not the card of a calibrated mesh");
  EXPECT_FALSE(fs::exists(folder_ + "/device.yaml"));
}

/// The table of settings of a CSV, which a test spoils.
class SpoiltFile {
 public:
  explicit SpoiltFile(const std::string& text) {
    std::stringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
      if (!rows_.empty() || line.starts_with("setting,")) {
        std::stringstream cells(line);
        rows_.emplace_back();
        for (std::string cell; std::getline(cells, cell, ',');) rows_.back().push_back(cell);
      } else {
        before_ += line + "\n";
      }
    }
  }
  /// Column of a name; data rows begin at 1.
  [[nodiscard]] std::size_t column(const std::string& name) const {
    const auto& head = rows_.front();
    return static_cast<std::size_t>(std::find(head.begin(), head.end(), name) - head.begin());
  }
  std::vector<std::vector<std::string>>& rows() { return rows_; }
  [[nodiscard]] std::string text() const {
    std::string all = before_;
    for (const auto& row : rows_) all += fmt::format("{}\n", fmt::join(row, ","));
    return all;
  }

 private:
  std::string before_;
  std::vector<std::vector<std::string>> rows_;
};

/// Everything bad of the list is named in words, exits with 2 and writes nothing.
TEST_F(CalibrateFiles, ThatAreBadAreNamedAndNotFitted) {
  object("simulate chip.yaml -o data.csv");
  const std::string good = text_of("data.csv");
  const auto spoilt = [&](const auto& spoil, const std::string& said) {
    SpoiltFile file(good);
    spoil(file);
    write("bad.csv", file.text());
    refused("fit bad.csv -o device.yaml --report page.html", said);
  };
  const auto in_every_row = [](SpoiltFile& file, const auto& change) {
    for (std::size_t r = 1; r < file.rows().size(); ++r) change(file.rows()[r]);
  };
  const auto swap_columns = [&](const std::string& a, const std::string& b) {
    return [&, a, b](SpoiltFile& file) {
      const std::size_t i = file.column(a), j = file.column(b);
      in_every_row(file, [=](auto& row) { std::swap(row[i], row[j]); });
    };
  };
  spoilt([](SpoiltFile& file) { file.rows()[33][file.column("p2")] = "nan"; },
         "1 readings are not finite (setting 8, input 0, detector 2)");
  spoilt(
      [&](SpoiltFile& file) {
        const std::size_t p = file.column("p1");
        in_every_row(
            file, [=](auto& row) { row[p] = fmt::format("{}", std::min(std::stod(row[p]), 0.4)); });
      },
      "detector 1 is saturated");
  spoilt(
      [&](SpoiltFile& file) {
        for (auto& row : file.rows()) row.pop_back();
      },
      "wrong port count");
  spoilt(swap_columns("p0", "p1"), "detectors 0 and 1 seem swapped");
  spoilt(swap_columns("v2", "v5"), "the voltages of heaters 2 and 5 seem swapped");
  spoilt([](SpoiltFile& file) { file.rows().resize(1 + 2 * 4); }, "too few settings: 32 readings");
  spoilt(
      [&](SpoiltFile& file) {
        in_every_row(file, [&](auto& row) {
          for (std::size_t v = file.column("v0"); v < file.column("p0"); ++v) row[v] = "3";
        });
      },
      "all voltages are the same in all settings");
  // One column that says 3 V while the heater moved: the misfit points to it.
  spoilt(
      [&](SpoiltFile& file) {
        const std::size_t v = file.column("v4");
        in_every_row(file, [=](auto& row) { row[v] = "3"; });
      },
      "said of the data: constant voltage: the theta heater of MZI 2");
  for (const char* file : {"device.yaml", "page.html"})
    EXPECT_FALSE(fs::exists(folder_ + "/" + file)) << file;
  // Only one pair of heaters is named: a true swap mends in part what its neighbours' would.
  SpoiltFile file(good);
  swap_columns("v2", "v5")(file);
  write("bad.csv", file.text());
  const std::string said = call("fit bad.csv").errors;
  EXPECT_EQ(said.find("seem swapped"), said.rfind("seem swapped")) << said;
}

/// What the examples of docs/use/calibration.md write, run as they stand there.
constexpr const char* page = LIGHTLOOM_SOURCE_DIR "/docs/use/calibration.md";
constexpr const char* laboratory =
    LIGHTLOOM_SOURCE_DIR "/tests/experiments/doc_example/laboratory.py";

TEST_F(CalibrateFiles, AreReadAsTheDocumentedPythonScriptWritesThem) {
  object("simulate chip.yaml -o data.csv");
  const Ran made =
      run_shell(fmt::format("cd {} && /usr/bin/python3 {} {} 0", folder_, laboratory, page));
  ASSERT_EQ(made.code, 0) << made.errors;
  EXPECT_EQ(object("fit lab.csv")["parameters"], object("fit data.csv")["parameters"]);
}

TEST_F(CalibrateFiles, AreReadAsTheDocumentedScriptWithH5pyWritesThem) {
  if (run_shell("/usr/bin/python3 -c 'import h5py'").code != 0)
    GTEST_SKIP() << "python3-h5py is not installed";
  object("simulate chip.yaml -o data.csv");
  object("simulate chip.yaml -o data.h5");
  const Ran made =
      run_shell(fmt::format("cd {} && /usr/bin/python3 {} {} 1", folder_, laboratory, page));
  ASSERT_EQ(made.code, 0) << made.errors;
  EXPECT_EQ(object("fit lab.h5")["parameters"], object("fit data.h5")["parameters"]);
}

TEST_F(CalibrateFiles, AreReadAsTheDocumentedProgramInCppWritesThem) {
  const Ran made =
      run_shell(fmt::format("cd {} && {}/doc_example", folder_,
                            fs::read_symlink("/proc/self/exe").parent_path().string()));
  ASSERT_EQ(made.code, 0) << made.errors;
  const json fit = object("fit lab.h5");
  const double dof = fit["dof"].get<double>();
  EXPECT_NEAR(fit["chi2_per_dof"].get<double>(), 1, 5 * std::sqrt(2 / dof));
  EXPECT_EQ(fit["modes"], 4);
}

}  // namespace
}  // namespace lightloom::experiments
