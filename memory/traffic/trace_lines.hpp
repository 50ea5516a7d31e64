#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "memory/dram/address_mapping.hpp"
#include "memory/dram/dram_card.hpp"
#include "memory/traffic/request_source.hpp"
#include "memory/traffic/trace_format.hpp"

namespace lightloom::memory {

/// Takes the lines of one trace apart.
class TraceLines {
 public:
  /// Ticks become cycles of the card's clock, bytes its bursts, and vectors its addresses.
  TraceLines(const DramCard& card, const TraceOptions& options);

  /// Notes the format of a request's line if none is known. False: the line is in none.
  bool recognise(std::string_view line);
  [[nodiscard]] TraceFormat format() const { return options_.format; }
  /// Why this header contradicts the format's order of columns, "" if it does not.
  [[nodiscard]] std::string contradiction(std::string_view header) const;
  /// Appends the requests of a line. Returns what is wrong with it, "" if nothing.
  std::string parse(std::string_view line, std::vector<Request>& requests);

 private:
  enum class Wrong { nothing, shape, kind, cycle, bare_hex, bare_zeros, bare_either, too_large };
  [[nodiscard]] Wrong read(std::vector<Request>& requests);
  [[nodiscard]] Wrong read_gem5(std::vector<Request>& requests) const;
  [[nodiscard]] Wrong read_scalesim(std::vector<Request>& requests);
  [[nodiscard]] Wrong read_vector(std::vector<Request>& requests);
  [[nodiscard]] Wrong address(std::string_view cell, std::uint64_t& address) const;
  [[nodiscard]] std::string sentence(Wrong wrong) const;

  TraceOptions options_;
  AddressMapping mapping_;
  DramOrganization organization_;
  double clock_ps_;
  std::uint64_t atom_;
  Cycle first_cycle_ = 0;  // scalesim: of its first line, if below 0
  bool any_ = false;
  std::vector<std::string_view> cells_;  // of the line that is parsed
};

/// Whether a line may be a table's head: names, and no request.
bool is_trace_header(std::string_view line);

}  // namespace lightloom::memory
