#include "calibration/products/products.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "calibration/solvers/dense.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

constexpr const char* model_names[] = {"gains", "periodic", "mixing", "both"};

void require_finite(const Eigen::MatrixXd& values, const char* name) {
  for (Eigen::Index t = 0; t < values.rows(); ++t)
    for (Eigen::Index j = 0; j < values.cols(); ++j)
      require(std::isfinite(values(t, j)),
              "{} product of vector {}, output {} (counted from 0) is not a finite number", name, t,
              j);
}

/// Throws `Error` that names the outputs whose products are all equal.
void require_changing(const Eigen::MatrixXd& values, const char* name, const char* reason) {
  std::vector<Eigen::Index> constant;
  for (Eigen::Index j = 0; j < values.cols(); ++j)
    if ((values.col(j).array() == values(0, j)).all()) constant.push_back(j);
  if (constant.empty()) return;
  const std::size_t shown = std::min<std::size_t>(constant.size(), 8);
  throw Error(fmt::format(
      "{} products of output {}{} (counted from 0) are the same in all {} vectors ({}; leave such "
      "outputs out of both arrays)",
      name,
      fmt::join(constant.begin(), constant.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
      shown < constant.size() ? fmt::format(" and {} more", constant.size() - shown)
                              : std::string(),
      values.rows(), reason));
}

/// The expected products of all outputs must vary independently for a mixing to be told.
void require_independent(const Eigen::MatrixXd& expected) {
  Eigen::MatrixXd scaled = expected.rowwise() - expected.colwise().mean();
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
  const Eigen::MatrixXd &expected = products.expected, &observed = products.observed;
  require(expected.rows() == observed.rows() && expected.cols() == observed.cols(),
          "{} x {} expected and {} x {} observed products (both must be vectors x outputs of one "
          "measurement)",
          expected.rows(), expected.cols(), observed.rows(), observed.cols());
  require(expected.size() > 0, "no products (arrays of {} x {})", expected.rows(), expected.cols());
  require_finite(expected, "expected");
  require_finite(observed, "observed");
  const int least = least_vectors(model, products.outputs(), period);
  require(
      !has_period(model) || period <= products.vectors() / 4,
      "period {} is too long for {} vectors (each half of the data must hold two whole periods, "
      "which takes {} vectors)",
      period, products.vectors(), least);
  require(products.vectors() >= least,
          "{} vectors of {} outputs are too few for the model '{}' (it is fitted to each half of "
          "them, which takes at least {}; are rows the vectors and columns the outputs?{})",
          products.vectors(), products.outputs(), name_of(model), least,
          mixes(model) ? " the models 'gains' and 'periodic' take fewer" : "");
  require_changing(expected, "expected", "a gain needs products that vary");
  require_changing(observed, "observed", "a dead output has no gain");
  if (mixes(model)) require_independent(expected);
}

}  // namespace lightloom::calibration
