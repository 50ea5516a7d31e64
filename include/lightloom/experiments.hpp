#pragma once

// Whole experiments, card in and results out.
#include "experiments/studies/run_card.hpp"
