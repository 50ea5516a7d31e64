#pragma once

// Devices from measurements: fitting, programming, elements.
#include "calibration/calibrate.hpp"
#include "calibration/elements/fringe.hpp"
#include "calibration/elements/ring_fit.hpp"
#include "calibration/fit/mesh_fit.hpp"
#include "calibration/fit/visibility.hpp"
#include "calibration/laboratory/virtual_chip.hpp"
#include "calibration/measurement/measurements.hpp"
#include "calibration/model/chip_model.hpp"
#include "calibration/model/chip_state.hpp"
#include "calibration/model/parameters.hpp"
#include "calibration/problem/fit_problem.hpp"
#include "calibration/problem/held_out.hpp"
#include "calibration/problem/mesh_jacobian.hpp"
#include "calibration/problem/solve.hpp"
#include "calibration/programming/voltages.hpp"
#include "calibration/solvers/least_squares.hpp"
