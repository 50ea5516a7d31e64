#pragma once

#include <vector>

#include "core/cards/card.hpp"

namespace lightloom::photonic {

/// One piece of a fitted law of a cell's relative conductance x = g / gmax, as the publications of
/// electronic cells give them:
///     clamp(sum_i polynomial_i x^i + log ln x + factor / x^exponent, low, high).
struct LawPiece {
  double below = 0;                // holds for x < below; 0: for all that is left
  std::vector<double> polynomial;  // lowest order first
  double log = 0;
  double factor = 0, exponent = 0;
  double low = 0;   // what the laws describe is never negative
  double high = 0;  // 0: no upper bound
};
void describe(Section& section, LawPiece& piece);

/// Pieces by rising `below`. Empty: 0 everywhere.
using CellLaw = std::vector<LawPiece>;
/// Reads a list of pieces, and reports pieces out of order and those behind one without end.
void describe_law(Section& section, std::string_view key, CellLaw& law);

/// The law at x >= 0; logarithms and powers take no x below 1e-6.
double law_at(const CellLaw& law, double x);
/// sum_i coefficients_i x^i.
double polynomial_at(const std::vector<double>& coefficients, double x);

/// What is left of a conductance (or transmission) `elapsed_s` after it was first read, t0 =
/// `reference_s` after its programming: ((t + t0) / t0)^-nu.
double drifted_share(double elapsed_s, double reference_s, double nu);
/// How far 1/f noise has grown `since_s` after programming, in units of Q, for readings of
/// `reading_s`: sqrt(ln((t + t_r) / (2 t_r))), 0 before t_r (Nandakumar et al., ICECS 2019).
double reading_growth(double since_s, double reading_s);

}  // namespace lightloom::photonic
