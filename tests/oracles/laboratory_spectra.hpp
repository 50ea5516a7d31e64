#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lightloom::oracle {

/// A line that a spectrum truly has.
struct TrueLine {
  double centre_nm = 0, width_nm = 0;  // full width at half of the peak of Airy's function
  double quality = 0;                  // loaded
};

/// A spectrum as a laboratory measures it, and what is true of it.
struct LaboratorySpectrum {
  std::vector<double> wavelength_nm, power;  // rising; mW
  std::vector<TrueLine> lines;
  std::string nuisances;  // in words, for messages
};

/// Spectrum number `draw` of the set `seed`: fields of a ring of finesse 8 to 160 with dispersion,
/// 2 to 10 lines of 6 to 40 readings a width, at the through or drop port of an add-drop ring or
/// behind an all-pass one, coupled anyhow (dips of 25 % and more). Each by chance: grating couplers
/// (a parabola of 8 to 25 dB at 50 nm), a ripple of facets to 8 %, light that passes by (Fano),
/// backscattering (doublets), a second ring in the bus, a second polarisation, saturation; readings
/// with relative noise of 0.05 to 1 %, a floor 45 to 65 dB down, and steps of 0.001 dB or 0.01 dB.
LaboratorySpectrum laboratory_spectrum(std::uint64_t seed, std::uint64_t draw);

/// The same as a file: dBm, mW, uW or W; nm, um or THz; falling, stitched of two sweeps that
/// overlap, one quantity a line, a preamble, decimal commas.
std::string laboratory_file(const LaboratorySpectrum& spectrum, std::uint64_t seed,
                            std::uint64_t draw);

}  // namespace lightloom::oracle
