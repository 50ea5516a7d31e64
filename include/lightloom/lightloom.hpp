#pragma once

// Everything that was built: rooms that were left out are left out here.
#if __has_include(<lightloom/core.hpp>)
#include <lightloom/core.hpp>
#endif
#if __has_include(<lightloom/files.hpp>)
#include <lightloom/files.hpp>
#endif
#if __has_include(<lightloom/photonic.hpp>)
#include <lightloom/photonic.hpp>
#endif
#if __has_include(<lightloom/memory.hpp>)
#include <lightloom/memory.hpp>
#endif
#if __has_include(<lightloom/nn.hpp>)
#include <lightloom/nn.hpp>
#endif
#if __has_include(<lightloom/calibration.hpp>)
#include <lightloom/calibration.hpp>
#endif
#if __has_include(<lightloom/cosim.hpp>)
#include <lightloom/cosim.hpp>
#endif
#if __has_include(<lightloom/experiments.hpp>)
#include <lightloom/experiments.hpp>
#endif
