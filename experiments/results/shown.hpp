#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "experiments/results/json.hpp"

namespace lightloom::experiments {

/// What was found out: the same facts for scripts and for people.
struct Shown {
  Json json = Json::object();
  std::string text;  // ends with a newline
};

}  // namespace lightloom::experiments
