// A hundred thousand random reads of a shipped DRAM card.
#include <cstdio>
#include <exception>
#include <lightloom/memory.hpp>

int main(int, char** arguments) try {
  using namespace lightloom;
  const auto card = read_card<memory::DramCard>(load_card(arguments[1], {}));
  const memory::MemoryRun run = memory::run_pattern(card, "rand_rd", 100000, 1);
  std::printf("dram_pattern: %.2f of %.2f GB/s\n", run.bandwidth_GBps, run.peak_GBps);
  return run.requests == 100000 && run.bandwidth_GBps > 0 && run.bandwidth_GBps < run.peak_GBps ? 0
                                                                                                : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "dram_pattern: %s\n", error.what());
  return 2;
}
