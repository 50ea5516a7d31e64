#pragma once

// Everything that this installation holds; rooms that were left out when it was built are left out here.
#if __has_include(<lightloom/core.hpp>)
#include <lightloom/core.hpp>
#endif
#if __has_include(<lightloom/files.hpp>)
#include <lightloom/files.hpp>
#endif
#if __has_include(<lightloom/photonic.hpp>)
#include <lightloom/photonic.hpp>
#endif
