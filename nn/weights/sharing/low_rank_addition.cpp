#include "nn/weights/sharing/low_rank_addition.hpp"

#include <Eigen/Core>
#include <cmath>

#include "nn/ops/quantise.hpp"
#include "nn/weights/multilevel/low_rank.hpp"
#include "nn/weights/source/one_thread.hpp"
#include "nn/weights/source/stored_words.hpp"

namespace lightloom::nn {
namespace {

using Eigen::Index;
using FactorRows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using FactorLevels = Eigen::Map<const FactorRows>;
using FactorGradient = Eigen::Map<FactorRows>;

StoredStream step_stream(const char* name) {
  return {.name = name, .count = 1, .bits = 32, .in_ratio = false, .exposed = false};
}

void store(const Eigen::MatrixXd& from, std::span<float> to) {
  FactorGradient(to.data(), from.rows(), from.cols()) = from.cast<float>();
}

}  // namespace

LowRankAddition::Factor LowRankAddition::make_factor(const char* name, int size) const {
  const auto count = static_cast<std::size_t>(size) * static_cast<std::size_t>(sizes_.rank);
  return {.latent = {.name = name,
                     .value = std::vector<float>(count),
                     .gradient = std::vector<float>(count)},
          .levels = std::vector<float>(count)};
}

LowRankAddition::LowRankAddition(const AdditionSizes& sizes)
    : sizes_(sizes),
      left_(make_factor("left", sizes.out)),
      right_(make_factor("right", sizes.inputs)) {}

void LowRankAddition::fit(std::span<const float> matrix) {
  const OneThread one_thread;
  const Eigen::MatrixXd target =
      FactorLevels(matrix.data(), sizes_.out, sizes_.inputs).cast<double>();
  LowRankPair pair = low_rank(target, sizes_.rank);
  for (Index r = 0; r < sizes_.rank; ++r) {
    const double left = pair.left.col(r).norm(), right = pair.right.row(r).norm();
    if (left == 0 || right == 0) continue;
    const double each = std::sqrt(right / left);
    pair.left.col(r) *= each;
    pair.right.row(r) /= each;
  }
  store(pair.left, left_.latent.value);
  store(pair.right, right_.latent.value);
}

void LowRankAddition::round() {
  for (Factor* factor : {&left_, &right_})
    factor->step = integer_forward(factor->latent.value, sizes_.bits, 1.0f, factor->levels);
}

void LowRankAddition::add_to(std::span<float> matrix) const {
  const OneThread one_thread;
  const FactorLevels left(left_.levels.data(), sizes_.out, sizes_.rank),
      right(right_.levels.data(), sizes_.rank, sizes_.inputs);
  FactorGradient(matrix.data(), sizes_.out, sizes_.inputs) +=
      left_.step * right_.step * (left * right);
}

void LowRankAddition::backward(std::span<const float> d_matrix) {
  const FactorLevels gradient(d_matrix.data(), sizes_.out, sizes_.inputs),
      left(left_.levels.data(), sizes_.out, sizes_.rank),
      right(right_.levels.data(), sizes_.rank, sizes_.inputs);
  FactorGradient(left_.latent.gradient.data(), sizes_.out, sizes_.rank) +=
      right_.step * (gradient * right.transpose());
  FactorGradient(right_.latent.gradient.data(), sizes_.rank, sizes_.inputs) +=
      left_.step * (left.transpose() * gradient);
}

std::vector<StoredStream> LowRankAddition::streams() const {
  const auto factor = [&](const char* name, int size) {
    return StoredStream{
        .name = name, .count = std::int64_t{size} * sizes_.rank, .bits = sizes_.bits};
  };
  return {factor("left", sizes_.out), step_stream("left_scale"), factor("right", sizes_.inputs),
          step_stream("right_scale")};
}

std::vector<CodedStream> LowRankAddition::codes() const {
  const std::vector<StoredStream> stored = streams();
  const auto step = [](const char* name, float value) {
    CodedStream stream = scale_stream(value);
    stream.name = name;
    return stream;
  };
  return {to_words(stored[0], WordCoding::offset, left_.levels), step("left_scale", left_.step),
          to_words(stored[2], WordCoding::offset, right_.levels), step("right_scale", right_.step)};
}

void LowRankAddition::take(std::span<const CodedStream> streams) {
  from_words(streams[0], WordCoding::offset, left_.levels);
  left_.step = to_float(streams[1].words.at(0));
  from_words(streams[2], WordCoding::offset, right_.levels);
  right_.step = to_float(streams[3].words.at(0));
}

}  // namespace lightloom::nn
