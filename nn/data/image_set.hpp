#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/files/large_vector.hpp"
#include "nn/graph/graph.hpp"

namespace lightloom::nn {

/// Shift and scale of the pixels per channel, as many published weights expect:
/// (value / 255 - mean) / std of 8-bit samples, (value - mean) / std of floats.
struct Normalise {
  std::vector<double> mean, std;  // one number per channel; empty: inputs stay as they are
  bool signed_inputs = false;     // inputs may be negative without a mean (float samples)
};

/// Labelled images, 8 bits a channel or floats, (image, height, width, channel); rows of numbers
/// are images of 1 x 1. Unless normalised an 8-bit sample counts as value / 255, so in [0, 1]:
/// inputs of intensity-coded hardware cannot be negative. A float counts as it is.
struct ImageSet {
  MapShape image;
  LargeVector<std::uint8_t> pixels;
  std::vector<std::uint16_t> labels;  // zeros where the answers are numbers
  Normalise normalise;
  LargeVector<float> values = {};   // the samples where they are floats, in place of `pixels`
  std::vector<float> targets = {};  // of a regression, `outputs` an image
  int outputs = 0;                  // numbers that answer for an image; 0: a class does
  bool reconstructs = false;        // the answer is the input itself (an autoencoder)

  [[nodiscard]] std::size_t size() const { return labels.size(); }
  [[nodiscard]] bool has_numbers() const { return outputs > 0; }
};

/// The samples of one image as bytes, equal where the samples are.
std::span<const std::uint8_t> bytes_of(const ImageSet& set, std::size_t image);
/// The images `order` of a set, with their answers.
ImageSet chosen_images(const ImageSet& set, std::span<const std::uint32_t> order);
/// Keeps the first `count` images.
void keep_first(ImageSet& set, std::size_t count);

}  // namespace lightloom::nn
