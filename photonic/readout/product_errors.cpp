#include "photonic/readout/product_errors.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "core/error.hpp"

namespace lightloom::photonic {
namespace {

constexpr int most_outputs = 4096;

void require_numbers(const std::vector<double>& numbers, std::size_t count, const char* name,
                     const std::string& where) {
  require(numbers.size() == count, "{}: '{}' has {} values (its outputs and period need {})", where,
          name, numbers.size(), count);
  require(std::ranges::all_of(numbers, [](double x) { return std::isfinite(x); }),
          "{}: '{}' holds a value that is no finite number", where, name);
}

void require_count(double count, double least, const char* name, const std::string& where) {
  require(count >= least && count <= most_outputs, "{}: {} is {} (it goes from {} to {})", where,
          name, count, least, most_outputs);
}

std::atomic<ProductErrorsReader>& reader() {
  static std::atomic<ProductErrorsReader> found{nullptr};
  return found;
}

}  // namespace

void check_product_errors(const ProductErrors& errors, const std::string& where) {
  require_count(errors.outputs, 1, "the number of outputs", where);
  require_count(errors.period, 1, "the period of the offsets", where);
  const auto outputs = static_cast<std::size_t>(errors.outputs);
  require_numbers(errors.mixing, outputs * outputs, "mixing", where);
  require_numbers(errors.offset, static_cast<std::size_t>(errors.period) * outputs, "offset",
                  where);
  require_numbers(errors.noise_sigma, outputs, "noise_sigma", where);
  require_numbers(errors.covariance, outputs * outputs, "covariance", where);
  require(std::isfinite(errors.full_scale) && errors.full_scale > 0,
          "{}: full_scale is {} (it is what one full-scale product gives, above 0)", where,
          errors.full_scale);
  require(std::ranges::all_of(errors.noise_sigma, [](double x) { return x >= 0; }),
          "{}: 'noise_sigma' holds a standard deviation below 0", where);
  require(errors.noise_common >= 0 && errors.noise_common <= 1,
          "{}: noise_common is {} (a share, from 0 to 1)", where, errors.noise_common);
  require(errors.vectors >= 0, "{}: vectors is {} (a count, 0 or more)", where, errors.vectors);
  for (std::size_t r = 0; r < outputs; ++r)
    require(errors.covariance[r * outputs + r] > 0,
            "{}: output {} was expected to be constant (its variance has to be above 0)", where, r);
}

void set_product_errors_reader(ProductErrorsReader read) { reader() = read; }

ProductErrors read_product_errors(const std::string& path) {
  const ProductErrorsReader read = reader();
  require(read != nullptr,
          "'{}' cannot be read: this program has no reader of such files "
          "(calibration::read_measured_products, of the component calibration, hands one over)",
          path);
  ProductErrors errors = read(path);
  check_product_errors(errors, path);
  return errors;
}

}  // namespace lightloom::photonic
