#include "calibration/tables/lab_columns.hpp"

namespace lightloom::calibration {

ColumnRole wavelength_role() {
  return {.what = "the wavelength",
          .names = {"wavelength_nm", "wavelength", "lambda", "wave", "wellenl", "wl", "nm"},
          .never = {"power", "wavenumber", "wave number"},
          .quantities = {Quantity::length}};
}

ColumnRole frequency_role() {
  return {.what = "the frequency",
          .names = {"frequency_thz", "frequency", "freq", "nu", "wavenumber", "wave number",
                    "wellenzahl", "photon energy"},
          .never = {"power"},
          .quantities = {Quantity::frequency, Quantity::energy}};
}

ColumnRole voltage_role() {
  return {.what = "the voltage",
          .names = {"voltage_v", "voltage", "volt", "bias", "heater_v", "v_heater", "vheater",
                    "spannung", "v", "u", "drive"},
          .never = {"photo", "detector", "optical", "compliance", "squared", "^2", "**2"},
          .quantities = {Quantity::voltage}};
}

ColumnRole heater_current_role() {
  return {.what = "the heater's current",
          .names = {"current_ma", "current", "i_heater", "i"},
          .never = {"photo", "detector", "optical", "dark", "compliance"},
          .quantities = {Quantity::current}};
}

ColumnRole heater_power_role() {
  return {.what = "the heater's electrical power",
          .names = {"heater_power_mw", "electrical power", "electrical_power", "electric power",
                    "electric_power", "heater power", "heater_power", "heating power", "dissipated",
                    "p_heater", "pheater", "p_el", "heizleistung"},
          .never = {"optical"},
          .quantities = {Quantity::power},
          .by_name_only = true};
}

ColumnRole light_role() {
  return {.what = "the optical power",
          .names = {"power",     "optical",  "transmission", "transmittance",
                    "through",   "thru",     "drop",         "channel",
                    "intensity", "detector", "photo",        "signal",
                    "output",    "reading",  "response",     "insertion loss",
                    "loss",      "ch1",      "amplitude",    "magnitude",
                    "level",     "leistung", "attenuation",  "pd_",
                    "_pd",       "pd (",     "pd [",         "il",
                    "pd",        "p"},
          .never = {"electric", "heater", "heating", "dissipated", "dark", "wavelength", "laser",
                    "setpoint", "set point", "monitor", "reference", "heiz", "input", "incident",
                    "tls", "launch", "resolution"},
          .quantities = {Quantity::power, Quantity::decibel, Quantity::current, Quantity::voltage,
                         Quantity::none}};
}

ColumnRole time_role() {
  return {.what = "the time",
          .names = {"time_s", "time", "elapsed", "seconds", "t"},
          .never = {},
          .quantities = {Quantity::time}};
}

ColumnRole value_role() {
  return {
      .what = "the value that drifts",
      .names = {"value", "phase", "theta", "phi", "deviation", "reading", "drift", "shift"},
      .never = {},
      .quantities = {Quantity::angle, Quantity::none, Quantity::length, Quantity::voltage,
                     Quantity::power, Quantity::decibel, Quantity::frequency, Quantity::current}};
}

}  // namespace lightloom::calibration
