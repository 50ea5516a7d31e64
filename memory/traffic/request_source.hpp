#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "memory/dram/dram_command.hpp"

namespace lightloom::memory {

/// One burst asked of a DRAM.
struct Request {
  std::uint64_t address = 0;  // bytes
  bool write = false;
  Cycle arrival = 0;  // not offered before this cycle
};

/// Requests in program order.
class RequestSource {
 public:
  virtual ~RequestSource() = default;
  /// The next request; false at the end.
  virtual bool next(Request& request) = 0;
};

/// A synthetic pattern over a footprint of 1 GiB, `atom` the bytes of a burst:
///   seq_rd, seq_wr    address = atom i
///   rand_rd, rand_wr  address = atom (splitmix64(seed + i) mod (footprint / atom))
///   tile4k_rd         4 KiB tiles at random places, splitmix64(seed + tile)
///   seq_2r1w          two read streams and one write stream, a quarter of the footprint apart
///   stride_rd         address = 131072 i
/// A name may end in `_every<n>`: request i arrives at cycle n i; else all arrive at 0 (saturated).
/// Throws `Error` for an unknown name.
std::unique_ptr<RequestSource> make_pattern(const std::string& name, std::int64_t requests,
                                            std::uint64_t seed, int atom);

/// Requests after which the addresses of stride_rd begin again.
inline constexpr std::int64_t stride_period = 8192;

/// The seed of the reference runs (docs/evidence/memory.md): of a pattern when none is given.
std::uint64_t reference_seed(const std::string& name);

/// Names without suffix.
const std::vector<std::string>& pattern_names();

/// No request may arrive later: about half an hour of DRAM time.
inline constexpr Cycle last_arrival = Cycle{1} << 41;

/// Requests from a list.
std::unique_ptr<RequestSource> make_source(std::vector<Request> requests);

/// The mixing function of the patterns (Steele et al., OOPSLA 2014).
std::uint64_t splitmix64(std::uint64_t x);

}  // namespace lightloom::memory
