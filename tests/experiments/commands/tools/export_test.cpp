// Results as files of other programs.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/files/atomic_file.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Export : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = scratch_folder("export");
    write_labelled(folder_ + "/results.h5", example_run(7));
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] Ran run(const std::string& arguments) const {
    return run_shell(
        fmt::format("cd {} && {} export results.h5 --json {}", folder_, program(), arguments));
  }
  json object(const std::string& arguments) const {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.code, 0) << ran.errors;
    return json::parse(ran.output);
  }
  std::string folder_;
};

TEST_F(Export, OtherProgramsReadEveryElementAsItStandsInTheResults) {
  const json tables = object("-o all.csv");
  object("-o all.json");
  object("-o all.nc");
  object("-o few.nc --arrays '*time_by_part'");
  object("-o one.npy --arrays time_parts");  // its sides differ
  object("-o scalar.npy --arrays accuracy_float");
  EXPECT_FALSE(fs::exists(folder_ + "/all.csv")) << "several tables have files of their own";
  for (const json& table : tables["files"])
    EXPECT_TRUE(fs::exists(fs::path(folder_) / table["file"].get<std::string>()));
  const Ran read = run_shell(
      fmt::format("/usr/bin/python3 {}/tests/experiments/commands/tools/read_exports.py {}",
                  LIGHTLOOM_SOURCE_DIR, folder_));
  if (read.code == 77) GTEST_SKIP() << "python3-xarray, -h5netcdf or -h5py is not installed";
  EXPECT_EQ(read.code, 0) << read.errors;
}

TEST_F(Export, NetcdfProgramsKnowTheDimensions) {
  if (run_shell("command -v ncdump").code != 0) GTEST_SKIP() << "netcdf-bin is not installed";
  object("-o few.nc --arrays time_by_part");
  const Ran dump = run_shell("ncdump " + folder_ + "/few.nc");
  ASSERT_EQ(dump.code, 0) << dump.errors;
  for (const char* line :
       {"source = 3 ;", "part = 3 ;", "double time_by_part(source, part) ;",
        "string time_by_part:units = \"s\" ;", "\"multilevel\", \"integer 8\", \"dense\" ;"})
    EXPECT_NE(dump.output.find(line), std::string::npos) << line << "\n" << dump.output;
  EXPECT_EQ(run_shell("ncdump -k " + folder_ + "/few.nc").output, "netCDF-4\n");
}

TEST_F(Export, ArraysAlongTheSameAxesAreOneTableUnderTheOutputsName) {
  const json found = object("-o x.csv --arrays speedup,energy_gain");
  EXPECT_EQ(found["files"].size(), 1u);
  EXPECT_EQ(found["files"][0]["file"], "x.csv");
  EXPECT_EQ(found["files"][0]["rows"], 3);
  EXPECT_EQ(read_file(folder_ + "/x.csv", "table"),
            "source,speedup,energy_gain\nmultilevel,1,1\ninteger 8,1.75,2\ndense,4.75,5\n");
}

TEST_F(Export, RefusesWhatItCannotWrite) {
  write_file(folder_ + "/results.scalars.csv", "");
  for (const auto& [arguments, said] : std::initializer_list<std::pair<const char*, const char*>>{
           {"", "needs --output"},
           {"-o x.parquet", "no library that writes Parquet"},
           {"-o x.txt", "can be .csv, .json, .npy, .nc, .h5 or .hdf5"},
           {"-o x.npy", "holds one array"},
           {"-o x.npy --arrays sensitivity_provenance", "holds texts"},
           {"-o x.csv --arrays ,", "names no array"},
           {"-o x.csv --arrays sped_up", "did you mean 'speedup'?"},
           {"-o x.csv --arrays 'time*,q*q'", "no array 'q*q'"},
           {"-o x.csv --arrays source", "is an axis"},
           {"-o x.csv --set a=1", "belongs to a card"},
           {"-o results.h5", "this command reads"}}) {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.code, 2) << arguments;
    EXPECT_NE(ran.errors.find(said), std::string::npos) << arguments << ": " << ran.errors;
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 2)
      << "nothing was written";
}

}  // namespace
}  // namespace lightloom::experiments
