#pragma once

#include <string>

#include "core/files/labelled.hpp"
#include "experiments/results/json.hpp"

namespace lightloom::experiments {

/// A results file as one self-contained HTML page: charts, library, style and data inside, nothing
/// fetched.
std::string report_page(const Labelled& data);

/// {attributes, axes: [{name, unit, long_name, values}], variables: [{name, axes, ...}]};
/// not-a-number becomes null.
Json to_json(const Labelled& data);

/// Where the page of a results file goes when nothing else is said: results.h5 gives report.html,
/// name.h5 name.html.
std::string report_path(const std::string& results);

}  // namespace lightloom::experiments
