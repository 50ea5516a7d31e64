#include "experiments/results/views/linear_fit_view.hpp"

#include <fmt/format.h>

#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

using calibration::Coefficient;
using calibration::LinearFit;

std::string coefficients_text(const LinearFit& fit) {
  TextTable table({"coefficient", "value", "sigma", "95 % from", "to"});
  for (const Coefficient& one : fit.coefficients)
    table.row({one.name, fmt::format("{:.6g}", one.value), fmt::format("{:.2g}", one.sigma),
               fmt::format("{:.6g}", one.low), fmt::format("{:.6g}", one.high)});
  return table.text() + fmt::format("RMS {:.4g}, largest residual {:.4g}, R^2 {:.6f}\n", fit.rms,
                                    fit.greatest, fit.r_squared);
}

Json linear_json(const LinearFit& fit) {
  Json json{{"coefficients", Json::object()},    {"rms", fit.rms},
            {"largest_residual", fit.greatest},  {"r_squared", fit.r_squared},
            {"degrees_of_freedom", fit.freedom}, {"problems", fit.problems}};
  for (const Coefficient& one : fit.coefficients)
    json["coefficients"][one.name] = {
        {"value", one.value}, {"sigma", one.sigma}, {"interval", {one.low, one.high}}};
  return json;
}

}  // namespace

Shown linear_fit_view(const LinearFit& fit) {
  return {.json = linear_json(fit), .text = coefficients_text(fit) + problems_text(fit.problems)};
}

}  // namespace lightloom::experiments
