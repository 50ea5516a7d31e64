#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/slimmable/slimmable_network.hpp"
#include "nn/slimmable/width_gate.hpp"

namespace lightloom::nn {

/// Bits that a memory moves for a network of several widths, all stored words counted. Of a width:
/// the streams of its slices, its biases, and of every normalisation scale, shift, mean and
/// variance, 32 bits each. Slices are nested, so what several widths share is what the widest of
/// them has; means and variances are each width's own.
struct SlimTraffic {
  std::int64_t trunk = 0;            // what all widths begin with, its normalisations included
  std::int64_t gate = 0;             //
  std::vector<std::int64_t> slices;  // by width, behind the trunk: words, biases, scales, shifts
  std::vector<std::int64_t> statistics;  // by width, behind the trunk: means and variances

  /// One image by itself at a width.
  [[nodiscard]] std::int64_t alone(std::size_t width) const;
  /// A batch whose images have these widths, as loaded once for all: the union of their slices.
  [[nodiscard]] std::int64_t batch(std::span<const std::size_t> widths) const;
  /// All that is stored, every width's statistics among it.
  [[nodiscard]] std::int64_t stored() const;
};

/// `gate`: null where there is none.
SlimTraffic slim_traffic(const SlimmableNetwork& slim, const WidthGate* gate);

/// Mean bits an image of images with these widths, `size` a batch in their order.
double mean_traffic(const SlimTraffic& traffic, std::span<const std::size_t> widths,
                    std::size_t size);

/// How many images have each width.
std::vector<std::int64_t> histogram(std::span<const std::size_t> widths, std::size_t count);

/// Bits of a network by itself, counted alike.
std::int64_t network_bits(const Network& network);

}  // namespace lightloom::nn
