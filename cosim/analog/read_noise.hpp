#pragma once

#include "cosim/analog/layer_on_core.hpp"

namespace lightloom::cosim {

/// The read-out of a tile (or slice of one) of a layer whose converters have their ranges.
Readout readout_of(const LayerOnCore& layer, const photonic::CoreDescription& core,
                   std::int64_t tile = 0);

/// Whether the noise of a core's outputs depends on the light of their inputs.
bool needs_power(const photonic::CoreDescription& core);

/// Optical power of every pixel of the coded map in `scratch`, into `scratch.pixels`.
void measure_pixels(const LayerOnCore& layer, photonic::InputCoding coding,
                    ReadoutScratch& scratch);

/// Draws the noise of one block of a tile and gives it to the block: standard normals for every
/// output with their standard deviations, and the laser's for every position. Needs
/// `scratch.pixels` where the noise depends on the light.
void draw_noise(const TilePass& pass, const Readout& readout, ReadoutScratch& scratch,
                ReadoutBlock& block);

}  // namespace lightloom::cosim
