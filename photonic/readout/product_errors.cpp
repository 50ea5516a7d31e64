#include "photonic/readout/product_errors.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

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

std::vector<std::int64_t> counted(int count) {
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
  return numbers;
}

std::vector<double> numbers_of(const Labelled& data, const char* name, const std::string& path) {
  const Variable* found = data.variable(name);
  const auto* numbers =
      found == nullptr ? nullptr : std::get_if<std::vector<double>>(&found->values);
  require(numbers != nullptr,
          "{}: holds no errors of products (an array '{}' of real numbers is missing; lightloom "
          "calibrate products writes such files)",
          path, name);
  return *numbers;
}

int length_of(const Labelled& data, const char* axis, const std::string& path) {
  const Axis* found = data.axis(axis);
  require(found != nullptr, "{}: holds no errors of products (axis '{}' is missing)", path, axis);
  const std::size_t length = lightloom::size_of(found->values);
  require_count(static_cast<double>(length), 1, axis, path);
  return static_cast<int>(length);
}

double attribute_of(const Labelled& data, const char* name, const std::string& path) {
  const auto found = data.attributes.find(name);
  require(found != data.attributes.end(),
          "{}: holds no errors of products (attribute '{}' is missing)", path, name);
  if (const auto* number = std::get_if<double>(&found->second)) return *number;
  const auto* whole = std::get_if<std::int64_t>(&found->second);
  require(whole != nullptr, "{}: attribute '{}' is no number", path, name);
  return static_cast<double>(*whole);
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

Labelled labelled_product_errors(const ProductErrors& errors) {
  Labelled data;
  data.add_axis({"output", counted(errors.outputs), "1", "output"});
  data.add_axis({"product", counted(errors.outputs), "1", "expected product"});
  data.add_axis({"phase", counted(errors.period), "1", "number of a vector modulo the period"});
  data.add({"mixing", {"output", "product"}, errors.mixing, "1", "frozen mixing, with the gains"});
  data.add({"offset", {"phase", "output"}, errors.offset, "expected", "offset"});
  data.add({"noise_sigma",
            {"output"},
            errors.noise_sigma,
            "expected",
            "standard deviation of the noise"});
  data.add({"covariance",
            {"output", "product"},
            errors.covariance,
            "expected^2",
            "covariance of what was expected"});
  data.attributes["kind"] = std::string("product errors");
  data.attributes["full_scale"] = errors.full_scale;
  data.attributes["noise_common"] = errors.noise_common;
  data.attributes["vectors"] = std::int64_t{errors.vectors};
  return data;
}

ProductErrors product_errors_of(const Labelled& data, const std::string& path) {
  ProductErrors errors;
  errors.outputs = length_of(data, "output", path);
  errors.period = length_of(data, "phase", path);
  errors.mixing = numbers_of(data, "mixing", path);
  errors.offset = numbers_of(data, "offset", path);
  errors.noise_sigma = numbers_of(data, "noise_sigma", path);
  errors.covariance = numbers_of(data, "covariance", path);
  errors.full_scale = attribute_of(data, "full_scale", path);
  errors.noise_common = attribute_of(data, "noise_common", path);
  const double vectors = attribute_of(data, "vectors", path);
  require(vectors >= 0 && vectors <= 1e9, "{}: vectors is {} (a count, 0 or more)", path, vectors);
  errors.vectors = static_cast<int>(vectors);
  check_product_errors(errors, path);
  return errors;
}

ProductErrors read_product_errors(const std::string& path) {
  return product_errors_of(read_labelled(path), path);
}

}  // namespace lightloom::photonic
