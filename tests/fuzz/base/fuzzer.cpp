// libFuzzer's entry, and `--write-seeds=FOLDER`, which writes the corpus that a fuzzer starts from.
#include "tests/fuzz/base/fuzzer.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/error.hpp"

namespace lightloom::fuzz {
namespace {

namespace fs = std::filesystem;

void write_bytes(const std::string& path, Input input) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  const bool whole = file != nullptr &&
                     std::fwrite(input.data(), 1, input.size(), file) == input.size() &&
                     std::fclose(file) == 0;
  if (!whole) {
    std::perror(path.c_str());
    std::exit(1);
  }
}

[[noreturn]] void write_seeds(const std::string& folder) {
  fs::create_directories(folder);
  for (const Seed& seed : seeds()) write_bytes((fs::path(folder) / seed.name).string(), seed.bytes);
  std::exit(0);
}

}  // namespace

void demand(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "finding: %s\n", what);
  std::abort();
}

const std::string& file_of(Input input, const std::string& name) {
  write_bytes(name, input);
  return name;
}

Bytes contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Seed> shipped_cards(const std::string& folder) {
  std::vector<Seed> all;
  for (const auto& entry : fs::directory_iterator(fs::path(LIGHTLOOM_SOURCE_DIR "/data") / folder))
    if (entry.path().extension() == ".yaml")
      all.push_back({entry.path().filename().string(), contents_of(entry.path().string())});
  std::ranges::sort(all, {}, &Seed::name);
  return all;
}

}  // namespace lightloom::fuzz

// The HDF5 library keeps what it allocated while it read a damaged file; that is not ours to free.
extern "C" const char* __lsan_default_suppressions() { return "leak:libhdf5\n"; }

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  constexpr std::string_view option = "--write-seeds=";
  for (int i = 1; i < *count; ++i) {
    const std::string_view word((*arguments)[i]);
    if (word.starts_with(option))
      lightloom::fuzz::write_seeds(std::string(word.substr(option.size())));
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    lightloom::fuzz::read_input({data, size});
  } catch (const lightloom::Error&) {
  }
  return 0;
}
