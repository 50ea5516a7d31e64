#pragma once

#include <string>
#include <vector>

#include "nn/weights/source/weight_source.hpp"

namespace lightloom::nn {

/// Notes every verb that reaches it, and answers each in a way of its own.
class RecordingSource final : public WeightSource {
 public:
  explicit RecordingSource(std::vector<std::string>& calls) : calls_(calls) {}

  [[nodiscard]] std::vector<StoredStream> streams() const override {
    calls_.push_back("streams");
    return {{.name = "recorded", .count = 5}};
  }
  [[nodiscard]] RegenerationWork work() const override {
    calls_.push_back("work");
    return {.shifts = 7};
  }
  [[nodiscard]] std::optional<TwoLevelFactors> factors() override {
    calls_.push_back("factors");
    return TwoLevelFactors{.out = 3};
  }
  [[nodiscard]] int row_repeats() const override {
    calls_.push_back("row_repeats");
    return 2;
  }
  [[nodiscard]] int shared_group() const override {
    calls_.push_back("shared_group");
    return 4;
  }
  void encode(std::span<const float> dense) override {
    calls_.push_back("encode " + std::to_string(dense.size()));
  }
  void materialise(std::span<float> dense) override {
    calls_.push_back("materialise");
    for (float& value : dense) value = 0.5f;
  }
  std::vector<CodedStream> codes() override {
    calls_.push_back("codes");
    return {{.name = "recorded"}};
  }
  void decode(std::span<const CodedStream> streams, std::span<float> dense) override {
    calls_.push_back("decode " + std::to_string(streams.size()));
    for (float& value : dense) value = 0.25f;
  }
  void round_to_words() override { calls_.push_back("round_to_words"); }
  std::vector<Parameter*> parameters() override {
    calls_.push_back("parameters");
    return {&parameter};
  }
  std::vector<Parameter*> constants() override {
    calls_.push_back("constants");
    return {&constant};
  }
  void backward(std::span<const float> d_dense) override {
    calls_.push_back("backward " + std::to_string(d_dense.size()));
  }
  double regularise() override {
    calls_.push_back("regularise");
    return 1.5;
  }
  std::int64_t own_step(double rate) override {
    calls_.push_back("own_step " + std::to_string(static_cast<int>(rate)));
    return 9;
  }
  void set_step(std::optional<TrainingStep> step) override {
    calls_.push_back("set_step " + std::to_string(step ? step->epoch : -1));
  }

  Parameter parameter{.name = "parameter"}, constant{.name = "constant"};

 private:
  std::vector<std::string>& calls_;
};

}  // namespace lightloom::nn
