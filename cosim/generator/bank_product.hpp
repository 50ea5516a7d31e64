#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cosim/generator/generation_cost.hpp"
#include "cosim/generator/generator_light.hpp"
#include "photonic/cores/tensor_core.hpp"

namespace lightloom::cosim {

/// A product of a matrix that is set in banks and a matrix of inputs. Row-major.
struct BankOperands {
  std::span<const float> coefficients;  // (rows, inner)
  std::span<const float> inputs;        // (inner, positions)
  int rows = 0, inner = 0, positions = 0;
  int number = 0;  // of the product among those of its level: its banks take turns
};

/// Between which ends a level's converters work, the same for a whole layer.
struct BankRange {
  float input = 1;   // magnitude of an input that is sent as full scale
  float output = 1;  // largest magnitude that an ADC reads
};

/// The banks of one level on one chip while one layer's weights are written. All that is random
/// about them is drawn under seeds of their own (Purpose::generator_bank), by level and bank.
class BankProduct {
 public:
  /// `level` 0 or 1. Without `dac` (`adc`) inputs come (outputs leave) as they are.
  struct Converters {
    bool dac = true, adc = true;
  };
  BankProduct(const GeneratorBank& bank, int level, const WeightWrite& write,
              Converters converters);

  /// Largest magnitude of one exact reading: of the products of as many columns as a bank has.
  [[nodiscard]] float largest_reading(const BankOperands& operands) const;

  /// Adds coefficients x inputs to `outputs` (rows, positions): coefficients as the banks realise
  /// them, tile by tile, each reading with the noise of its light and what its converters do to it.
  void add(const BankOperands& operands, const BankRange& range, std::span<float> outputs) const;

 private:
  struct Tile;
  void realise(const BankOperands& operands, Tile& tile) const;
  void send(const BankOperands& operands, const BankRange& range, Tile& tile) const;
  void read(const Tile& tile, const BankRange& range, std::vector<float>& readings) const;
  void convert(const Tile& tile, const BankRange& range, std::vector<float>& readings) const;
  [[nodiscard]] StreamAddress address(const Tile& tile, Purpose purpose) const;

  std::unique_ptr<photonic::TensorCore> core_;
  std::vector<std::uint64_t> seeds_;  // by bank
  WeightWrite write_;
  Converters converters_;
};

}  // namespace lightloom::cosim
