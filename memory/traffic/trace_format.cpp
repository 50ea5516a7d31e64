#include "memory/traffic/trace_format.hpp"

#include <algorithm>
#include <array>

#include "core/error.hpp"

namespace lightloom::memory {
namespace {

struct FormatRow {
  const char* name;
  const char* line;
};
/// In the order of TraceFormat.
constexpr std::array<FormatRow, 9> rows{{{"auto", ""},
                                         {"lightloom", "cycle,address,r or w"},
                                         {"dramsim3", "address READ or WRITE cycle"},
                                         {"ramulator1", "address R or W"},
                                         {"ramulator2", "LD or ST address"},
                                         {"ramulator2v", "R or W level,level,..."},
                                         {"dramsys", "cycle: read or write address"},
                                         {"gem5", "r or w,address,bytes,tick"},
                                         {"scalesim", "cycle, word, word, ...,"}}};

}  // namespace

const std::vector<std::string>& trace_format_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const FormatRow& row : rows) list.emplace_back(row.name);
    return list;
  }();
  return names;
}

std::string trace_format_name(TraceFormat format) {
  return rows[static_cast<std::size_t>(format)].name;
}

std::string trace_format_line(TraceFormat format) {
  return rows[static_cast<std::size_t>(format)].line;
}

TraceFormat trace_format_named(const std::string& name) {
  const std::vector<std::string>& names = trace_format_names();
  const auto found = std::find(names.begin(), names.end(), name);
  require(found != names.end(), "trace format '{}' is unknown (known: {})", name,
          fmt::join(names, ", "));
  return static_cast<TraceFormat>(found - names.begin());
}

}  // namespace lightloom::memory
