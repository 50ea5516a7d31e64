#pragma once

#include <cstddef>
#include <string>

namespace lightloom::experiments {

/// Which points of a sweep a call computes: of `of` calls that share the grid, the `number`-th from
/// 1 takes points number, number + of, ... counted from 1.
struct SweepPart {
  std::size_t number = 1;
  std::size_t of = 1;

  [[nodiscard]] bool has(std::size_t point) const { return point % of == number - 1; }
  [[nodiscard]] bool whole() const { return of == 1; }
  /// "2/5"
  [[nodiscard]] std::string text() const;
};

/// Reads "2/5"; "auto" takes both numbers from the array job of Slurm that the process runs in
/// (SLURM_ARRAY_TASK_ID between SLURM_ARRAY_TASK_MIN and _MAX, steps of _STEP), "auto/5" the first
/// from SLURM_ARRAY_TASK_ID, HQ_TASK_ID, PBS_ARRAY_INDEX, SGE_TASK_ID or LSB_JOBINDEX, whichever is
/// set first, counted from 1 (Slurm: from SLURM_ARRAY_TASK_MIN). Throws `Error` for anything else.
SweepPart read_part(const std::string& text);

/// `path` with the part before its ending: "sweep.h5" gives "sweep-2-of-5.h5".
std::string part_path(const std::string& path, const SweepPart& part);

}  // namespace lightloom::experiments
