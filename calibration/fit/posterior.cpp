#include "calibration/fit/posterior.hpp"

#include "calibration/fit/fit_result.hpp"
#include "calibration/problem/covariance.hpp"
#include "core/random/random.hpp"

namespace lightloom::calibration {

std::vector<double> sample_posterior(const FitResult& fit, std::uint64_t seed,
                                     std::uint32_t sample) {
  const Stream stream(address_of(family::posterior_sample, seed, sample));
  std::vector<double> z(fit.free.parameters.size());
  for (std::size_t f = 0; f < z.size(); ++f) z[f] = stream.normal(f);
  const std::vector<double> step = draw(fit.triangle, z);
  std::vector<double> result = fit.parameters;
  for (std::size_t f = 0; f < step.size(); ++f)
    result[static_cast<std::size_t>(fit.free.parameters[f])] += step[f];
  return result;
}

}  // namespace lightloom::calibration
