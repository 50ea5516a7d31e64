#include "photonic/devices/cell_laws.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::photonic {

void describe(Section& section, LawPiece& piece) {
  section.value("below", piece.below, not_negative);
  section.value("polynomial", piece.polynomial);
  section.value("log", piece.log);
  section.value("factor", piece.factor);
  section.value("exponent", piece.exponent);
  section.value("low", piece.low, not_negative);
  section.value("high", piece.high, not_negative);
  if (piece.high > 0 && piece.high < piece.low)
    section.problem("high", "is below `low` (0: no upper bound)");
}

void describe_law(Section& section, std::string_view key, CellLaw& law) {
  CellLaw given;
  section.sections(key, [&](Section& inner, std::size_t) {
    LawPiece piece;
    describe(inner, piece);
    if (!given.empty() && given.back().below == 0)
      inner.problem("", "comes after a piece that holds to the end (give that one its `below`)");
    else if (!given.empty() && piece.below > 0 && piece.below <= given.back().below)
      inner.problem("below", "is not above that of the piece before (pieces rise)");
    given.push_back(std::move(piece));
  });
  if (section.has(key)) law = std::move(given);
}

double polynomial_at(const std::vector<double>& coefficients, double x) {
  double sum = 0;
  for (auto c = coefficients.rbegin(); c != coefficients.rend(); ++c) sum = *c + x * sum;
  return sum;
}

double law_at(const CellLaw& law, double x) {
  if (law.empty()) return 0;
  const auto holds = [&](const LawPiece& piece) { return piece.below == 0 || x < piece.below; };
  const auto found = std::ranges::find_if(law, holds);
  const LawPiece& piece = found == law.end() ? law.back() : *found;
  const double positive_x = std::max(x, 1e-6);
  double value = polynomial_at(piece.polynomial, x);
  if (piece.log != 0) value += piece.log * std::log(positive_x);
  if (piece.factor != 0) value += piece.factor / std::pow(positive_x, piece.exponent);
  value = std::max(value, piece.low);
  return piece.high > 0 ? std::min(value, piece.high) : value;
}

double drifted_share(double elapsed_s, double reference_s, double nu) {
  return std::pow((elapsed_s + reference_s) / reference_s, -nu);
}

double reading_growth(double since_s, double reading_s) {
  return std::sqrt(std::max(0.0, std::log((since_s + reading_s) / (2 * reading_s))));
}

}  // namespace lightloom::photonic
