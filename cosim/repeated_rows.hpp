#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "nn/graph/matrix_engine.hpp"

namespace lightloom::cosim {

/// Puts layers whose rows come again before another engine (nn::StoredWeight::row_repeats): that
/// gets one run of their rows, the one of the largest weights, and its results are written once for
/// every run, times the factor of each row. So copies of a row share its errors and its noise, as
/// the cost simulation has them programmed, read and converted once. Layers of other sources and of
/// several groups pass as they are.
class RepeatedRows final : public nn::MatrixEngine {
 public:
  /// `repeats`: of the rows, by layer number; 1: none. `inner` must outlive this.
  RepeatedRows(nn::MatrixEngine& inner, std::vector<int> repeats);

  void load(int layer, const nn::LayerShape& shape, std::span<const float> weights,
            std::uint32_t write) override;
  void multiply(int layer, const nn::InputMaps& inputs, std::span<float> outputs) override;
  bool multiply_maps(const nn::MapProduct& product) override;

 private:
  nn::MatrixEngine& inner_;
  std::vector<int> repeats_;
  std::map<int, std::vector<float>> factors_;  // of layers with repeats: of each of their rows
};

}  // namespace lightloom::cosim
