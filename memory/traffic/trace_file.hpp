#pragma once

#include <memory>
#include <string>
#include <vector>

#include "memory/dram/dram_card.hpp"
#include "memory/traffic/request_source.hpp"
#include "memory/traffic/trace_format.hpp"

namespace lightloom::memory {

/// The requests of a trace file, read as they are asked for.
class TraceSource : public RequestSource {
 public:
  /// How its lines are written, said or recognised.
  [[nodiscard]] virtual TraceFormat format() const = 0;
};

/// Opens a trace file, "-": the standard input. A byte-order mark, empty lines, what follows a `#`,
/// and a line of names before the first request are left out. Cycles must not decrease nor pass
/// `last_arrival`. Throws `Error` naming the line; also for a file without any request.
std::unique_ptr<TraceSource> open_trace(const std::string& path, const DramCard& card,
                                        const TraceOptions& options = {});
/// All of them.
std::vector<Request> read_trace(const std::string& path, const DramCard& card,
                                const TraceOptions& options = {});

}  // namespace lightloom::memory
