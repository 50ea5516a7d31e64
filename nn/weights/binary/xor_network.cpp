#include "nn/weights/binary/xor_network.hpp"

#include <algorithm>
#include <set>

#include "nn/weights/seeded/seeded_bits.hpp"

namespace lightloom::nn {
namespace {

/// All sets of `taps` inputs that hold `first`, in lexicographic order of the others.
std::vector<std::vector<std::size_t>> sets_with(std::size_t first, const XorSize& size) {
  std::vector<std::vector<std::size_t>> sets{{first}};
  for (int tap = 1; tap < size.taps; ++tap) {
    std::vector<std::vector<std::size_t>> longer;
    for (const auto& set : sets)
      for (std::size_t i = tap == 1 ? 0 : set.back() + 1; i < static_cast<std::size_t>(size.inputs);
           ++i) {
        if (i == first) continue;
        longer.push_back(set);
        longer.back().push_back(i);
      }
    sets = std::move(longer);
  }
  for (auto& set : sets) std::sort(set.begin(), set.end());
  return sets;
}

std::vector<std::size_t> wires(const XorSize& size) {
  std::vector<std::size_t> taps;
  std::set<std::vector<std::size_t>> used;
  for (std::size_t o = 0; o < static_cast<std::size_t>(size.outputs); ++o) {
    const auto sets = sets_with(o % static_cast<std::size_t>(size.inputs), size);
    const std::size_t start = seeded_word(0, static_cast<std::uint32_t>(o)) % sets.size();
    std::size_t chosen = start;
    for (std::size_t step = 0; step < sets.size(); ++step) {
      chosen = (start + step) % sets.size();
      if (!used.contains(sets[chosen])) break;
    }
    used.insert(sets[chosen]);
    taps.insert(taps.end(), sets[chosen].begin(), sets[chosen].end());
  }
  return taps;
}

}  // namespace

XorNetwork::XorNetwork(const XorSize& size) : size_(size), taps_(wires(size)) {
  std::vector<float> inputs(static_cast<std::size_t>(size.inputs));
  for (std::uint32_t code = 0; code < 1u << size.inputs; ++code) {
    for (std::size_t i = 0; i < inputs.size(); ++i)
      inputs[i] = (code >> i & 1u) != 0 ? 1.0f : -1.0f;
    for (std::size_t o = 0; o < static_cast<std::size_t>(size.outputs); ++o)
      signs_.push_back(sign(o, inputs));
  }
}

std::span<const std::size_t> XorNetwork::taps(std::size_t output) const {
  const auto count = static_cast<std::size_t>(size_.taps);
  return std::span(taps_).subspan(output * count, count);
}

float XorNetwork::sign(std::size_t output, std::span<const float> inputs) const {
  float product = 1;
  for (const std::size_t tap : taps(output)) product *= inputs[tap];
  return product;
}

std::uint32_t XorNetwork::best(std::span<const float> targets) const {
  const auto outputs = static_cast<std::size_t>(size_.outputs);
  std::uint32_t found = 0;
  float most = 0;
  for (std::uint32_t code = 0; code < 1u << size_.inputs; ++code) {
    float sum = 0;
    for (std::size_t o = 0; o < targets.size(); ++o) sum += signs_[code * outputs + o] * targets[o];
    if (code > 0 && sum <= most) continue;
    found = code;
    most = sum;
  }
  return found;
}

}  // namespace lightloom::nn
