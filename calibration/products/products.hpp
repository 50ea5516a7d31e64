#pragma once

#include <string>
#include <vector>

namespace lightloom::calibration {

/// Products that a core should have given and those that it gave: (vectors, outputs) each,
/// row-major, in one unit, vectors in order of time.
struct Products {
  int vectors = 0, outputs = 0;
  std::vector<double> expected;
  std::vector<double> observed;
};

/// What is taken for the error of a core, observed given expected, each model holding those before
/// it but for `periodic` and `mixing`, of which neither holds the other:
///     gains     a gain and an offset of every output
///     periodic  a gain of every output, offsets by the number of the vector modulo the period
///     mixing    all outputs mixed by a frozen matrix, an offset of every output
///     both      mixed by a frozen matrix, with offsets by the number modulo the period
enum class ErrorModel { gains, periodic, mixing, both };
inline constexpr ErrorModel error_models[] = {ErrorModel::gains, ErrorModel::periodic,
                                              ErrorModel::mixing, ErrorModel::both};
inline constexpr bool mixes(ErrorModel model) { return model >= ErrorModel::mixing; }
inline constexpr bool has_period(ErrorModel model) {
  return model == ErrorModel::periodic || model == ErrorModel::both;
}
std::string name_of(ErrorModel model);
/// The model of a name. Throws `Error` that lists the names.
ErrorModel error_model_of(const std::string& name);

/// Vectors that a model takes at least: its parameters of one output and one more in each half of
/// the data, and two whole periods in each.
int least_vectors(ErrorModel model, int outputs, int period);

/// Throws `Error` for products that no model can be fitted to: arrays that are not full, a number
/// that is none (which), outputs that are constant (which), too few vectors (how many it takes),
/// expected products that depend on each other where a mixing is asked for.
void check_products(const Products& products, ErrorModel model, int period);

}  // namespace lightloom::calibration
