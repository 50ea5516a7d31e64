#include "experiments/from_cards/validate_cards.hpp"

#include <nlohmann/json.hpp>

#include "experiments/studies/validation/validation_output.hpp"

namespace lightloom::experiments {

std::string validate_cards(const std::vector<std::string>& paths,
                           const std::vector<std::string>& settings, ProgressSink& progress) {
  return to_json(
             validate(paths.empty() ? shipped_chips() : paths, {.settings = settings}, progress))
      .dump();
}

}  // namespace lightloom::experiments
