#pragma once

#include <string>
#include <vector>

namespace lightloom::memory {

/// How the lines of a trace file are written. Cells lie between commas or, where a line has none,
/// between blanks; a kind is r, w, read, write, rd, wr, ld, st, in any case.
enum class TraceFormat {
  recognised,   // by its first request
  lightloom,    // cycle, address, kind
  dramsim3,     // address kind cycle (P_MEM_RD and P_MEM_WR are kinds too)
  ramulator1,   // address kind: all arrive at once
  ramulator2,   // kind address: all arrive at once
  ramulator2v,  // kind channel,rank,group,bank,row,column: all arrive at once
  dramsys,      // cycle: kind address [data]
  gem5,         // kind, address, bytes, tick of 1 ps
  scalesim      // cycle, word, word, ...; -1 is none; cycles may begin below 0
};
/// Names of the formats, that of `recognised` first.
const std::vector<std::string>& trace_format_names();
std::string trace_format_name(TraceFormat format);
/// A line of it, as a message shows it.
std::string trace_format_line(TraceFormat format);
/// Throws `Error` for an unknown name.
TraceFormat trace_format_named(const std::string& name);

/// What an address is that has no 0x before it.
enum class BareAddress {
  by_format,  // decimal where the format's own reader says so; refused where it may be either
  decimal,
  hexadecimal
};

struct TraceOptions {
  TraceFormat format = TraceFormat::recognised;
  BareAddress bare = BareAddress::by_format;
  int word_bytes = 1;       // scalesim: of one word
  bool all_writes = false;  // scalesim: its files name no kind; else all are reads
};

}  // namespace lightloom::memory
