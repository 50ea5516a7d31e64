// What `chip` and `cost` say of a core at its best.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

nlohmann::json answer(const std::string& arguments) {
  const Ran ran = run_shell(fmt::format("{} {} --json --quiet", program(), arguments));
  EXPECT_EQ(ran.code, 0) << arguments << "\n" << ran.errors;
  return nlohmann::json::parse(ran.output, nullptr, false);
}

TEST(ThroughputCommand, ComparesCoresWithPublishedChips) {
  const std::string data = LIGHTLOOM_SOURCE_DIR "/data/";
  const auto chip = [&](const std::string& settings) {
    return answer("chip " + data + "devices/ideal.yaml --chips 1 " + settings)["throughput"];
  };
  // 64 x 64 at 1 GHz: 8.19 TOPS; 9 x 3 at 1 GHz: .054.
  EXPECT_EQ(chip("--set rows=64 --set columns=64 --set symbol_rate_GHz=1")["operations_per_s"],
            8.192e12);
  EXPECT_EQ(chip("--set rows=3 --set columns=9 --set symbol_rate_GHz=1")["operations_per_s"], 54e9);
  const nlohmann::json tabled = chip(
      "--set rows=10 --set columns=8 --set output_adc.bits=6 --set input_dac.bits=4 --set "
      "'precision={table: [{part: array, output_bits: 6, input_bits: 4, "
      "energy_fJ_per_operation: 5, time_ns: 20}]}'");
  EXPECT_NEAR(tabled["energy_parts_J"]["array"].get<double>(), 5e-15 * 2 * 80, 1e-24);
  EXPECT_NEAR(tabled["TOPS_per_W"].get<double>(), 200, 1e-9);
  EXPECT_NEAR(tabled["latency_s"].get<double>(), 20e-9, 1e-18);
  const nlohmann::json peak =
      answer("cost " + data +
             "experiments/quickstart.yaml --set 'core={kind: ideal, rows: 128, columns: "
             "128, symbol_rate_GHz: 0.5}' --set schedule.cores=4")["peak"];
  EXPECT_EQ(peak["operations_per_s"], 65.536e12);
  EXPECT_EQ(peak["cores"], 4);
}

}  // namespace
}  // namespace lightloom::experiments
