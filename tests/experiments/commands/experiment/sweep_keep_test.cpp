// The arrays of each point that a sweep holds.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "core/files/atomic_file.hpp"
#include "core/files/labelled.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

TEST(SweepKeep, HoldsTheArraysThatAreNamedAsTheyAreOtherwise) {
  const std::string folder = scratch_folder("keep");
  write_file(folder + "/c.yaml", "name: c\nmeasure: [cost]\nsweep: {batch: [1, 2, 3]}\n");
  const auto run = [&](const std::string& arguments) {
    return run_shell(fmt::format("cd {} && {} sweep c.yaml --quiet --report none {}", folder,
                                 program(), arguments));
  };
  ASSERT_EQ(run("-o all.h5").code, 0);
  ASSERT_EQ(run("-o few.h5 --set 'sweep_keep=[time, energy_g*]'").code, 0);
  const Labelled all = read_labelled(folder + "/all.h5"), few = read_labelled(folder + "/few.h5");
  std::set<std::string> names;
  for (const Variable& one : few.variables) {
    names.insert(one.name);
    EXPECT_EQ(one.values, all.variable(one.name)->values) << one.name;
  }
  EXPECT_EQ(names, (std::set<std::string>{"done", "time", "energy_gain"}));
  EXPECT_EQ(few.axis("layer"), nullptr);
  const Ran other = run("-o few.h5 --set sweep_keep=[time]");
  EXPECT_EQ(other.code, 2) << "points of other arrays do not belong in one file";
  const Ran none = run("-o none.h5 --set sweep_keep=[tiem]");
  EXPECT_EQ(none.code, 2);
  EXPECT_NE(none.errors.find("did you mean 'time'?"), std::string::npos) << none.errors;
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lightloom::experiments
