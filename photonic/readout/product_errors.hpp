#pragma once

#include <string>
#include <vector>

namespace lightloom::photonic {

/// What the products of one chip are off by, as measured with one matrix of weights. All in the
/// units of `expected`, the products that were to be. Of the vector with number t
///     observed_r = sum_k mixing_rk expected_k + offset_{t mod period, r}
///                  + noise_sigma_r (sqrt(1 - q) N_tr + sqrt(q) N_t),  q = noise_common,
/// with standard normals of each output and of all outputs of a vector.
struct ProductErrors {
  int outputs = 0;
  int period = 1;
  /// What one input at full scale gives through one weight at full scale, in units of `expected`.
  double full_scale = 1;
  std::vector<double> mixing{};       // (outputs, outputs), row-major; gains on its diagonal
  std::vector<double> offset{};       // (period, outputs)
  std::vector<double> noise_sigma{};  // (outputs)
  /// (outputs, outputs) of what was expected, about its mean. It says what the mixing was measured
  /// against: a direction in which little was expected is amplified by much.
  std::vector<double> covariance{};
  double noise_common = 0;  // share of the noise's variance that all outputs of a vector have
  int vectors = 0;          // that the mixing was fitted to; 0: it is exact
};

/// What a frozen error of products stands at.
enum class FrozenErrorOf {
  weights,  // every cell of the core has its own error, whatever the weight: it acts on inputs
  outputs,  // outputs mix: it acts on the products that were to be
};

/// The spreads that chips are drawn from which are as far off as a measured one.
struct ProductErrorLaw {
  FrozenErrorOf frozen = FrozenErrorOf::weights;
  double full_scale = 1;  // in units of `expected`, as above
  double gain_mean = 1;   // of the regression of an output on what was expected of it alone
  double gain_sd = 0;     // over outputs, beside what the mixing adds to it
  /// Root mean square of what an output has mixed in, over that of what is expected of it; and the
  /// standard deviation over outputs of its logarithm.
  double mixing_share = 0;
  double mixing_spread = 0;
  double offset_mean = 0;  // in units of `expected`
  double offset_sd = 0;    // over outputs
  int period = 1;
  double periodic_sd = 0;      // of offsets by t mod period about their mean over a period
  double periodic_common = 0;  // share of that variance that all outputs have in common
  double noise_sigma = 0;      // root mean square over outputs
  double noise_spread = 0;     // standard deviation over outputs of its logarithm
  double noise_common = 0;     // share of the variance that all outputs of a vector have
};

/// Throws `Error`, naming `where`, unless shapes agree and all is finite: 1 to 4096 outputs,
/// periods of 1 to 4096, positive `full_scale`, standard deviations and shares in their ranges,
/// positive variances.
void check_product_errors(const ProductErrors& errors, const std::string& where);

/// Reads a file of such errors.
using ProductErrorsReader = ProductErrors (*)(const std::string& path);
/// Hands over how files are read that cards name (`measured.file`): a room that reads HDF5 does.
/// Thread-safe.
void set_product_errors_reader(ProductErrorsReader reader);
/// By that reader. Throws `Error` where there is none, and for what `check_product_errors` refuses.
ProductErrors read_product_errors(const std::string& path);

}  // namespace lightloom::photonic
