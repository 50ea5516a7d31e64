#pragma once

// Whole experiments, card in and results out.
#include "experiments/from_cards/cost_card.hpp"
#include "experiments/from_cards/ratio_card.hpp"
#include "experiments/from_cards/search_card.hpp"
#include "experiments/from_cards/sweep_card.hpp"
#include "experiments/from_cards/timeline_card.hpp"
#include "experiments/from_cards/validate_cards.hpp"
#include "experiments/results/files/mesh_settings_file.hpp"
#include "experiments/studies/run_card.hpp"
