// Measurement files as laboratories write them, good and bad.
#include <cmath>

#include "calibrate_fixture.hpp"

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

/// What the examples of docs/calibration.md write, run as they stand there.
constexpr const char* page = LIGHTLOOM_SOURCE_DIR "/docs/calibration.md";
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
