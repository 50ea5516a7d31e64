#include "experiments/cards/maintenance_card.hpp"

#include "core/error.hpp"
#include "experiments/cards/durations.hpp"
#include "photonic/cores/core_age.hpp"

namespace lightloom::experiments {

void describe(Section& section, MaintenanceCard& card) {
  std::string every = "1h";
  section.value("every", every);
  try {
    card.every_s = duration_s(every);
    if (card.every_s == 0) section.problem("every", "is 0 (leave `maintenance` out for none)");
  } catch (const Error& error) {
    section.problem("every", std::string("cannot be read: ") + error.what());
  }
  section.value("reprogram", card.reprogram);
  section.value("reference_vectors", card.reference_vectors, not_negative);
  section.value("load", card.load, {.low = 0, .high = 1, .open_low = true});
}

std::vector<double> read_ages(Section& section, const photonic::CoreCard& core) {
  std::vector<double> ages_s;
  if (!section.has("ages")) return ages_s;
  std::vector<std::string> words;
  section.value("ages", words);
  try {
    for (const std::string& word : words) {
      ages_s.push_back(duration_s(word));
      photonic::aged_core(core, ages_s.back());
    }
  } catch (const Error& error) {
    section.problem("ages", std::string("cannot be measured: ") + error.what());
  }
  return ages_s;
}

}  // namespace lightloom::experiments
