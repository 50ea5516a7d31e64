// Tables of measurements with bytes changed, cut or doubled: each is fitted or refused in words,
// and none crashes. (Damaged HDF5 can crash HDF5 itself: the program guards itself, see
// tests/experiments/commands/damaged_input_test.cpp.)
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "calibration/calibrate.hpp"
#include "calibration/calibration_card.hpp"
#include "calibration/laboratory/heater_sweeps.hpp"
#include "calibration/laboratory/virtual_chip.hpp"
#include "calibration/measurement/measurements_file.hpp"
#include "calibration/model/chip_card.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::calibration {
namespace {

std::string bytes_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// Some of: a few bytes changed, one bit, a piece cut out, a piece doubled, the end cut off.
std::string damaged(std::string bytes, std::uint64_t draw) {
  const Stream stream({.seed = 31, .purpose = Purpose::test});
  const auto below = [&](std::uint64_t device, std::size_t bound) {
    return static_cast<std::size_t>(stream.below(bound, device, draw));
  };
  const std::size_t at = below(0, bytes.size()), length = 1 + below(1, 60);
  switch (draw % 5) {
    case 0:
      for (std::uint64_t i = 0; i < 4; ++i)
        bytes[below(2 + i, bytes.size())] = static_cast<char>(below(10 + i, 256));
      break;
    case 1:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(2, 8)));
      break;
    case 2:
      bytes.erase(at, length);
      break;
    case 3:
      bytes.insert(at, bytes.substr(below(2, bytes.size()), length));
      break;
    default:
      bytes.resize(at);
  }
  return bytes;
}

TEST(DamagedFiles, AreFittedOrRefusedInWords) {
  const ChipCard card{.modes = 3};
  const ChipShape shape = chip_shape(card);
  VirtualChip chip(shape, hidden_parameters(shape, card, 2, 0), {}, {2});
  Measurements data = measure(chip, random_voltages(shape, 12, 6.5, 2), single_ports(3));
  data.sweeps = sweep_heaters(shape, instrument_of(chip), {}).sweeps;
  const std::string path = scratch_path("damaged.csv").string();
  write_measurements(path, data);
  const std::string good = bytes_of(path);
  int read = 0, refused = 0;
  for (std::uint64_t draw = 0; draw < 250; ++draw) {
    std::ofstream(path, std::ios::binary) << damaged(good, draw);
    try {
      const Measurements found = read_measurements(path);
      ++read;
      const CalibrationCard fit = card_for(found, Tree::mapping());
      calibrate(chip_shape(fit.chip), found, fit.fit);
    } catch (const Error& error) {
      ++refused;
      EXPECT_FALSE(std::string(error.what()).empty());
    }
  }
  // Both happen often: a byte of a power is still a power, a cut table is none.
  EXPECT_GT(read, 5);
  EXPECT_GT(refused, 5);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace lightloom::calibration
