#include "experiments/studies/validation/product_quantities.hpp"

#include <algorithm>
#include <cmath>

#include "calibration/products/product_fit.hpp"
#include "calibration/products/products.hpp"
#include "core/error.hpp"
#include "core/random/random.hpp"
#include "cosim/analog/analog_engine.hpp"
#include "photonic/cores/tensor_core.hpp"

namespace lightloom::experiments {
namespace {

using photonic::CoreDescription;

/// Vectors for every output, as of the products that were published of a chip.
constexpr int vectors_of_output = 64;

/// (rows, length) of standard normals, magnitudes where `coding` takes no signs.
std::vector<float> normal_rows(int rows, int length, std::uint32_t which,
                               photonic::InputCoding coding) {
  const Stream stream({.purpose = Purpose::haar, .layer = which});  // targets, as of chips
  std::vector<float> numbers(static_cast<std::size_t>(rows) * static_cast<std::size_t>(length));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto number = static_cast<float>(stream.normal(i));
    numbers[i] = coding == photonic::InputCoding::intensity ? std::abs(number) : number;
  }
  return numbers;
}

/// Mean of the largest magnitudes of rows of this length.
double mean_largest(const std::vector<float>& rows, std::size_t length) {
  double sum = 0;
  for (std::size_t first = 0; first < rows.size(); first += length) {
    float largest = 0;
    for (std::size_t i = first; i < first + length; ++i)
      largest = std::max(largest, std::abs(rows[i]));
    sum += largest;
  }
  return sum * static_cast<double>(length) / static_cast<double>(rows.size());
}

/// A tile of weights (outputs, inputs), vectors (vectors, inputs), and what they should give.
struct NormalProducts {
  nn::LayerShape shape;
  std::vector<float> weights, inputs;
  calibration::Products products;
};

void scale(std::vector<float>& numbers, double factor) {
  for (float& number : numbers) number *= static_cast<float>(factor);
}

/// In units of which a full-scale product is `full_scale`. A full-scale input is 1, the largest of
/// all vectors, a full-scale weight the largest of the tile; where blocks have scales of their own,
/// the largest of a block as it is on the mean.
void scale_to_full(const CoreDescription& core, double full_scale, NormalProducts& trial) {
  const auto columns = static_cast<std::size_t>(core.columns);
  const bool blocks = core.blocks.used();
  const bool rows = blocks && core.blocks.weights == photonic::WeightBlock::row;
  scale(trial.inputs, 1 / mean_largest(trial.inputs, blocks ? columns : trial.inputs.size()));
  scale(trial.weights,
        full_scale / mean_largest(trial.weights, rows ? columns : trial.weights.size()));
}

NormalProducts normal_products(const CoreDescription& core, double full_scale) {
  NormalProducts trial;
  const int vectors = vectors_of_output * core.rows;
  trial.shape.name = "products";
  trial.shape.kind = nn::LayerShape::Kind::linear;
  trial.shape.in_channels = core.columns;
  trial.shape.out_channels = core.rows;
  trial.weights = normal_rows(core.rows, core.columns, 3, photonic::InputCoding::field);
  trial.inputs = normal_rows(vectors, core.columns, 4, core.coding);
  const auto rows = static_cast<std::size_t>(core.rows),
             columns = static_cast<std::size_t>(core.columns);
  scale_to_full(core, full_scale, trial);
  trial.products = {.vectors = vectors, .outputs = core.rows, .expected = {}, .observed = {}};
  trial.products.expected.resize(rows * static_cast<std::size_t>(vectors));
  for (std::size_t i = 0; i < trial.products.expected.size(); ++i)
    for (std::size_t c = 0; c < columns; ++c)
      trial.products.expected[i] +=
          double{trial.weights[i % rows * columns + c]} * trial.inputs[i / rows * columns + c];
  return trial;
}

void observe(const photonic::TensorCore& core, std::uint64_t seed, std::uint32_t chip,
             NormalProducts& trial) {
  cosim::AnalogEngine engine(core, seed, chip);
  engine.load(0, trial.shape, trial.weights, 0);
  std::vector<float> read(trial.products.expected.size());
  engine.begin_calibration();
  engine.multiply(0, {trial.inputs, trial.products.vectors, 0}, read);
  engine.end_calibration();
  engine.multiply(0, {trial.inputs, trial.products.vectors, 0}, read);
  trial.products.observed.assign(read.begin(), read.end());
}

}  // namespace

double drawn_product_residual(const Experiment& card, const QuantityOptions& options) {
  const photonic::MeasuredCard& measured = card.hardware.core.measured;
  require(measured.chip == photonic::MeasuredChip::drawn,
          "the core's chips draw no measured errors (measured.chip: drawn)");
  const auto core = photonic::make_core(card.hardware.core);
  NormalProducts trial = normal_products(core->description(), measured.law.full_scale);
  const bool periodic = calibration::has_period(options.model);
  require(measured.law.period > 1 || !periodic,
          "the card's errors have no period, so the model '{}' has nothing to fit",
          name_of(options.model));
  const calibration::ProductFitOptions fit{
      .model = options.model, .period = periodic ? measured.law.period : 0, .seed = card.seed};
  double squares = 0;
  for (int chip = 0; chip < options.chips; ++chip) {
    observe(*core, card.seed, static_cast<std::uint32_t>(chip), trial);
    const double rms =
        left_by_models(trial.products, fit).of[static_cast<std::size_t>(options.model)].rms;
    squares += rms * rms / options.chips;
  }
  return std::sqrt(squares);
}

}  // namespace lightloom::experiments
