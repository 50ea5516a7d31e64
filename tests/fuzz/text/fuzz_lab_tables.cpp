// Tables as instruments write them: any dialect, then as a heater's sweep, energies, a line and a
// spectrum. The first byte chooses over what a heater is fitted.
#include <cmath>

#include "calibration/tables/heater_sweep.hpp"
#include "calibration/tables/spectrum_table.hpp"
#include "calibration/tables/value_tables.hpp"
#include "core/error.hpp"
#include "tests/fuzz/base/fuzzer.hpp"

namespace lightloom::fuzz {
namespace {

using namespace calibration;

void read_heater(const LabTable& table, Drive over) {
  const HeaterSweep sweep = heater_sweep_from(table, {.over = over});
  demand(!sweep.drive.empty() && sweep.drive.size() == sweep.readings.size() &&
             sweep.drive.size() == sweep.lines.size(),
         "a reading and a line for every drive");
}

void read_spectrum(const LabTable& table) {
  const Spectrum spectrum = spectrum_from(table, {});
  demand(!spectrum.power.empty() && spectrum.power.size() == spectrum.wavelength_nm.size(),
         "a power for every wavelength");
  for (std::size_t i = 0; i < spectrum.power.size(); ++i) {
    demand(std::isfinite(spectrum.wavelength_nm[i]), "wavelengths are numbers");
    demand(i == 0 || spectrum.wavelength_nm[i] > spectrum.wavelength_nm[i - 1], "wavelengths rise");
  }
}

void read_energies(const LabTable& table) {
  const EnergyTable energies = energy_table(table, "");
  for (const LabColumn& column : energies.counts) {
    demand(column.values.size() == energies.target.values.size(), "columns of one length");
    for (const double value : column.values) demand(std::isfinite(value), "counts are numbers");
  }
}

void read_line(const LabTable& table) {
  const LineTable line = line_table(table, {});
  demand(!line.x.values.empty() && line.x.values.size() == line.y.values.size(), "a y for every x");
}

/// Runs a reader whose refusal says nothing of the others.
template <class Reader>
void tried(const Reader& reader) {
  try {
    reader();
  } catch (const Error&) {
  }
}

Bytes seed(int kind, std::string_view text) {
  Bytes all{static_cast<std::uint8_t>(kind)};
  all.insert(all.end(), text.begin(), text.end());
  return all;
}

}  // namespace

void read_input(Input input) {
  if (input.empty()) return;
  const LabTable table = read_lab_table(text_of(input.subspan(1)), "lab.csv");
  for (const LabColumn& column : table.columns)
    demand(column.values.size() == table.columns.front().values.size(), "columns of one length");
  tried([&] { read_heater(table, static_cast<Drive>(input[0] % 4)); });
  tried([&] { read_energies(table); });
  tried([&] { read_line(table); });
  read_spectrum(table);
}

std::vector<Seed> seeds() {
  return {{"commas", seed(0, "Voltage [V],Power (dBm)\n0,-3.1\n0.5,-4\n1,-7.5\n")},
          {"german", seed(1, "Spannung / V;Leistung / mW\n0,0;0,51\n0,5;0,44\n1,0;0,2\n")},
          {"preamble", seed(2,
                            "Instrument: made up\n# date\n\nI (mA)\tV (V)\tP (uW)\n1\t0.5\t3\n"
                            "2\t1.0\t2\n3\t1.5\tNaN\n")},
          {"units", seed(3, "lambda,T\nnm,dB\n1550.1,-1\n1550.2,-9\n1550.3,-1.5\n")},
          {"frequency", seed(0, "frequency_THz power_mW\n193.2 0.5\n193.1 0.1\n193.0 9.91e37\n")},
          {"across", seed(0, "wavelength (um),1.5501,1.5502,1.5503\npower,1,.5,1\n")},
          {"stitched", seed(0, "nm,mW\n1550,1\n1551,2\n1550.5,3\n1551.5,4\n1552,1\n")}};
}

}  // namespace lightloom::fuzz
