#include "nn/ops/loss.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

namespace lightloom::nn {
namespace {

/// log softmax(row / temperature)
void log_softmax(std::span<const float> row, double temperature, std::vector<double>& out) {
  const double top = *std::max_element(row.begin(), row.end());
  double sum = 0;
  for (const float value : row) sum += std::exp((value - top) / temperature);
  const double shift = std::log(sum);
  out.resize(row.size());
  for (std::size_t c = 0; c < row.size(); ++c) out[c] = (row[c] - top) / temperature - shift;
}

std::span<const float> row_of(const Tensor& logits, std::size_t image) {
  const std::size_t classes =
      logits.values().size() / static_cast<std::size_t>(logits.shape().images);
  return logits.values().subspan(image * classes, classes);
}

/// The class of an image, and the share of the target that is spread over all.
struct SoftTarget {
  int label;
  double smoothing = 0;
};

/// Adds weight * (softmax - target) to `d_row`, returns weight * H.
double add_cross_entropy(std::span<const float> row, const SoftTarget& soft, double weight,
                         std::span<float> d_row) {
  std::vector<double> scratch;
  log_softmax(row, 1, scratch);
  const double smoothing = soft.smoothing;
  const auto target = static_cast<std::size_t>(soft.label);
  assert(target < row.size());
  const double even = smoothing / static_cast<double>(row.size());
  double loss = 0;
  for (std::size_t c = 0; c < row.size(); ++c) {
    const double wanted = even + (c == target ? 1 - smoothing : 0);
    d_row[c] += static_cast<float>(weight * (std::exp(scratch[c]) - wanted));
    loss -= wanted * scratch[c];
  }
  return weight * loss;
}

/// The weight of a divergence, and the temperature at which it is taken.
struct DivergenceTerm {
  double weight, temperature;
};

/// Adds weight T (p - q) to `d_row`, returns weight T^2 KL(q || p).
double add_divergence(std::span<const float> row, std::span<const float> teacher,
                      const DivergenceTerm& term, std::span<float> d_row) {
  const auto [weight, temperature] = term;
  std::vector<double> student_log, teacher_log;
  log_softmax(row, temperature, student_log);
  log_softmax(teacher, temperature, teacher_log);
  double divergence = 0;
  for (std::size_t c = 0; c < row.size(); ++c) {
    const double q = std::exp(teacher_log[c]);
    divergence += q * (teacher_log[c] - student_log[c]);
    d_row[c] += static_cast<float>(weight * temperature * (std::exp(student_log[c]) - q));
  }
  return weight * temperature * temperature * divergence;
}

std::span<float> d_row_of(Tensor& d_logits, std::size_t image, std::size_t classes) {
  return d_logits.values().subspan(image * classes, classes);
}

}  // namespace

double cross_entropy(const Tensor& logits, std::span<const int> labels, Tensor& d_logits,
                     double smoothing) {
  d_logits.resize(logits.shape());
  std::ranges::fill(d_logits.values(), 0.0f);
  double loss = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = row_of(logits, i);
    loss += add_cross_entropy(row, {labels[i], smoothing}, 1.0 / static_cast<double>(labels.size()),
                              d_row_of(d_logits, i, row.size()));
  }
  return loss;
}

double mean_squared_error(const Tensor& outputs, std::span<const float> targets,
                          Tensor& d_outputs) {
  assert(targets.size() == outputs.values().size());
  d_outputs.resize(outputs.shape());
  const double share = 1.0 / static_cast<double>(targets.size());
  double sum = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const double error = double{outputs.values()[i]} - targets[i];
    sum += error * error;
    d_outputs.values()[i] = static_cast<float>(2 * share * error);
  }
  return share * sum;
}

double distillation(const Tensor& logits, const DistillationTargets& targets,
                    const DistillationOptions& options, Tensor& d_logits) {
  const auto& [teacher_logits, labels] = targets;
  d_logits.resize(logits.shape());
  std::ranges::fill(d_logits.values(), 0.0f);
  const double share = 1.0 / static_cast<double>(labels.size());
  double loss = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = row_of(logits, i);
    const auto d_row = d_row_of(d_logits, i, row.size());
    loss += add_divergence(row, row_of(teacher_logits, i),
                           {share * options.beta, options.temperature}, d_row);
    loss += add_cross_entropy(row, {labels[i]}, share * (1 - options.beta), d_row);
  }
  return loss;
}

}  // namespace lightloom::nn
