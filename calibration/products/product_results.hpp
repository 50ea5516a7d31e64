#pragma once

#include <array>
#include <vector>

#include "calibration/products/products.hpp"

namespace lightloom::calibration {

/// A mean with its standard error.
struct Estimate {
  double value = 0, standard_error = 0;
};

/// What a model leaves of products it was not fitted to, in units of the products.
struct ResidualStatistics {
  double rms = 0;
  double standard_error = 0;      // of `rms`, vectors taken as independent of each other
  double common_mode = 0;         // rms over vectors of the mean over outputs
  double kurtosis_pooled = 0;     // of all residuals as one sample; 3: normal
  double kurtosis_within = 0;     // mean over outputs of each one's own
  double kurtosis_largest = 0;    // of one output
  std::vector<double> deviation;  // (outputs) rms of each output
};

/// What the models leave, held out; models that do not fit into `largest` are left out.
struct ModelResiduals {
  std::array<ResidualStatistics, 4> of;  // by ErrorModel
  std::vector<ErrorModel> models;        // those that were tried, in order
  double signal_rms = 0;  // of what the gains make of the expected products, without offsets
};

/// What offsets by the number of the vector modulo a period would take away.
struct PeriodTrial {
  int period = 1;
  double rms = 0;  // held out, in units of the products
};

/// The period of offsets, found or given.
struct PeriodFound {
  int period = 1;  // 1: none
  bool given = false;
  std::vector<PeriodTrial> trials;  // empty where it was given
};

/// What a digital correction of the observed products leaves of their error, held out, in units of
/// the products.
struct Corrected {
  int rank = 0;  // of the mixing that is added to gains and offsets; outputs: a full matrix
  Estimate rms;
};

/// Corrections that predict the expected products from the observed ones.
struct Correctors {
  Estimate raw;       // observed - expected, nothing corrected
  Estimate gains;     // a gain and an offset of every output
  Estimate periodic;  // and offsets by the number modulo the period
  std::vector<Corrected>
      mixing;  // and a matrix of rank 1, 2, 4, ... and full, empty without mixing
};

/// How far the outputs of a core bend, held out, in units of the products.
struct Nonlinearity {
  Estimate straight;  // rms that the model leaves without bends
  Estimate bent;      // and with the square and the cube of every output's prediction
  double bend = 0;    // rms of the bends: square root of what they take away; 0 where they do not
  double sigmas = 0;  // by how many standard errors they take something away
};

/// The parameters of a model of errors, from all vectors, in the units of the products, matrices
/// row-major. Of the vector with number t
///     observed_r = sum_k mixing_rk expected_k + offset_{t mod period, r} + sigma_r N.
struct FittedErrors {
  int outputs = 0, period = 1, vectors = 0;
  std::vector<double> gain;  // (outputs) of the regression on the expected product of the same
  std::vector<double> gain_sigma;    // output alone, with its standard errors
  std::vector<double> mixing;        // (outputs, outputs), row r of output r; gains where none mix
  std::vector<double> mixing_sigma;  // standard errors; 0 off the diagonal where none mix
  std::vector<double> offset;        // (period, outputs)
  std::vector<double> offset_sigma;  // (outputs) standard error of one, at expected means of zero
  std::vector<double> sigma;         // (outputs) of the noise, over the degrees of freedom
  std::vector<double> covariance;    // (outputs, outputs) of the expected products
  double common = 0;                 // share of the variance of the noise that all outputs have
};

/// Shares of the variance that a gain and an offset of every output leave, held out; they add up
/// to 1.
struct ErrorShares {
  double mixing = 0;    // frozen: outputs that mix (with `periodic`: mean of both orders)
  double periodic = 0;  // offsets by the number modulo the period
  double random = 1;
};

}  // namespace lightloom::calibration
