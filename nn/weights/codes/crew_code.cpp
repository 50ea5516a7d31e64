#include "nn/weights/codes/crew_code.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

namespace lightloom::nn {
namespace {

/// The neighbour of level `at`, or the one below where both are as near.
std::size_t nearest_neighbour(const std::vector<std::int32_t>& levels, std::size_t at) {
  if (at == 0) return 1;
  if (at + 1 == levels.size()) return at - 1;
  return levels[at + 1] - levels[at] < levels[at] - levels[at - 1] ? at + 1 : at - 1;
}

/// Every index of `from` becomes one of `to`, and the level goes.
void replace_level(CrewInput& input, std::size_t from, std::size_t to) {
  for (std::uint32_t& index : input.indices) {
    if (index == from) index = static_cast<std::uint32_t>(to);
    if (index > from) --index;
  }
  input.levels.erase(input.levels.begin() + static_cast<std::ptrdiff_t>(from));
}

}  // namespace

int index_bits(std::size_t levels) {
  return levels < 2 ? 0 : static_cast<int>(std::bit_width(levels - 1));
}

CrewInput crew_input(std::span<const std::int32_t> levels) {
  CrewInput input{.levels = {levels.begin(), levels.end()}, .indices = {}};
  std::sort(input.levels.begin(), input.levels.end());
  input.levels.erase(std::unique(input.levels.begin(), input.levels.end()), input.levels.end());
  for (const std::int32_t level : levels)
    input.indices.push_back(static_cast<std::uint32_t>(
        std::lower_bound(input.levels.begin(), input.levels.end(), level) - input.levels.begin()));
  return input;
}

double merge_rarest(CrewInput& input) {
  const int bits = index_bits(input.levels.size());
  if (bits == 0) return 0;
  const CrewInput before = input;
  std::vector<std::int64_t> uses(input.levels.size());
  for (const std::uint32_t index : input.indices) ++uses[index];
  while (input.levels.size() > std::size_t{1} << (bits - 1)) {
    const auto rarest =
        static_cast<std::size_t>(std::min_element(uses.begin(), uses.end()) - uses.begin());
    const std::size_t to = nearest_neighbour(input.levels, rarest);
    uses[to] += uses[rarest];
    uses.erase(uses.begin() + static_cast<std::ptrdiff_t>(rarest));
    replace_level(input, rarest, to);
  }
  double error = 0;
  for (std::size_t o = 0; o < input.indices.size(); ++o) {
    const double miss = input.levels[input.indices[o]] - before.levels[before.indices[o]];
    error += miss * miss;
  }
  return error;
}

CrewProduct crew_product(std::span<const CrewInput> layer, std::span<const std::int32_t> inputs) {
  assert(layer.size() == inputs.size());
  CrewProduct product;
  if (layer.empty()) return product;
  product.outputs.resize(layer.front().indices.size());
  for (std::size_t i = 0; i < layer.size(); ++i) {
    std::vector<std::int64_t> table;
    for (const std::int32_t level : layer[i].levels)
      table.push_back(std::int64_t{level} * inputs[i]);
    for (std::size_t o = 0; o < product.outputs.size(); ++o)
      product.outputs[o] += table[layer[i].indices[o]];
    product.multiplications += static_cast<std::int64_t>(table.size());
    product.additions += static_cast<std::int64_t>(product.outputs.size());
  }
  return product;
}

}  // namespace lightloom::nn
