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

TEST_F(CalibrateFiles, ReadsWhatALabScriptWritesWithH5py) {
  object("simulate chip.yaml -o data.h5");
  const std::string script = R"(
import h5py
source = h5py.File("data.h5")
axes = {"voltage": ("setting", "heater"), "field_re": ("input", "port"), "field_im": ("input", "port"),
        "power": ("setting", "input", "port"), "sweep_heater": ("sweep",), "sweep_input": ("sweep",),
        "sweep_output": ("sweep",), "sweep_base": ("sweep", "heater"),
        "sweep_voltage": ("sweep", "point"), "sweep_power": ("sweep", "point")}
with h5py.File("lab.h5", "w") as f:
    f.attrs.update(schema_version=1, noise_thermal=0.0002, noise_relative=0.01)
    for name, along in axes.items():
        f[name] = source[name][...]
        for i, axis in enumerate(along):
            if axis not in f:
                f[axis] = range(f[name].shape[i])
                f[axis].make_scale(axis)
            f[name].dims[i].attach_scale(f[axis])
)";
  std::ofstream(folder_ + "/lab.py") << script;
  const Ran made = run_shell(fmt::format("cd {} && /usr/bin/python3 lab.py", folder_));
  if (made.code != 0) GTEST_SKIP() << "python3-h5py is not installed: " << made.errors;
  EXPECT_EQ(object("fit lab.h5")["parameters"], object("fit data.h5")["parameters"]);
}

}  // namespace
}  // namespace lightloom::experiments
