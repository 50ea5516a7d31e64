#pragma once

#include <span>

#include "photonic/control/nulling_plan.hpp"

namespace lightloom::photonic {

/// A chip on the bench while it is nulled. `Reader` is a FieldReader or a PowerReader.
template <class Reader>
struct NullingBench {
  const Reader& chip;
  NullingPlan plan;
  NullingResult result;

  /// What the outputs have of `light` at the settings so far; counted.
  auto read(std::span<const Complex> light) {
    ++result.readings;
    return chip(result.settings, light);
  }
};

/// Nulls device after device: `null_of(bench, k, near)` finds the setting of device k, of several
/// the one nearest to `near` in theta.
template <class Reader, class NullOf>
NullingBench<Reader> nulled(const Reader& chip, const Topology& topology, const MeshSettings& ideal,
                            const NullOf& null_of) {
  NullingBench<Reader> bench{chip, {topology, ideal}, {.settings = zero_settings(topology)}};
  bench.plan.null_devices([&](std::size_t k) { return null_of(bench, k, ideal.theta[k]); },
                          bench.result);
  return bench;
}

}  // namespace lightloom::photonic
