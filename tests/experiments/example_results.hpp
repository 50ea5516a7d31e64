#pragma once

#include <string>

#include "core/files/labelled.hpp"

namespace lightloom::experiments {

/// A results file in the layout of a run: made-up numbers, every axis and variable that the report
/// draws.
Labelled example_run(int chips);

/// The same stacked over two swept keys, basis_bits and phase_sigma_rad.
Labelled example_sweep();

/// An empty folder of the running test, removed first when left over.
std::string scratch_folder(const std::string& name);

/// The program under test, beside the tests in the build tree.
std::string program();

/// Exit code, standard output and standard error of a shell command.
struct Ran {
  int code = -1;
  std::string output, errors;
};
Ran run_shell(const std::string& command);

}  // namespace lightloom::experiments
