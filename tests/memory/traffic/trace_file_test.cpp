#include "memory/traffic/trace_file.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "core/error.hpp"
#include "memory/dram/address_mapping.hpp"
#include "memory/traffic/dram_run.hpp"
#include "tests/memory/presets.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::memory {
namespace {

/// A trace file of one test.
class TraceText {
 public:
  explicit TraceText(const std::string& text) : path_(scratch_path("requests.trace").string()) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  TraceText(const TraceText&) = delete;
  TraceText& operator=(const TraceText&) = delete;
  ~TraceText() { std::remove(path_.c_str()); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::vector<Request> requests_of(const std::string& text, const TraceOptions& options = {},
                                 const DramCard& card = preset("ddr4-2400")) {
  return read_trace(TraceText(text).path(), card, options);
}

/// What the reader says against a text, "" if nothing.
std::string said(const std::string& text, const TraceOptions& options = {}) {
  const TraceText file(text);
  try {
    read_trace(file.path(), preset("ddr4-2400"), options);
  } catch (const Error& error) {
    return std::string(error.what()).substr(std::string(error.what()).find(": ") + 2);
  }
  return "";
}

::testing::AssertionResult same(const std::vector<Request>& a, const std::vector<Request>& b) {
  if (a.size() != b.size()) return ::testing::AssertionFailure() << a.size() << " requests";
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i].address != b[i].address || a[i].write != b[i].write || a[i].arrival != b[i].arrival)
      return ::testing::AssertionFailure()
             << i << ": " << a[i].arrival << " " << a[i].address << " " << a[i].write;
  return ::testing::AssertionSuccess();
}

const std::vector<Request> eight{
    {0x0, false, 0},        {0x40, false, 0},        {0x2000, true, 4}, {0x12345680, false, 10},
    {0x12345680, true, 12}, {0x4cbd56c0, false, 20}, {0x80, false, 20}, {0xc0, true, 25}};

/// The eight requests, `line` writing one.
template <class Line>
std::string written(Line line, const std::vector<Request>& requests = eight) {
  std::string text;
  for (const Request& r : requests) text += line(r) + "\n";
  return text;
}

std::vector<Request> at_once() {
  std::vector<Request> requests = eight;
  for (Request& r : requests) r.arrival = 0;
  return requests;
}

TEST(TraceFile, TheSameRequestsReadAlikeInEveryDialect) {
  const std::string dramsim3 = written([](const Request& r) {
    return fmt::format("0x{:X} {} {}", r.address, r.write ? "WRITE" : "READ", r.arrival);
  });
  EXPECT_TRUE(same(requests_of(dramsim3), eight));
  // 106 cycles, mean latency 49.6: DRAMsim3 on this file, and this configuration.
  const TraceText file(dramsim3);
  const MemoryRun run = run_trace(preset("ddr4-2400"), file.path());
  EXPECT_EQ(run.cycles, 106);
  EXPECT_NEAR(run.latency_cycles.mean, 49.6, 1e-9);

  EXPECT_TRUE(same(requests_of(written([](const Request& r) {
                     return fmt::format("{},0x{:x},{}", r.arrival, r.address, r.write ? "w" : "r");
                   })),
                   eight));
  EXPECT_TRUE(same(requests_of("cycle,address,type\n" + written([](const Request& r) {
                                 return fmt::format("{},0x{:x},{}", r.arrival, r.address,
                                                    r.write ? "WRITE" : "READ");
                               })),
                   eight));
  EXPECT_TRUE(same(requests_of(written([](const Request& r) {
                     return fmt::format("{}:\t{}\t0x{:x}", r.arrival, r.write ? "write" : "read",
                                        r.address);
                   })),
                   eight));
  // 833 ps a cycle on a clock of 830: a tick belongs to the cycle in which it falls.
  EXPECT_TRUE(same(requests_of(written([](const Request& r) {
                     return fmt::format("{},{},64,{}", r.write ? "w" : "r", r.address,
                                        r.arrival * 833);
                   })),
                   eight));
  EXPECT_TRUE(same(requests_of(written([](const Request& r) {
                     return fmt::format("0x{:x} {}", r.address, r.write ? "W" : "R");
                   })),
                   at_once()));
  EXPECT_TRUE(same(requests_of(written([](const Request& r) {
                     return fmt::format("{} 0x{:x}", r.write ? "ST" : "LD", r.address);
                   })),
                   at_once()));
}

TEST(TraceFile, VectorsNameTheLevelsOfTheCard) {
  for (const std::string name : {"ddr4-2400", "hbm2-pseudo-channel", "lpddr4-3200"}) {
    const DramCard card = preset(name);
    const DramOrganization& o = card.organization;
    const AddressMapping mapping(card);
    const std::vector<Request> wanted = at_once();
    const std::string text = written(
        [&](const Request& r) {
          const DramAddress a = mapping.decode(r.address);
          std::vector<std::int64_t> levels{a.unit / o.pseudo_channels};
          if (o.pseudo_channels > 1) levels.push_back(a.unit % o.pseudo_channels);
          if (o.pseudo_channels == 1) levels.push_back(a.rank);
          if (o.bank_groups > 1) levels.push_back(a.bank_group);
          levels.insert(levels.end(), {a.bank, a.row, a.column});
          return fmt::format("{} {}", r.write ? "W" : "R", fmt::join(levels, ","));
        },
        wanted);
    EXPECT_TRUE(same(requests_of(text, {}, card), wanted)) << name << "\n" << text;
  }
  EXPECT_EQ(said("R 0,0,0,0,65535,127\n"), "");
  EXPECT_NE(said("R 0,0,0,0,65536,0\n").find("the card does not have"), std::string::npos);
  EXPECT_NE(said("R 0,0,0,0,0,128\n").find("the card does not have"), std::string::npos);
  EXPECT_NE(said("R 0,0,0,0,0\n"), "");
}

TEST(TraceFile, Gem5RequestsBecomeTheBurstsThatTheyTouch) {
  EXPECT_TRUE(same(requests_of("r,0x20,128,829\nw,64,1,830\n"),
                   {{0x20, false, 0}, {0x40, false, 0}, {0x80, false, 0}, {0x40, true, 1}}));
  EXPECT_NE(said("r,0,0,0\n"), "");
  EXPECT_NE(said("r,0,64,-1\n"), "");
  EXPECT_NE(said("r,18446744073709551615,64,0\n"), "");
}

TEST(TraceFile, ScaleSimWordsOfABurstAreOneRequestAndCyclesBeginAtZero) {
  const std::string text = "-3, 0, 1, 2, 3, -1,\n-2, 63, 64, -1, 7,\n0, -1,\n0.0, 8.0, 128.0\n";
  EXPECT_TRUE(same(requests_of(text), {{0, false, 0},
                                       {63, false, 1},
                                       {64, false, 1},
                                       {7, false, 1},
                                       {8, false, 3},
                                       {128, false, 3}}));
  const TraceOptions halves{.word_bytes = 2, .all_writes = true};
  EXPECT_TRUE(same(requests_of("5, 31, 32,\n", halves), {{62, true, 5}, {64, true, 5}}));
  EXPECT_EQ(said("1, 2, 3,\n0, 4, 5,\n"), "cycle 0 comes after cycle 1 (a trace must be in order)");
  EXPECT_NE(said("1, 2, -2,\n"), "");
}

TEST(TraceFile, TabsMarksCommentsHeadersAndLineEndsDoNotMatter) {
  const std::vector<Request> two{{0, false, 0}, {64, true, 4}};
  for (const std::string text :
       {"0,0x0,r\n4,0x40,w\n", "0\t0x0\tr\n4\t0x40\tw\n",
        "\xef\xbb\xbf"
        "0,0x0,r\n4,0x40,w\n",
        "\xef\xbb\xbf"
        "cycle,address,kind\n0,0x0,r\n4,0x40,w",
        "0,0x0,r # first\n4,0x40,w#\n",
        "# t\n\ncycle64,addr0x,kind\r\n0,0x0,r  \r\n  # in\n 4 ,\t0x40 ,\tw\r\n",
        "0,0,Read\n0x4,64,Wr\n"})
    EXPECT_TRUE(same(requests_of(text), two)) << text;
}

TEST(TraceFile, AddressesWithout0xAreRefusedWhereTheyMayBeHexadecimal) {
  EXPECT_TRUE(same(requests_of("0,64,r\n"), {{64, false, 0}}));
  for (const std::string text :
       {"0,00001000,r\n", "0,1f40,r\n", "1000 READ 0\n", "0: read 400140\n", "001000 R\n"}) {
    EXPECT_NE(said(text).find("without 0x"), std::string::npos) << text << said(text);
    const TraceOptions hex{.bare = BareAddress::hexadecimal};
    EXPECT_EQ(requests_of(text, hex)[0].address % 16, 0U) << text;
  }
  EXPECT_EQ(requests_of("0,00001000,r\n", {.bare = BareAddress::hexadecimal})[0].address, 0x1000U);
  EXPECT_EQ(requests_of("0,00001000,r\n", {.bare = BareAddress::decimal})[0].address, 1000U);
  EXPECT_NE(said("0,1f40,r\n", {.bare = BareAddress::decimal}), "");
}

TEST(TraceFile, AFormatThatIsSaidIsNotGuessed) {
  EXPECT_EQ(said("0x40 R\n", {.format = TraceFormat::ramulator1}), "");
  EXPECT_EQ(said("0x40 R\n", {.format = TraceFormat::dramsim3}),
            "'0x40 R' is not a request (write address READ or WRITE cycle)");
  const TraceText file("0x40 R\n");
  EXPECT_EQ(open_trace(file.path(), preset("ddr4-2400"))->format(), TraceFormat::ramulator1);
  for (const std::string& name : trace_format_names())
    EXPECT_EQ(trace_format_name(trace_format_named(name)), name);
  EXPECT_THROW(trace_format_named("dramsim2"), Error);
}

TEST(TraceFile, NamesTheLineThatIsWrongAndWhy) {
  for (const std::string bad :
       {"0,0,r\n5,0\n", "0,0,x\n", "0,zz,r\n", "9,0,r\n8,0,r\n", "-1,0,r\n", "0,-64,r\n", "0,0\n",
        "0,0,5\n", "0,0x0,r,64\n", "0.5,0,r\n", "0,0,r,\n", "0,0,r\n0x40 READ 1\n", "0,0x,r\n",
        "0,,r\n", ",0,r\n", "3 20734016\n", "0,0,r\n99999999999999999999,64,r\n",
        "cycle,address,rw\ncycle,address,rw\n"})
    EXPECT_NE(said(bad), "") << bad;
  EXPECT_EQ(said("0,0,r\n0,99999999999999999999999,r\n"),
            "'0,99999999999999999999999,r' has an address beyond 64 bits");
  EXPECT_EQ(said(fmt::format("0,0,r\n{},64,w\n", last_arrival)), "");
  EXPECT_NE(said(fmt::format("0,0,r\n{},64,w\n", last_arrival + 1)).find("later than"),
            std::string::npos);
  EXPECT_NE(said("address,cycle,kind\n0x0,64,r\n").find("calls column 1 'address'"),
            std::string::npos);
  const std::string binary = said("0,0,r\n" + std::string("\x01\x02", 2) + std::string(1000, 'x'));
  EXPECT_LT(binary.size(), 150U);  // the line is cut, not shown whole
  EXPECT_EQ(binary.find('\x01'), std::string::npos);
  EXPECT_THROW(read_trace(testing::TempDir(), preset("ddr4-2400")), Error);
  EXPECT_THROW(read_trace("no such file", preset("ddr4-2400")), Error);
}

TEST(TraceFile, FilesThatHoldNoRequestsAreRefused) {
  const auto whole = [](const std::string& text) {
    const TraceText file(text);
    try {
      read_trace(file.path(), preset("ddr4-2400"));
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  for (const std::string text : {"", "# nothing\n\n", "cycle,address,kind\n"})
    EXPECT_NE(whole(text).find("holds no request"), std::string::npos) << text;
  EXPECT_NE(whole("\x1f\x8b\x08").find("compressed"), std::string::npos);
  EXPECT_NE(whole(std::string("\xff\xfe"
                              "0\0,\0",
                              6))
                .find("UTF-16"),
            std::string::npos);
}

}  // namespace
}  // namespace lightloom::memory
