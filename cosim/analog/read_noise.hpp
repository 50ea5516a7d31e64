#pragma once

#include "cosim/analog/layer_on_core.hpp"

namespace lightloom::cosim {

/// The read-out of a layer whose converters have their ranges: codes about zero, or from zero on
/// where the devices of positive and negative weights are read apart.
Readout readout_of(const LayerOnCore& layer, const photonic::CoreDescription& core);
/// The same without the converter: the light of reads that are added up before they are converted.
Readout light_of(const photonic::CoreDescription& core);

/// Whether the noise of a core's outputs depends on the light of their inputs.
bool needs_power(const photonic::CoreDescription& core);

/// Optical power of every pixel of the coded map.
void measure_pixels(const LayerOnCore& layer, photonic::InputCoding coding,
                    ReadoutScratch::Map& map);

/// Draws the noise of one block of a tile and gives it to the block: standard normals for every
/// output with their standard deviations, and the laser's for every position.
/// Needs the block's pixels where the noise depends on the light.
void draw_noise(const TilePass& pass, const Readout& readout, ReadoutScratch& scratch,
                ReadoutBlock& block);
/// Makes the noise that was drawn for a block `factor` times as large.
void scale_drawn(float factor, ReadoutScratch& scratch, const ReadoutBlock& block);

/// Converts `scratch.sums` (positions, rows) of a block, the ADC's own noise included, and adds
/// readout.gain times the result to the block's outputs. Returns how many conversions were out of
/// range.
std::int64_t convert_sums(const TilePass& pass, const Readout& readout, ReadoutScratch& scratch,
                          const ReadoutBlock& block);

}  // namespace lightloom::cosim
