#pragma once

#include <string>
#include <vector>

#include "calibration/tables/lab_table.hpp"

namespace lightloom::calibration {

/// A spectrum in the order of wavelength, each wavelength once.
struct Spectrum {
  std::vector<double> wavelength_nm;  // rising
  std::vector<double> power;          // linear: mW of dBm and of W, otherwise as in the file
  bool decibels = false;              // the file holds dB or dBm
  std::vector<std::string> notes;     // in words: how the file was read
};

/// Which columns and units to take; "" each: from names, units and values.
struct SpectrumColumns {
  std::string x, y, x_unit, y_unit;
};

/// A spectrum from a table: wavelength or frequency in any unit (values that cannot be what their
/// header says are read in the unit that makes light of them, with a note), power linear or in dB
/// (by unit, else by values: more than half of them negative, or further below 0 than above).
/// Sweeps may fall, turn back or be stitched: pieces that overlap are scaled to one another,
/// readings at one wavelength averaged. Throws `Error` where columns are missing or no unit makes
/// light of the wavelengths.
Spectrum spectrum_from(const LabTable& table, const SpectrumColumns& columns);

/// Whether readings without a unit are decibels, by their signs.
bool look_like_decibels(const std::vector<double>& readings);

/// 10^(dB / 10) of each.
void from_decibels(std::vector<double>& readings);

}  // namespace lightloom::calibration
