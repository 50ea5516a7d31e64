#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lightloom::nn {

/// An image as its file holds it: 8 bits a sample, channels last, grey or RGB.
struct Picture {
  int height = 0, width = 0;
  int channels = 3;  // 1 or 3
  std::vector<std::uint8_t> samples;
};

/// Reads a PNG, JPEG, or binary PGM or PPM image, by its first bytes. Samples stay as they are:
/// colour chunks (gAMA, sRGB, iCCP), EXIF rotation and transparency are not applied; palettes are
/// looked up, 16 bits rounded to 8, fewer than 8 stretched. Throws `Error` naming the file.
Picture read_picture(const std::string& path);
/// Height, width and channels alone, from the header; no samples.
Picture look_at_picture(const std::string& path);

// The formats, each in its file; without its library one throws an `Error` that says so.
Picture read_png(const std::string& bytes, const std::string& path);
Picture read_jpeg(const std::string& bytes, const std::string& path);
Picture read_pnm(const std::string& bytes, const std::string& path);

/// Throws `Error` unless an image of this size may be in so many bytes of a file: at most 2^28
/// samples, and at most `ratio` a byte.
void require_possible_size(const Picture& size, std::size_t bytes, const std::string& path);

/// Grey from RGB (ITU-R BT.601, in the integers of Pillow) or RGB from grey; others as they are.
Picture with_channels(Picture picture, int channels);
/// Scaled so that the shorter side is `side` pixels: a triangle filter over the area that a new
/// pixel covers (Pillow's bilinear resize, which torchvision's Resize calls), rounded after each of
/// the two passes. Throws `Error` naming `path` when that makes more than 2^28 samples.
Picture resized(const Picture& picture, int side, const std::string& path);
/// The middle of it. Throws `Error` naming `path` when it is smaller.
Picture centre_crop(const Picture& picture, int height, int width, const std::string& path);

}  // namespace lightloom::nn
