// Measurements of a laboratory as HDF5.
#include "calibration/measurement/measurements_csv.hpp"
#include "calibration/measurement/measurements_file.hpp"
#include "tests/fuzz/hdf5/identifiers.hpp"
#include "tests/fuzz/hdf5/labelled_edits.hpp"

namespace lightloom::fuzz {
namespace {

Labelled measurements() {
  const auto data = calibration::parse_measurements_csv(
      "# noise_thermal = 1e-4\nsetting,input,monitor,v0,v1,p0,p1\n0,0,1,1,2,0.5,0.5\n"
      "0,1,1,1,2,0.4,0.6\n1,0,1.1,2,1,0.3,0.7\n1,1,1.1,2,1,.2,.8\n"
      "sweep,heater,input,output,volts,power,v0,v1\n0,0,0,1,0,0.1,0,2\n0,0,0,1,1,0.2,0,2\n",
      "seed");
  calibration::write_measurements("base.h5", data);
  return read_labelled("base.h5");
}

}  // namespace

void read_input(Input input) {
  static const Labelled base = measurements();
  const NoIdentifiersLeft guard;
  const auto data = calibration::read_measurements(edited_file(base, input));
  demand(data.readings.size() == static_cast<std::size_t>(data.settings) * data.block(),
         "a reading for every setting, input and port");
  (void)calibration::measurements_csv(data);
}

std::vector<Seed> seeds() { return edit_seeds(); }

}  // namespace lightloom::fuzz
