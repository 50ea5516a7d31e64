#include "calibration/tables/lab_columns.hpp"

namespace lightloom::calibration {

ColumnRole wavelength_role() {
  return {.what = "the wavelength",
          .names = {"wavelength_nm", "wavelength", "lambda", "wave", "wl", "nm"},
          .never = {"power"},
          .quantities = {Quantity::length}};
}

ColumnRole frequency_role() {
  return {.what = "the frequency",
          .names = {"frequency_thz", "frequency", "freq", "nu"},
          .never = {"power"},
          .quantities = {Quantity::frequency}};
}

ColumnRole voltage_role() {
  return {.what = "the voltage",
          .names = {"voltage_v", "voltage", "volt", "bias", "heater_v", "drive"},
          .never = {"photo", "detector", "optical", "compliance"},
          .quantities = {Quantity::voltage}};
}

ColumnRole heater_current_role() {
  return {.what = "the heater's current",
          .names = {"current_ma", "current", "i_heater"},
          .never = {"photo", "detector", "optical", "dark", "compliance"},
          .quantities = {Quantity::current}};
}

ColumnRole heater_power_role() {
  return {
      .what = "the heater's electrical power",
      .names = {"heater_power_mw", "electrical power", "electrical_power", "electric power",
                "electric_power", "heater power", "heater_power", "heating power", "dissipated"},
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
                    "il"},
          .never = {"electric", "heater", "heating", "dissipated", "dark", "wavelength", "laser",
                    "setpoint", "set point", "monitor", "reference"},
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
