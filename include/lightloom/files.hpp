#pragma once

// Labelled arrays in HDF5 files.
#include "core/files/labelled.hpp"
