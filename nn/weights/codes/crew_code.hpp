#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lightloom::nn {

/// The weights of one input of a layer under CREW (Riera et al., arXiv 2107.09408): the levels that
/// occur, ascending, and for every output which of them it has.
struct CrewInput {
  std::vector<std::int32_t> levels;
  std::vector<std::uint32_t> indices;
};

/// Bits of an index into `levels` of them: the least that tell them apart, none for one.
int index_bits(std::size_t levels);

/// The levels of one input, [outputs].
CrewInput crew_input(std::span<const std::int32_t> levels);

/// Partial products approximated: levels merge, the rarest into its nearest neighbour (of equals
/// the lowest), until an index needs a bit less. Returns what this adds to the squared error, in
/// levels squared.
double merge_rarest(CrewInput& input);

/// The product of a layer with whole inputs, as CREW's hardware forms it: each input times each of
/// its levels once, every output the sum of the products that its indices name.
struct CrewProduct {
  std::vector<std::int64_t> outputs;
  std::int64_t multiplications = 0, additions = 0;
};
CrewProduct crew_product(std::span<const CrewInput> layer, std::span<const std::int32_t> inputs);

}  // namespace lightloom::nn
