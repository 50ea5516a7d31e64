#include "experiments/statistics/stopping.hpp"

#include <cstddef>
#include <vector>

#include "experiments/statistics/spread.hpp"

namespace lightloom::experiments {

bool is_enough(std::span<const double> values, const StoppingRule& rule) {
  if (values.size() < 2 || values.size() < static_cast<std::size_t>(rule.least)) return false;
  const Spread spread = spread_of({values.begin(), values.end()});
  return spread.standard_deviation > 0 && spread.high - spread.mean <= rule.half_width;
}

}  // namespace lightloom::experiments
