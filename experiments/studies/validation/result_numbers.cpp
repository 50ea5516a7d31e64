#include "experiments/studies/validation/result_numbers.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace lightloom::experiments {
namespace {

/// The only number of the array `name`, or that at `place`.
double number_in(const Labelled& results, const char* name, std::size_t place = 0) {
  const Variable* found = results.variable(name);
  const auto* numbers =
      found == nullptr ? nullptr : std::get_if<std::vector<double>>(&found->values);
  require(numbers != nullptr && place < numbers->size(), "holds no number '{}'", name);
  const double number = (*numbers)[place];
  require(std::isfinite(number), "its '{}' is no number", name);
  return number;
}

/// That of a model of errors of products.
double of_model(const Labelled& results, const char* name, const QuantityOptions& options) {
  const Axis* axis = results.axis("error_model");
  const auto* models =
      axis == nullptr ? nullptr : std::get_if<std::vector<std::string>>(&axis->values);
  require(models != nullptr,
          "says of no model what it leaves (write it again by lightloom "
          "calibrate products)");
  const std::string wanted = name_of(options.model);
  const auto at = std::find(models->begin(), models->end(), wanted);
  require(at != models->end(), "has no model '{}' (--model)", wanted);
  return number_in(results, name, static_cast<std::size_t>(at - models->begin()));
}

}  // namespace

double accuracy_percent_in(const Labelled& results, const QuantityOptions& /*options*/) {
  const char* retaken = "accuracy_chips_retaken_mean";  // where the card asked for it
  const bool there = results.variable(retaken) != nullptr;
  return 100 * number_in(results, there ? retaken : "accuracy_chips_mean");
}

double digital_accuracy_percent_in(const Labelled& results, const QuantityOptions& /*options*/) {
  return 100 * number_in(results, "accuracy_source");
}

double accuracy_lost_percent_in(const Labelled& results, const QuantityOptions& options) {
  return digital_accuracy_percent_in(results, options) - accuracy_percent_in(results, options);
}

double product_residual_in(const Labelled& results, const QuantityOptions& options) {
  return of_model(results, "residual_rms", options);
}

double product_kurtosis_within_in(const Labelled& results, const QuantityOptions& options) {
  return of_model(results, "residual_kurtosis_within", options);
}

double product_kurtosis_pooled_in(const Labelled& results, const QuantityOptions& options) {
  return of_model(results, "residual_kurtosis_pooled", options);
}

}  // namespace lightloom::experiments
