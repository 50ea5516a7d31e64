#include "experiments/statistics/spread.hpp"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>

namespace lightloom::experiments {

Spread spread_of(const std::vector<double>& values) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  Spread spread{none, none, none, none};
  if (values.empty()) return spread;
  const auto count = static_cast<double>(values.size());
  spread.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  if (values.size() < 2) return spread;
  double squares = 0;
  for (const double value : values) squares += (value - spread.mean) * (value - spread.mean);
  spread.standard_deviation = std::sqrt(squares / (count - 1));
  const boost::math::students_t distribution(count - 1);
  const double half =
      boost::math::quantile(distribution, 0.975) * spread.standard_deviation / std::sqrt(count);
  spread.low = spread.mean - half;
  spread.high = spread.mean + half;
  return spread;
}

}  // namespace lightloom::experiments
