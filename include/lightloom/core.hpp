#pragma once

// Cards (YAML to structs), errors, random numbers by address, progress.
#include "core/cards/card.hpp"
#include "core/cards/card_error.hpp"
#include "core/cards/tree.hpp"
#include "core/enum_array.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/matrix.hpp"
#include "core/progress.hpp"
#include "core/random/random.hpp"
#include "core/statistics.hpp"
