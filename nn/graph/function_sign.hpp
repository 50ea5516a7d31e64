#pragma once

#include "nn/graph/function.hpp"

namespace lightloom::nn {

/// Whether the function is nowhere negative, as far as its last steps say.
bool never_negative(const Function& f);

}  // namespace lightloom::nn
