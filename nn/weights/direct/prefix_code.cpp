#include "nn/weights/direct/prefix_code.hpp"

#include <algorithm>
#include <cassert>

namespace lightloom::nn {
namespace {

/// One or more symbols that get a bit more together.
struct Package {
  std::int64_t count = 0;
  std::vector<std::size_t> symbols;
};

bool is_lighter(const Package& a, const Package& b) { return a.count < b.count; }

std::vector<Package> single_symbols(std::span<const std::int64_t> counts) {
  std::vector<Package> singles;
  for (std::size_t symbol = 0; symbol < counts.size(); ++symbol)
    if (counts[symbol] > 0) singles.push_back({counts[symbol], {symbol}});
  std::stable_sort(singles.begin(), singles.end(), is_lighter);
  return singles;
}

/// Neighbours put together, beside the single symbols, in order.
std::vector<Package> merged(const std::vector<Package>& packages,
                            const std::vector<Package>& singles) {
  std::vector<Package> pairs;
  for (std::size_t i = 0; i + 1 < packages.size(); i += 2) {
    Package pair = packages[i];
    pair.count += packages[i + 1].count;
    pair.symbols.insert(pair.symbols.end(), packages[i + 1].symbols.begin(),
                        packages[i + 1].symbols.end());
    pairs.push_back(std::move(pair));
  }
  std::vector<Package> all;
  std::merge(singles.begin(), singles.end(), pairs.begin(), pairs.end(), std::back_inserter(all),
             is_lighter);
  return all;
}

std::uint32_t reversed(std::uint32_t word, int length) {
  std::uint32_t other = 0;
  for (int i = 0; i < length; ++i) other |= (word >> i & 1u) << (length - 1 - i);
  return other;
}

}  // namespace

std::vector<int> code_lengths(std::span<const std::int64_t> counts) {
  assert(counts.size() <= std::size_t{1} << longest_code);
  std::vector<int> lengths(counts.size());
  const std::vector<Package> singles = single_symbols(counts);
  if (singles.size() == 1) lengths[singles[0].symbols[0]] = 1;
  if (singles.size() < 2) return lengths;
  std::vector<Package> packages = singles;
  for (int bit = 1; bit < longest_code; ++bit) packages = merged(packages, singles);
  for (std::size_t i = 0; i < 2 * singles.size() - 2; ++i)
    for (const std::size_t symbol : packages[i].symbols) ++lengths[symbol];
  return lengths;
}

PrefixCode::PrefixCode(std::span<const int> lengths, std::uint32_t otherwise)
    : words_(lengths.size()), entries_(std::size_t{1} << longest_code, Entry{.symbol = otherwise}) {
  std::uint32_t next = 0;
  for (int length = 1; length <= longest_code; ++length, next <<= 1)
    for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
      if (lengths[symbol] != length) continue;
      const std::uint32_t word = reversed(next++ & ((1u << length) - 1), length);
      words_[symbol] = {word, length};
      for (std::size_t entry = word; entry < entries_.size(); entry += std::size_t{1} << length)
        entries_[entry] = {static_cast<std::uint32_t>(symbol), length};
    }
}

void PrefixCode::write(std::span<const std::uint32_t> symbols,
                       std::vector<std::uint32_t>& bytes) const {
  std::uint32_t window = 0;
  int held = 0;
  for (const std::uint32_t symbol : symbols) {
    assert(words_[symbol].length > 0);
    window |= words_[symbol].bits << held;
    held += words_[symbol].length;
    for (; held >= 8; held -= 8, window >>= 8) bytes.push_back(window & 0xffu);
  }
  if (held > 0) bytes.push_back(window);
}

void PrefixCode::read(std::span<const std::uint32_t> bytes,
                      std::span<std::uint32_t> symbols) const {
  std::uint32_t window = 0;
  int held = 0;
  std::size_t byte = 0;
  for (std::uint32_t& symbol : symbols) {
    for (; held < longest_code; held += 8)
      window |= (byte < bytes.size() ? bytes[byte++] & 0xffu : 0u) << held;
    const Entry& entry = entries_[window & ((1u << longest_code) - 1)];
    symbol = entry.symbol;
    window >>= entry.length;
    held -= entry.length;
  }
}

}  // namespace lightloom::nn
