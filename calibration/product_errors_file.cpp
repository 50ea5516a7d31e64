#include "calibration/product_errors_file.hpp"

#include <cstdint>
#include <numeric>
#include <variant>
#include <vector>

#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

constexpr std::size_t most_outputs = 4096;

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
  require(length <= most_outputs, "{}: {} is {} (at most {})", path, axis, length, most_outputs);
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

Labelled labelled_product_errors(const photonic::ProductErrors& errors) {
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

photonic::ProductErrors product_errors_of(const Labelled& data, const std::string& path) {
  photonic::ProductErrors errors;
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
  photonic::check_product_errors(errors, path);
  return errors;
}

void read_measured_products() {
  photonic::set_product_errors_reader(
      [](const std::string& path) { return product_errors_of(read_labelled(path), path); });
}

}  // namespace lightloom::calibration
