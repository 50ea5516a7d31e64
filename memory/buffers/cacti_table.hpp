#pragma once

#include <array>

namespace lightloom::memory {

/// One array as CACTI 7 prints it: energies per access, standby leakage with gate leakage, area,
/// access time.
struct CactiArray {
  double read_pJ, write_pJ, leakage_mW, area_mm2, access_ns;
};

inline constexpr std::array<double, 6> cacti_capacity_KB{4, 16, 64, 256, 1024, 4096};
inline constexpr std::array<double, 3> cacti_node_nm{45, 32, 22};
inline constexpr std::array<double, 2> cacti_word_bytes{8, 32};

using CactiRow = std::array<CactiArray, cacti_capacity_KB.size()>;

/// SRAM by CACTI 7: one read-write port, plain RAM, no ECC, 350 K, optimised for dynamic power
/// (weight 100), cell and periphery of one type. [word][row][capacity], rows: hp 45, 32, 22 nm,
/// then lstp 45, 32, 22 nm.
inline constexpr std::array<std::array<CactiRow, 6>, 2> cacti_sram{{
    {{
        {{{2.92, 5.35, 4.9, 0.0135, 0.269},
          {7.85, 10.4, 17.9, 0.0493, 0.37},
          {24.6, 20.3, 67.4, 0.183, 0.605},
          {34.2, 28.1, 247, 0.872, 1.15},
          {60.3, 58, 1084, 3.34, 2.05},
          {113, 118, 4548, 13.3, 3.57}}},
        {{{1.59, 2.84, 1.66, 0.0069, 0.197},
          {4.45, 5.55, 5.97, 0.0249, 0.283},
          {10.6, 8.82, 22.3, 0.106, 0.469},
          {18.2, 16.1, 81.6, 0.501, 0.908},
          {33.5, 32.6, 360, 1.83, 1.59},
          {63.6, 65.9, 1517, 6.72, 2.72}}},
        {{{0.809, 1.42, 0.724, 0.0032, 0.124},
          {2.89, 2.21, 2.41, 0.0121, 0.16},
          {4.69, 4.01, 9.65, 0.0561, 0.345},
          {9, 8.32, 38.6, 0.223, 0.64},
          {17.1, 17.5, 169, 0.841, 1.15},
          {33.7, 36.3, 723, 3.43, 2.11}}},
        {{{3.39, 6.45, 0.00088, 0.0135, 1.02},
          {10.9, 10.3, 0.003, 0.0633, 1.29},
          {22.6, 21, 0.0119, 0.209, 1.86},
          {44.7, 38.5, 0.0437, 0.872, 2.73},
          {88.8, 82.5, 0.175, 3.44, 4.37},
          {169, 167, 0.765, 13.1, 7.45}}},
        {{{2.17, 3.53, 0.0011, 0.0069, 0.806},
          {5.99, 5.54, 0.0039, 0.032, 0.971},
          {11.6, 10.8, 0.0154, 0.119, 1.5},
          {24.8, 22.6, 0.0561, 0.501, 2.22},
          {47.8, 46.4, 0.244, 1.69, 3.66},
          {92.1, 95.6, 1.05, 6.72, 6.39}}},
        {{{1.17, 1.25, 0.0032, 0.0035, 0.468},
          {2.64, 2.28, 0.0113, 0.0151, 0.685},
          {5.23, 4.55, 0.0443, 0.056, 1.1},
          {10.7, 9.99, 0.177, 0.222, 1.75},
          {21.2, 20.5, 0.709, 0.863, 2.84},
          {40.7, 41.5, 3.08, 3.17, 5.04}}},
    }},
    {{
        {{{7.89, 13.8, 4.66, 0.0192, 0.235},
          {11.6, 36.1, 18, 0.0538, 0.37},
          {31.3, 71.2, 67.5, 0.192, 0.605},
          {84.2, 94.4, 246, 1.02, 1.04},
          {179, 218, 1081, 3.87, 2.09},
          {350, 430, 4307, 14, 3.64}}},
        {{{4.26, 7.41, 1.57, 0.0098, 0.169},
          {6.51, 19.6, 5.99, 0.0272, 0.283},
          {22.8, 24.9, 20.4, 0.138, 0.442},
          {45.9, 66.6, 88.9, 0.487, 0.909},
          {101, 122, 356, 1.96, 1.58},
          {198, 240, 1416, 7.09, 2.89}}},
        {{{2.17, 3.78, 0.695, 0.0046, 0.104},
          {4.88, 7.32, 2.44, 0.0142, 0.16},
          {10.8, 15.8, 9.62, 0.0674, 0.327},
          {24.7, 34.7, 38.2, 0.23, 0.667},
          {54, 64, 153, 0.925, 1.16},
          {107, 127, 609, 3.35, 2.22}}},
        {{{10.2, 17.5, 0.00083, 0.0193, 0.871},
          {21.4, 33.7, 0.003, 0.0593, 1.14},
          {47.9, 72.9, 0.012, 0.282, 1.87},
          {112, 141, 0.0433, 0.877, 2.73},
          {252, 227, 0.162, 3.94, 4.26},
          {519, 579, 0.69, 12.8, 7.76}}},
        {{{5.58, 9.58, 0.0011, 0.0098, 0.678},
          {11.9, 18.5, 0.0039, 0.03, 0.905},
          {27, 40.3, 0.0153, 0.143, 1.49},
          {64.2, 78.2, 0.0551, 0.443, 2.25},
          {140, 124, 0.206, 1.99, 3.44},
          {292, 320, 0.878, 6.49, 6.54}}},
        {{{2.43, 4.05, 0.0032, 0.0046, 0.468},
          {5.39, 7.84, 0.0112, 0.0141, 0.65},
          {12.2, 17.2, 0.044, 0.0673, 1.12},
          {29.4, 31, 0.159, 0.245, 1.6},
          {62.5, 52.9, 0.59, 0.941, 2.81},
          {131, 112, 2.34, 3.27, 4.55}}},
    }},
}};

/// Random cycle time over access time of one array. No run of the table above printed its cycle
/// time; these are published CACTI 7 runs of one bank: 8 KB 0.265297 / 0.296114 and 100 KB 0.963513
/// / 0.754595 (64-bit plain RAM, 40 nm, results shipped with Accelergy's CACTI plug-in), 1
/// MB 1.19058 / 1.72177 (22 nm cache, 512 bits). In small arrays bit lines have to recover before
/// the next access, in large ones accesses follow each other down the H-tree.
struct CactiCycle {
  double capacity_KB, cycle_over_access;
};
inline constexpr std::array<CactiCycle, 3> cacti_cycles{{
    {8, 0.265297 / 0.296114},
    {100, 0.963513 / 0.754595},
    {1024, 1.19058 / 1.72177},
}};

/// eDRAM by CACTI 7 (lp-dram cell, hp periphery, 32-byte words). Write energy is set to the read
/// energy (CACTI charges all bit lines of the active subarrays at full swing); static power is
/// split into leakage and refresh.
struct CactiEdram {
  double read_pJ, static_mW, refresh_mW, area_mm2, access_ns, cycle_ns;
};
inline constexpr std::array<double, 4> edram_capacity_KB{64, 256, 1024, 4096};
inline constexpr std::array<double, 2> edram_node_nm{45, 32};
inline constexpr std::array<double, 2> edram_retention_us{127, 119};
inline constexpr std::array<std::array<CactiEdram, 4>, 2> cacti_edram{{
    {{{35.4, 10.9, 0.11, 0.117, 1.55, 1.71},
      {73.9, 43.8, 0.44, 0.537, 2.07, 1.71},
      {139, 175, 1.77, 1.88, 2.76, 1.71},
      {250, 516, 13.1, 4.78, 3.69, 2.86}}},
    {{{20.4, 3.30, 0.032, 0.082, 0.70, 0.67},
      {43.6, 9.64, 0.13, 0.252, 0.94, 0.84},
      {83.7, 38.5, 0.51, 0.961, 1.45, 0.84},
      {144, 197, 3.91, 3.02, 2.31, 1.00}}},
}};

}  // namespace lightloom::memory
