#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace lightloom::nn {

/// SeedLM (Shafipour et al., ICLR 2025, arXiv 2410.10714): a block of weights is U t 2^e, U a
/// matrix of pseudo-random numbers that a seed gives.
struct SeedCode {
  int block = 8;         // weights
  int coefficients = 3;  // t, 4 bits each
  int stride = 1;        // steps of the shift register from one number to the next
};
inline constexpr int coefficient_low = -8, coefficient_high = 7;  // of t and of e

/// One block as stored.
struct SeedBlock {
  std::uint32_t seed = 1;
  int exponent = 0;               // e
  std::vector<int> coefficients;  // t
};

/// U of a seed times 2^15 - 1, [block, coefficients]: the states behind the seed less 2^15, row by
/// row.
std::vector<int> seed_matrix(const SeedCode& code, std::uint32_t seed);

/// The triangular factors of all matrices U = Q R whose condition is at most 100 (the paper's
/// limit), by blocks of seeds, one number of all of them side by side.
class SeedTable {
 public:
  static constexpr int lanes = 64;
  explicit SeedTable(const SeedCode& code);

  [[nodiscard]] const SeedCode& code() const { return code_; }
  /// Numbers of one seed: Q^T [coefficients, block], R and its inverse by rows of their upper
  /// triangles, and 0, or infinity where the seed is not to be used.
  [[nodiscard]] int numbers() const;
  [[nodiscard]] int groups() const;
  /// [numbers, lanes]; lane i of group g is seed g lanes + i.
  [[nodiscard]] std::span<const float> group(int number) const;

 private:
  void fill(std::uint32_t seed);

  SeedCode code_;
  std::vector<float> values_;
};

/// The table of a code; the latest one is kept for the next layer.
std::shared_ptr<const SeedTable> seed_table(const SeedCode& code);

/// For every block of `weights` (whole blocks, filled up with zeros) the seed with the least error
/// after rounding: t = R^-1 Q^T w, e = floor(log2 max |t|) - 2 within -8 and 7, t / 2^e rounded and
/// held within -8 and 7. Every seed is tried; the lowest of equals is taken.
std::vector<SeedBlock> search_seeds(const SeedTable& table, std::span<const float> weights);

}  // namespace lightloom::nn
