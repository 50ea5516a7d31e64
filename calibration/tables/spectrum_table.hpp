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
  std::vector<std::string> problems;  // in words: sweeps that contradict one another
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

/// Turns what a column's name calls losses (loss, IL, attenuation, absorbance ...) into levels in
/// decibels, with a note; `unit` is "" where the file gives none. false, and nothing is changed,
/// where they are none, or negative as levels are.
bool turn_losses(const LabColumn& column, const std::string& unit, std::vector<double>& readings,
                 std::vector<std::string>& notes);

/// Turns voltages and currents of a detector that inverts: none of them positive.
void turn_inverted(const std::string& unit, std::vector<double>& readings,
                   std::vector<std::string>& notes);

/// 10^(dB / 10) of each.
void from_decibels(std::vector<double>& readings);

}  // namespace lightloom::calibration
