#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Fuzzers, one of every reader of a user's file. A fuzzer is one file that defines `read_input`
/// and `seeds`, and one row in tests/fuzz/CMakeLists.txt. The rest (libFuzzer's entry, the
/// corpus) stands in fuzzer.cpp.
namespace lightloom::fuzz {

using Bytes = std::vector<std::uint8_t>;
using Input = std::span<const std::uint8_t>;

/// An example that a fuzzer starts from.
struct Seed {
  std::string name;
  Bytes bytes;
};

/// Reads `input` as a stranger's file. An `Error` is the orderly answer to a wrong one; anything
/// else that is thrown is a finding.
void read_input(Input input);

/// What a sound file looks like, several kinds if there are.
std::vector<Seed> seeds();

/// Ends the fuzzer with a finding unless `holds`.
void demand(bool holds, const char* what);

inline std::string text_of(Input input) { return {input.begin(), input.end()}; }
inline Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

/// Writes `input` under `name` in the working directory, which is in memory (scripts/fuzz), and
/// returns the name: for readers that take a path.
const std::string& file_of(Input input, const std::string& name);

/// All of a file.
Bytes contents_of(const std::string& path);

/// The shipped cards below `folder` of data/, each a seed.
std::vector<Seed> shipped_cards(const std::string& folder);

}  // namespace lightloom::fuzz
