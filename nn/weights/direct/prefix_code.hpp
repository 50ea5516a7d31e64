#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lightloom::nn {

/// Bits of the longest code word: a decoder's table has 2^12 entries.
inline constexpr int longest_code = 12;

/// Lengths of the code words of an optimal prefix code without words above `longest_code` bits, by
/// the package-merge algorithm (Larmore and Hirschberg, J. ACM 37, 464 (1990)): the sum of counts
/// times lengths is the least there is. 0 for symbols that do not occur, 1 for one that is alone.
/// At most 4096 symbols, counts at least 0.
std::vector<int> code_lengths(std::span<const std::int64_t> counts);

/// The canonical code of such lengths: words in order of length, then of symbol, each the one
/// before plus one. Read and written low bits first, a word's first bit lowest. Any lengths make a
/// decoder, those that a memory damaged too: lengths above `longest_code` have no word, bits that
/// begin no word are read one by one as symbol `otherwise`.
class PrefixCode {
 public:
  PrefixCode(std::span<const int> lengths, std::uint32_t otherwise);

  /// Appends the words of `symbols` to `bytes`, which they begin and end on.
  void write(std::span<const std::uint32_t> symbols, std::vector<std::uint32_t>& bytes) const;
  /// Reads as many symbols as `symbols` holds; behind the last byte stand zeros.
  void read(std::span<const std::uint32_t> bytes, std::span<std::uint32_t> symbols) const;

 private:
  struct Word {
    std::uint32_t bits = 0;  // first bit lowest
    int length = 0;          // 0: none
  };
  struct Entry {
    std::uint32_t symbol = 0;
    int length = 1;
  };
  std::vector<Word> words_;     // by symbol
  std::vector<Entry> entries_;  // by the next `longest_code` bits
};

}  // namespace lightloom::nn
