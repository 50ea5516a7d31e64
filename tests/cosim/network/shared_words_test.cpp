// Layers that are made of the same stored words fetch them once, where they find them again.
#include "cosim/network/shared_words.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "cosim/network/network_layers.hpp"
#include "tests/cosim/cost/cost_fixture.hpp"
#include "tests/oracles/as_index.hpp"

namespace lightloom::cosim {
namespace {

constexpr double tensor_bytes = 64 * 64 * 9;  // 576 bursts of 64 bytes, 9 tiles of 4096

/// Layers of 64 x 64 x 3 x 3 words of 8 bits, each of the group given; 0: words of its own.
CostInput shared_layers(const std::vector<int>& groups, double weight_buffer_KB) {
  CostInput input{.core = round_core()};
  for (const int group : groups) {
    input.layers.push_back(reload_layer(conv(64, 64, 3, 14), 8));
    if (group > 0)
      input.layers.back().shared = {group, static_cast<std::int64_t>(8 * tensor_bytes)};
  }
  input.memory.weight_buffer.capacity_KB = weight_buffer_KB;
  return input;
}

double weight_bytes(const std::vector<int>& groups, double weight_buffer_KB) {
  return simulate_cost(shared_layers(groups, weight_buffer_KB)).traffic.weight_bytes;
}

// Fetching takes two places of 4 KB, keeping the tensor 36 KB more.
TEST(SharedWords, AreFetchedOnceWhereTheBufferHasRoomBesideFetching) {
  EXPECT_EQ(weight_bytes({1, 1, 1}, 44), tensor_bytes);
  EXPECT_EQ(weight_bytes({1, 1, 1}, 43), 3 * tensor_bytes);
  EXPECT_EQ(weight_bytes({0, 0, 0}, 44), 3 * tensor_bytes);
  EXPECT_EQ(weight_bytes({1, 0, 1}, 44), 2 * tensor_bytes);
}

TEST(SharedWords, OfTwoGroupsShareTheRoom) {
  EXPECT_EQ(weight_bytes({1, 2, 1, 2}, 8 + 72), 2 * tensor_bytes);
  EXPECT_EQ(weight_bytes({1, 2, 1, 2}, 8 + 71), 3 * tensor_bytes) << "the second is fetched again";
  EXPECT_EQ(weight_bytes({1, 1, 2, 2}, 8 + 36), 2 * tensor_bytes) << "one behind the other";
}

// Written once, and read by each layer.
TEST(SharedWords, PayTheWeightBufferForOneWriteAndAllReads) {
  const CostInput shared = shared_layers({1, 1, 1}, 64), own = shared_layers({0, 0, 0}, 64);
  const CostContext context(shared);
  const double write = memory::write_energy_pJ(shared.memory.weight_buffer, context.weight_buffer,
                                               tensor_bytes),
               read = memory::read_energy_pJ(shared.memory.weight_buffer, context.weight_buffer,
                                             tensor_bytes);
  EXPECT_NEAR(simulate_cost(shared).energy_pJ[Component::weight_buffer], write + 3 * read, 1e-6);
  EXPECT_NEAR(simulate_cost(own).energy_pJ[Component::weight_buffer], 3 * (write + read), 1e-6);
}

// They wait from the end of the layer that used them last to the end of the next; words that stay
// for all batches are refreshed all the time, and not once more.
TEST(SharedWords, AreRefreshedInEdramWhileTheyWait) {
  CostInput input = shared_layers({1, 0, 1}, 100);
  input.memory.weight_buffer.kind = memory::BufferKind::edram;
  input.memory.weight_buffer.node_nm = 32;
  input.memory.weight_buffer.retention_us = 0.5;
  const auto times = [](double life_ns) { return std::max(0.0, std::ceil(life_ns / 500) - 1); };
  const CostReport report = simulate_cost(input);
  const LayerCost &first = report.layers[0], &last = report.layers[2];
  ASSERT_EQ(report.traffic.weight_bytes, 2 * tensor_bytes);
  EXPECT_EQ(first.refreshes, times(first.time_ns()));
  ASSERT_GT(times(last.end_ns - first.end_ns), times(last.time_ns()));
  EXPECT_EQ(last.refreshes, times(last.end_ns - first.end_ns));

  const StreamReport stream = simulate_stream(input);
  const CostReport& steady = stream.steady;
  ASSERT_EQ(steady.resident_bytes, 2 * tensor_bytes);
  EXPECT_EQ(steady.layers[2].here_bytes, 0);
}

TEST(SharedWords, StayForLaterBatchesWhereAllWordsFit) {
  const StreamReport stream = simulate_stream(shared_layers({1, 1, 1}, 64));
  EXPECT_EQ(stream.first.traffic.weight_bytes, tensor_bytes);
  EXPECT_EQ(stream.steady.traffic.weight_bytes, 0);
  EXPECT_EQ(stream.steady.resident_bytes, tensor_bytes);
}

// What stays for later batches leaves the room that words need between layers: 36 KB of 80 stay for
// the first layer, which shares nothing, 36 for the two others, and 8 are places.
TEST(SharedWords, KeepTheirRoomBesideWhatStays) {
  const StreamReport stream = simulate_stream(shared_layers({0, 1, 1, 0}, 80));
  EXPECT_EQ(stream.first.traffic.weight_bytes, 3 * tensor_bytes);
  EXPECT_EQ(stream.steady.traffic.weight_bytes, 2 * tensor_bytes);
  EXPECT_EQ(stream.steady.resident_bytes, tensor_bytes);
}

// Settings made beforehand are each layer's own, whatever words they come from.
TEST(SharedWords, AreNoneOfDeviceSettings) {
  CostInput input = shared_layers({1, 1}, 64);
  input.core.cost.decompose_operations = 1e7;
  input.digital.operations_per_ns = 1;
  EXPECT_EQ(simulate_cost(input).traffic.weight_bytes, 2 * tensor_bytes);
}

TEST(SharedWords, OfANetworkAreThoseThatItsSourceSaysAnEarlierLayerStores) {
  nn::GraphBuilder net("shared", {8, 8, 4});
  int at = 0;
  for (const char* name : {"a", "b", "c"})
    at = net.convolution(name, at, {.channels = 4, .kernel = 3, .padding = 1});
  net.linear("d", net.flatten(at), 10, true);
  const nn::Graph graph = std::move(net).finish();
  for (const char* source : {"shared_depth", "blend"}) {
    const auto card = read_card<nn::SourceCard>(
        parse_yaml(fmt::format("{{source: {0}, bits: 5, {0}: {{uses: 2}}}}", source), "t"));
    const std::vector<CostLayer> layers = cost_layers(graph, {}, card);
    const std::int64_t bits = 4 * 4 * 9 * 5;
    EXPECT_EQ(layers[1].shared, (SharedWords{layers[0].shared.group, bits})) << source;
    EXPECT_EQ(layers[0].shared, layers[1].shared) << source;
    EXPECT_GT(layers[0].shared.group, 0) << source;
    EXPECT_EQ(layers[1].streams, layers[0].streams) << source;  // both read them
    EXPECT_EQ(layers[2].shared, SharedWords{}) << source << ": two uses a tensor";
    EXPECT_EQ(layers[3].shared, SharedWords{}) << source;
  }
}

}  // namespace
}  // namespace lightloom::cosim
