#include "cosim/analog/products/symbol_light.hpp"

#include <algorithm>
#include <cmath>

namespace lightloom::cosim {
namespace {

/// Whether light has a phase that can be off.
bool phases_matter(const photonic::CoreDescription& core) {
  return core.coding == photonic::InputCoding::field && core.operands.phase_sigma_rad > 0;
}

std::size_t product_of_sizes(int a, int b) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
}

/// Normals of all values that are modulated for a block.
std::size_t modulated_values(const SymbolBlock& b) {
  return product_of_sizes(b.block.positions, b.inputs()) +
         product_of_sizes(b.groups(), b.inputs()) * static_cast<std::size_t>(b.tile.rows);
}

/// A modulated value, with its quadrature where phases are off.
struct Modulator {
  float magnitude = 0, phase = 0;     // standard deviations
  const float* magnitudes = nullptr;  // normals of the values in hand; null: none
  const float* phases = nullptr;

  Modulator(const SymbolBlock& b, const SymbolNormals& normals, std::size_t first)
      : magnitude(static_cast<float>(b.core.operands.magnitude_sigma)),
        phase(static_cast<float>(b.core.operands.phase_sigma_rad)),
        magnitudes(normals.magnitude.empty() ? nullptr : normals.magnitude.data() + first),
        phases(normals.phase.empty() ? nullptr : normals.phase.data() + first) {}

  [[nodiscard]] float value(float x, std::size_t k) const {
    return magnitudes == nullptr ? x : x * (1 + magnitude * magnitudes[k]);
  }
  [[nodiscard]] float angle(std::size_t k) const { return phase * phases[k]; }
};

}  // namespace

void draw_symbols(const SymbolBlock& b, const SymbolAddress& address, bool outputs,
                  SymbolNormals& normals) {
  const auto draw = [&](Purpose purpose, std::size_t count, std::vector<float>& values) {
    StreamAddress own = address.tile;
    own.purpose = purpose;
    values.resize(count);
    fill_normal(Stream(own), address.shot, values);
  };
  const photonic::DynamicOperands& operands = b.core.operands;
  for (auto* values : {&normals.magnitude, &normals.phase, &normals.laser, &normals.output})
    values->clear();
  if (operands.magnitude_sigma > 0)
    draw(Purpose::operand_magnitude, modulated_values(b), normals.magnitude);
  if (phases_matter(b.core)) draw(Purpose::operand_phase, modulated_values(b), normals.phase);
  if (b.core.noise.relative > 0)
    draw(Purpose::laser, product_of_sizes(b.groups(), b.symbols()), normals.laser);
  if (!outputs) return;
  draw(Purpose::readout, product_of_sizes(b.block.positions, b.tile.rows), normals.output);
  normals.output.resize(normals.output.size() + 4 * readout_lanes);
}

int sent_width(const SymbolBlock& b) { return phases_matter(b.core) ? 2 * b.inputs() : b.inputs(); }

void modulate_inputs(const SymbolBlock& b, const SymbolNormals& normals, int group,
                     std::vector<float>& sent) {
  const int inputs = b.inputs(), width = sent_width(b), columns = b.core.operands.symbol_columns,
            first = group * b.core.operands.vectors,
            end = std::min(first + b.core.operands.vectors, b.block.positions);
  const auto relative = static_cast<float>(b.core.noise.relative),
             dark = static_cast<float>(b.core.noise.dark);
  const float* laser =
      normals.laser.empty() ? nullptr : normals.laser.data() + product_of_sizes(group, b.symbols());
  sent.resize(product_of_sizes(end - first, width));
  for (int p = first; p < end; ++p) {
    const Modulator modulator(b, normals, product_of_sizes(p, inputs));
    const float* from = b.position(p);
    float* to = sent.data() + product_of_sizes(p - first, width);
    for (int k = 0; k < inputs; ++k) {
      const auto at = static_cast<std::size_t>(k);
      float value = modulator.value(from[k], at);
      if (laser != nullptr) value += relative * laser[k / columns] * (value + dark);
      to[k] = value;
      if (modulator.phases == nullptr) continue;
      to[inputs + k] = value * std::sin(modulator.angle(at));
      to[k] = value * std::cos(modulator.angle(at));
    }
  }
}

void modulate_weights(const SymbolBlock& b, const SymbolNormals& normals, int group,
                      std::span<float> sent) {
  const int inputs = b.inputs(), rows = b.tile.rows;
  const auto padded = static_cast<std::size_t>(b.tile.padded_rows);
  const std::size_t behind = product_of_sizes(b.block.positions, inputs) +
                             product_of_sizes(group, inputs) * static_cast<std::size_t>(rows);
  const Modulator modulator(b, normals, behind);
  for (int k = 0; k < inputs; ++k)
    for (int r = 0; r < rows; ++r) {
      const std::size_t at = product_of_sizes(k, rows) + static_cast<std::size_t>(r);
      const std::size_t to = static_cast<std::size_t>(k) * padded + static_cast<std::size_t>(r);
      const float value = modulator.value(b.tile.weights[to], at);
      sent[to] = value;
      if (modulator.phases == nullptr) continue;
      sent[to + static_cast<std::size_t>(inputs) * padded] = value * std::sin(modulator.angle(at));
      sent[to] = value * std::cos(modulator.angle(at));
    }
}

void measure_symbols(const SymbolBlock& b, SymbolPower& power) {
  const photonic::DynamicOperands& operands = b.core.operands;
  const int symbols = b.symbols(), inputs = b.inputs(), columns = operands.symbol_columns;
  const auto input_light = static_cast<float>(operands.input_light),
             weight_light = static_cast<float>(operands.weight_light),
             dark = static_cast<float>(b.core.noise.dark);
  const bool field = b.core.coding == photonic::InputCoding::field;
  power.inputs.assign(product_of_sizes(b.block.positions, symbols), 0.0F);
  power.weights.assign(product_of_sizes(b.tile.rows, symbols), 0.0F);
  for (int p = 0; p < b.block.positions; ++p)
    for (int k = 0; k < inputs; ++k) {
      const float x = b.position(p)[k];
      power.inputs[product_of_sizes(p, symbols) + static_cast<std::size_t>(k / columns)] +=
          input_light * ((field ? x * x : std::fabs(x)) + dark);
    }
  for (int k = 0; k < inputs; ++k)
    for (int r = 0; r < b.tile.rows; ++r) {
      const float w =
          b.tile.weights[product_of_sizes(k, b.tile.padded_rows) + static_cast<std::size_t>(r)];
      power.weights[product_of_sizes(r, symbols) + static_cast<std::size_t>(k / columns)] +=
          weight_light * w * w;
    }
}

}  // namespace lightloom::cosim
