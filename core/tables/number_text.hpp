#pragma once

#include <complex>
#include <optional>
#include <string_view>

namespace lightloom {

/// How a text writes its numbers: the decimal mark, and what groups three digits (0: nothing does).
struct NumberStyle {
  char decimal = '.';
  char group = 0;
};

/// A real number, all of the text: 1, -2.5e-3, +4, .5, 1D+00, 6.*^-1, 1.5*10^-3; nullopt for
/// anything else, for not-a-number and for what a double cannot hold.
std::optional<double> real_number(std::string_view text, const NumberStyle& style = {});

/// A real or complex number, all of the text, as programs write them: 0.5-1.25j, 0.5 + 0.5i, j, -I,
/// 0.8 I, j*0.8, 0.6+-0.0j, (0.6+0.8im); the pairs (0.6,0.8), complex(0.6,0.8) and
/// Complex[0.6, 0.8], with `;` between the parts where the comma is the decimal mark. A real number
/// alone in brackets is none: accountants mean a negative one.
std::optional<std::complex<double>> complex_number(std::string_view text,
                                                   const NumberStyle& style = {});

}  // namespace lightloom
