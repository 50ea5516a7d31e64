#pragma once

#include <pybind11/pybind11.h>

#include <lightloom/core/cards/card_error.hpp>
#include <string>

namespace lightloom::python {

/// The exceptions of the package: Error (a ValueError), CardError (an Error with `problems`) and
/// Failure (a RuntimeError), thrown for the library's.
void bind_errors(pybind11::module_& module);

/// work(), whose every `Error` is one of a card.
template <class Work>
auto about_a_card(const Work& work) {
  try {
    return work();
  } catch (const CardError&) {
    throw;
  } catch (const Error& error) {
    throw CardError(error.what(), {error.what()});
  }
}

}  // namespace lightloom::python
