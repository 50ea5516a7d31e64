#include "nn/weights/direct/prefix_code.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numeric>
#include <queue>

namespace lightloom::nn {
namespace {

std::int64_t cost_of(const std::vector<std::int64_t>& counts, const std::vector<int>& lengths) {
  std::int64_t cost = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) cost += counts[i] * lengths[i];
  return cost;
}

double kraft_sum(const std::vector<int>& lengths) {
  double sum = 0;
  for (const int length : lengths)
    if (length > 0) sum += std::exp2(-length);
  return sum;
}

/// Huffman's own construction, without a limit: the sum of all nodes that two were joined into.
std::int64_t huffman_cost(const std::vector<std::int64_t>& counts) {
  std::priority_queue<std::int64_t, std::vector<std::int64_t>, std::greater<>> heap;
  for (const std::int64_t count : counts)
    if (count > 0) heap.push(count);
  std::int64_t cost = 0;
  while (heap.size() > 1) {
    std::int64_t joined = heap.top();
    heap.pop();
    joined += heap.top();
    heap.pop();
    cost += joined;
    heap.push(joined);
  }
  return cost;
}

TEST(PrefixCode, IsAsShortAsHuffmansWhereNoWordIsTooLong) {
  for (const std::int64_t symbols : {2, 3, 15, 33, 255}) {
    std::vector<std::int64_t> counts;
    for (std::int64_t i = 0; i < symbols; ++i) counts.push_back(i * i % 97 + i % 5 + 20);
    const std::vector<int> lengths = code_lengths(counts);
    EXPECT_EQ(cost_of(counts, lengths), huffman_cost(counts)) << symbols;
    EXPECT_DOUBLE_EQ(kraft_sum(lengths), 1) << symbols;
  }
}

// Counts of Fibonacci's numbers make Huffman's tree as deep as it has symbols.
TEST(PrefixCode, KeepsToTheLimitAtTheLeastCost) {
  std::vector<std::int64_t> counts{1, 1};
  while (counts.size() < 20) counts.push_back(counts.back() + *(counts.end() - 2));
  const std::vector<int> lengths = code_lengths(counts);
  EXPECT_EQ(*std::max_element(lengths.begin(), lengths.end()), longest_code);
  EXPECT_DOUBLE_EQ(kraft_sum(lengths), 1);
  EXPECT_GT(cost_of(counts, lengths), huffman_cost(counts));
  EXPECT_LT(static_cast<double>(cost_of(counts, lengths)),
            1.01 * static_cast<double>(huffman_cost(counts)));
}

TEST(PrefixCode, LeavesOutWhatDoesNotOccurAndGivesALoneSymbolOneBit) {
  EXPECT_EQ(code_lengths(std::vector<std::int64_t>{0, 7, 0}), (std::vector<int>{0, 1, 0}));
  EXPECT_EQ(code_lengths(std::vector<std::int64_t>{0, 0}), (std::vector<int>{0, 0}));
  EXPECT_EQ(code_lengths(std::vector<std::int64_t>{3, 0, 1, 2}), (std::vector<int>{1, 0, 2, 2}));
}

TEST(PrefixCode, ReadsWhatItWrote) {
  std::vector<std::int64_t> counts;
  for (int i = 0; i < 200; ++i) counts.push_back(i % 7 == 0 ? 0 : std::int64_t{1} << (i % 23));
  const PrefixCode code(code_lengths(counts), 0);
  std::vector<std::uint32_t> symbols, bytes{42};
  for (std::uint32_t i = 0; i < 1000; ++i)
    if (counts[i * 37 % 200] > 0) symbols.push_back(i * 37 % 200);
  code.write(symbols, bytes);
  ASSERT_EQ(bytes[0], 42U);
  std::vector<std::uint32_t> again(symbols.size());
  code.read(std::span(bytes).subspan(1), again);
  EXPECT_EQ(again, symbols);
}

TEST(PrefixCode, ReadsAnythingWithAnyLengths) {
  std::vector<int> lengths(16);
  for (int seed = 0; seed < 50; ++seed) {
    for (std::size_t i = 0; i < lengths.size(); ++i)
      lengths[i] = (seed * 31 + static_cast<int>(i * i) * 7) % 16;
    const PrefixCode code(lengths, 8);
    std::vector<std::uint32_t> bytes, symbols(100);
    for (std::uint32_t i = 0; i < 60; ++i) bytes.push_back(i * 77 % 256);
    code.read(bytes, symbols);
    for (const std::uint32_t symbol : symbols) EXPECT_LT(symbol, 16U);
  }
  std::vector<std::uint32_t> symbols(3);
  PrefixCode(std::vector<int>{0, 0}, 1).read({}, symbols);
  EXPECT_EQ(symbols, (std::vector<std::uint32_t>{1, 1, 1}));
}

}  // namespace
}  // namespace lightloom::nn
