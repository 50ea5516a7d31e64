// Request traces of a DRAM. The first byte chooses the format, the next how addresses are written.
#include "memory/traffic/trace_file.hpp"
#include "tests/fuzz/base/fuzzer.hpp"

namespace lightloom::fuzz {
namespace {

using namespace memory;

Bytes trace(TraceFormat format, std::string_view lines) {
  Bytes bytes{static_cast<std::uint8_t>(format), 0};
  bytes.insert(bytes.end(), lines.begin(), lines.end());
  return bytes;
}

}  // namespace

void read_input(Input input) {
  if (input.size() < 2) return;
  const int formats = static_cast<int>(trace_format_names().size());
  const TraceOptions options{.format = static_cast<TraceFormat>(input[0] % formats),
                             .bare = static_cast<BareAddress>(input[1] % 3),
                             .word_bytes = 1 << (input[1] / 3 % 4),
                             .all_writes = input[1] >= 128};
  (void)read_trace(file_of(input.subspan(2), "input.trace"), DramCard{}, options);
}

std::vector<Seed> seeds() {
  using enum TraceFormat;
  return {{"lightloom", trace(recognised, "cycle,address,kind\n0,0x40,r\n7,0x80,w # one\n")},
          {"dramsim3", trace(dramsim3, "0x40 READ 10\n0x1000 P_MEM_WR 20\n")},
          {"ramulator1", trace(ramulator1, "0x40 R\n0x80 W\n")},
          {"ramulator2", trace(ramulator2, "LD 0x40\nST 128\n")},
          {"ramulator2v", trace(ramulator2v, "LD 0,0,1,2,30,4\nST 0,0,0,0,0,0\n")},
          {"dramsys", trace(dramsys, "10: read 0x40\n12: write 0x80 0xff\n")},
          {"gem5", trace(gem5, "r,64,64,1000\nw,128,32,2000\n")},
          {"scalesim", trace(scalesim, "-2,0,1,2\n3,-1,64,\n")}};
}

}  // namespace lightloom::fuzz
