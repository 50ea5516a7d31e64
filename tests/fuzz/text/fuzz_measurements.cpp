// Measurements of a laboratory as CSV.
#include "calibration/measurement/measurements_csv.hpp"
#include "tests/fuzz/base/fuzzer.hpp"

namespace lightloom::fuzz {

void read_input(Input input) {
  const auto data = calibration::parse_measurements_csv(text_of(input), "lab.csv");
  demand(data.readings.size() == static_cast<std::size_t>(data.settings) * data.block(),
         "a reading for every setting, input and port");
  const std::string text = calibration::measurements_csv(data);
  demand(
      calibration::measurements_csv(calibration::parse_measurements_csv(text, "again.csv")) == text,
      "measurements stay what they are when they are written");
}

std::vector<Seed> seeds() {
  return {
      {"settings", bytes_of("# noise_thermal = 1e-4\n# chip = 7\nsetting,input,v0,v1,p0,p1\n"
                            "0,0,1,2,0.5,0.5\n0,1,1,2,0.4,0.6\n1,0,2,1,0.3,0.7\n1,1,2,1,.2,.8\n")},
      {"monitor", bytes_of("setting,input,monitor,v0,v1,p0,p1\n0,0,1.01,1,2,0.5,0.5\n")},
      {"sweeps", bytes_of("setting,input,v0,v1,p0,p1\n0,0,1,2,0.5,0.5\n"
                          "sweep,heater,input,output,volts,power,v0,v1\n0,0,0,1,0,0.1,0,2\n"
                          "0,0,0,1,1,0.2,0,2\n")}};
}

}  // namespace lightloom::fuzz
