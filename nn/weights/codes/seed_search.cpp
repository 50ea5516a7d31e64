#include "nn/weights/codes/seed_search.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>
#include <mutex>

#include "core/dense/qr.hpp"
#include "core/dense/singular_values.hpp"
#include "core/parallel.hpp"
#include "nn/weights/codes/shift_register.hpp"

namespace lightloom::nn {
namespace {

constexpr double most_condition = 100;
constexpr int lanes = SeedTable::lanes;
constexpr std::size_t blocks_together = 64;  // that share a group of the table while it is near

int triangle(int size) { return size * (size + 1) / 2; }

/// 2^exponent for whole exponents within +-126.
float power_of_two(int exponent) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(127 + exponent) << 23);
}

/// floor(log2 value) - 2 within the stored range; the lowest for zero.
int exponent_of(float largest) {
  const int exponent = static_cast<int>(std::bit_cast<std::uint32_t>(largest) >> 23) - 127 - 2;
  return std::min(std::max(exponent, coefficient_low), coefficient_high);
}

/// Nearest whole number, ties to even, of values far below 2^22.
float nearest(float value) { return (value + 12582912.0f) - 12582912.0f; }

/// t / 2^e as stored.
float rounded(float value, float inverse) {
  return nearest(std::min(std::max(value * inverse, static_cast<float>(coefficient_low)),
                          static_cast<float>(coefficient_high)));
}

/// Squared errors of one block under each seed of a group, ||w||^2 left out: what Q does not reach,
/// less, and what rounding t adds, ||R (t' - t)||^2.
template <int block, int count>
void group_errors(const float* table, const float* weights, float* errors) {
  constexpr int upper = count * (count + 1) / 2;
  constexpr std::size_t size = count;
  const float *q = table, *r = q + block * count * lanes, *inverse = r + upper * lanes,
              *refused = inverse + upper * lanes;
  for (int lane = 0; lane < lanes; ++lane) {
    float z[size], t[size], largest = 0, error = refused[lane];
    for (int p = 0; p < count; ++p) {
      z[p] = 0;
      for (int c = 0; c < block; ++c) z[p] += q[(p * block + c) * lanes + lane] * weights[c];
      error -= z[p] * z[p];
    }
    for (int p = 0, at = 0; p < count; ++p) {
      t[p] = 0;
      for (int j = p; j < count; ++j, ++at) t[p] += inverse[at * lanes + lane] * z[j];
      largest = std::max(largest, std::abs(t[p]));
    }
    const int e = exponent_of(largest);
    const float scale = power_of_two(e), down = power_of_two(-e);
    for (int p = 0; p < count; ++p) t[p] -= scale * rounded(t[p], down);
    for (int p = 0, at = 0; p < count; ++p) {
      float miss = 0;
      for (int j = p; j < count; ++j, ++at) miss += r[at * lanes + lane] * t[j];
      error += miss * miss;
    }
    errors[lane] = error;
  }
}

using GroupErrors = void (*)(const float*, const float*, float*);

GroupErrors errors_of(const SeedCode& code) {
  assert((code.block == 8 && code.coefficients == 3) ||
         (code.block == 12 && code.coefficients == 4));
  return code.block == 8 ? &group_errors<8, 3> : &group_errors<12, 4>;
}

struct BestSeed {
  float error = std::numeric_limits<float>::infinity();
  std::uint32_t seed = 1;
};

/// The best seeds of neighbouring blocks.
void search_blocks(const SeedTable& table, std::span<const float> weights,
                   std::span<BestSeed> best) {
  const GroupErrors group_errors_of = errors_of(table.code());
  const auto block = static_cast<std::size_t>(table.code().block);
  std::array<float, lanes> errors{};
  for (int group = 0; group < table.groups(); ++group)
    for (std::size_t b = 0; b < best.size(); ++b) {
      group_errors_of(table.group(group).data(), weights.data() + b * block, errors.data());
      for (int lane = 0; lane < lanes; ++lane)
        if (errors[static_cast<std::size_t>(lane)] < best[b].error)
          best[b] = {errors[static_cast<std::size_t>(lane)],
                     static_cast<std::uint32_t>(group * lanes + lane)};
    }
}

/// The block with the seed found, from the numbers that the search saw.
SeedBlock coded_block(const SeedTable& table, std::uint32_t seed, const float* weights) {
  const int count = table.code().coefficients, block = table.code().block;
  const std::span<const float> group = table.group(static_cast<int>(seed) / lanes);
  const int lane = static_cast<int>(seed) % lanes;
  const auto number = [&](int i) {
    const int at = i * lanes + lane;
    return group[static_cast<std::size_t>(at)];
  };
  std::vector<float> z(static_cast<std::size_t>(count)), t = z;
  float largest = 0;
  for (int p = 0; p < count; ++p)
    for (int c = 0; c < block; ++c)
      z[static_cast<std::size_t>(p)] += number(p * block + c) * weights[c];
  for (int p = 0, at = block * count + triangle(count); p < count; ++p) {
    float& own = t[static_cast<std::size_t>(p)];
    for (int j = p; j < count; ++j, ++at) own += number(at) * z[static_cast<std::size_t>(j)];
    largest = std::max(largest, std::abs(own));
  }
  SeedBlock coded{.seed = seed, .exponent = exponent_of(largest), .coefficients = {}};
  for (const float own : t)
    coded.coefficients.push_back(static_cast<int>(rounded(own, power_of_two(-coded.exponent))));
  return coded;
}

}  // namespace

std::vector<int> seed_matrix(const SeedCode& code, std::uint32_t seed) {
  std::vector<int> matrix;
  for (int i = 1; i <= code.block * code.coefficients; ++i)
    matrix.push_back(static_cast<int>(register_cycle().after(seed, std::int64_t{i} * code.stride)) -
                     (1 << (register_bits - 1)));
  return matrix;
}

SeedTable::SeedTable(const SeedCode& code)
    : code_(code), values_(static_cast<std::size_t>(numbers() * groups() * lanes)) {
  for (int group = 0; group < groups(); ++group)
    for (int lane = 0; lane < lanes; ++lane) {
      const int last = ((group + 1) * numbers() - 1) * lanes + lane;
      values_[static_cast<std::size_t>(last)] = std::numeric_limits<float>::infinity();
    }
  parallel_for(register_period, [&](std::ptrdiff_t i) { fill(static_cast<std::uint32_t>(i) + 1); });
}

int SeedTable::numbers() const {
  return code_.block * code_.coefficients + 2 * triangle(code_.coefficients) + 1;
}

int SeedTable::groups() const { return (register_period + 1) / lanes; }

std::span<const float> SeedTable::group(int number) const {
  const auto size = static_cast<std::size_t>(numbers() * lanes);
  return std::span(values_).subspan(static_cast<std::size_t>(number) * size, size);
}

void SeedTable::fill(std::uint32_t seed) {
  const std::vector<int> whole = seed_matrix(code_, seed);
  Eigen::MatrixXd u(code_.block, code_.coefficients);
  for (int c = 0; c < code_.block; ++c)
    for (int p = 0; p < code_.coefficients; ++p)
      u(c, p) = whole[static_cast<std::size_t>(c * code_.coefficients + p)] / 32767.0;
  const auto [q, r] = thin_qr(u);
  const int count = code_.coefficients;
  const Eigen::VectorXd singular = singular_values(r);
  if (!(singular(0) <= most_condition * singular(count - 1))) return;
  const Eigen::MatrixXd inverse =
      r.triangularView<Eigen::Upper>().solve(Eigen::MatrixXd::Identity(count, count));
  auto at = static_cast<std::size_t>(static_cast<int>(seed) / lanes * numbers() * lanes +
                                     static_cast<int>(seed) % lanes);
  const auto put = [&](double value) {
    values_[at] = static_cast<float>(value);
    at += lanes;
  };
  for (int p = 0; p < count; ++p)
    for (int c = 0; c < code_.block; ++c) put(q(c, p));
  for (const Eigen::MatrixXd* triangular : {&r, &inverse})
    for (int p = 0; p < count; ++p)
      for (int j = p; j < count; ++j) put((*triangular)(p, j));
  put(0);
}

std::shared_ptr<const SeedTable> seed_table(const SeedCode& code) {
  static std::mutex mutex;
  static std::shared_ptr<const SeedTable> latest;
  const std::lock_guard lock(mutex);
  const bool there = latest && latest->code().block == code.block &&
                     latest->code().coefficients == code.coefficients &&
                     latest->code().stride == code.stride;
  if (!there) latest = std::make_shared<const SeedTable>(code);
  return latest;
}

std::vector<SeedBlock> search_seeds(const SeedTable& table, std::span<const float> weights) {
  const auto block = static_cast<std::size_t>(table.code().block);
  const std::size_t blocks = weights.size() / block;
  std::vector<BestSeed> best(blocks);
  const std::size_t runs = (blocks + blocks_together - 1) / blocks_together;
  parallel_for_dynamic(static_cast<std::ptrdiff_t>(runs), [&](std::ptrdiff_t run) {
    const std::size_t first = static_cast<std::size_t>(run) * blocks_together;
    const std::size_t count = std::min(blocks_together, blocks - first);
    search_blocks(table, weights.subspan(first * block, count * block),
                  std::span(best).subspan(first, count));
  });
  std::vector<SeedBlock> coded;
  for (std::size_t b = 0; b < blocks; ++b)
    coded.push_back(coded_block(table, best[b].seed, weights.data() + b * block));
  return coded;
}

}  // namespace lightloom::nn
