#include "calibration/products/products.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "calibration/products/phase_regression.hpp"
#include "calibration/solvers/dense.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

constexpr const char* model_names[] = {"gains", "periodic", "mixing", "both"};

void require_finite(const Products& products, const std::vector<double>& values, const char* name) {
  const auto outputs = static_cast<std::size_t>(products.outputs);
  for (std::size_t k = 0; k < values.size(); ++k)
    require(std::isfinite(values[k]),
            "{} product of vector {}, output {} (counted from 0) is not a finite number", name,
            k / outputs, k % outputs);
  // Squares, their sums and quotients of them must be numbers too.
  constexpr double least = 1e-100, most = 1e100;
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  require(largest == 0 || (largest >= least && largest <= most),
          "the largest {} product is {:g} (no more than {:g} and no less than {:g} can be squared: "
          "give the products in another unit)",
          name, largest, most, least);
}

/// Throws `Error` that names the outputs whose products are all equal.
void require_changing(const Products& products, const std::vector<double>& values,
                      const std::string& name, const char* reason) {
  const auto outputs = static_cast<std::size_t>(products.outputs);
  std::vector<char> changes(outputs, 0);
  for (std::size_t k = outputs; k < values.size(); ++k)
    if (values[k] != values[k % outputs]) changes[k % outputs] = 1;
  std::vector<std::size_t> constant;
  for (std::size_t j = 0; j < outputs; ++j)
    if (changes[j] == 0) constant.push_back(j);
  if (constant.empty()) return;
  const std::size_t count = constant.size();
  constant.resize(std::min<std::size_t>(count, 8));
  throw Error(fmt::format(
      "{} products of output {}{} (counted from 0) are the same in all {} vectors ({}; leave such "
      "outputs out of both arrays)",
      name, fmt::join(constant, ", "),
      count > constant.size() ? fmt::format(" and {} more", count - constant.size())
                              : std::string(),
      products.vectors, reason));
}

/// The expected products of all outputs must vary independently for a mixing to be told.
void require_independent(const Products& products) {
  Eigen::MatrixXd scaled = matrices_of(products).expected;
  scaled.rowwise() -= Eigen::RowVectorXd(scaled.colwise().mean());
  for (Eigen::Index j = 0; j < scaled.cols(); ++j) scaled.col(j).normalize();
  const int rank = decide_rank(scaled, 1e-7).rank;
  require(rank == scaled.cols(),
          "expected products of {} outputs span {} dimensions only, so which output mixes into "
          "which cannot be told (take a matrix of as many independent inputs as outputs, or fit "
          "'gains' or 'periodic')",
          scaled.cols(), rank);
}

}  // namespace

std::string name_of(ErrorModel model) { return model_names[static_cast<int>(model)]; }

ErrorModel error_model_of(const std::string& name) {
  for (const ErrorModel model : error_models)
    if (name_of(model) == name) return model;
  throw Error(
      fmt::format("'{}' is no model of errors (must be {})", name, fmt::join(model_names, ", ")));
}

int least_vectors(ErrorModel model, int outputs, int period) {
  const int offsets = has_period(model) ? period : 1;
  return 2 * std::max((mixes(model) ? outputs : 1) + offsets + 1, 2 * offsets);
}

void check_products(const Products& products, ErrorModel model, int period) {
  require(products.vectors > 0 && products.outputs > 0, "no products ({} vectors of {} outputs)",
          products.vectors, products.outputs);
  const auto size =
      static_cast<std::size_t>(products.vectors) * static_cast<std::size_t>(products.outputs);
  require(products.expected.size() == size && products.observed.size() == size,
          "{} expected and {} observed products are not {} vectors of {} outputs",
          products.expected.size(), products.observed.size(), products.vectors, products.outputs);
  require_finite(products, products.expected, "expected");
  require_finite(products, products.observed, "observed");
  const int least = least_vectors(model, products.outputs, period);
  require(
      !has_period(model) || period == 1 || period <= products.vectors / 4,
      "period {} is too long for {} vectors (each half of the data must hold two whole periods, "
      "which takes {} vectors)",
      period, products.vectors, least);
  require(products.vectors >= least,
          "{} vectors of {} outputs are too few for the model '{}' (it is fitted to each half of "
          "them, which takes at least {}; are rows the vectors and columns the outputs?{})",
          products.vectors, products.outputs, name_of(model), least,
          mixes(model) ? " the models 'gains' and 'periodic' take fewer" : "");
  require_changing(products, products.expected, "expected", "a gain needs products that vary");
  require_changing(products, products.observed, "observed", "a dead output has no gain");
  if (mixes(model)) require_independent(products);
}

}  // namespace lightloom::calibration
