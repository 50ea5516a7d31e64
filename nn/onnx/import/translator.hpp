#pragma once

#include <map>
#include <set>
#include <string>
#include <variant>

#include "nn/onnx/import/import.hpp"
#include "nn/onnx/model/attributes.hpp"

namespace lightloom::nn::onnx {

/// A value that changes with the input: a graph node and what ONNX thinks its dimensions are.
struct Changing {
  int node = 0;
  std::vector<std::int64_t> dims;
  std::optional<MapShape> flattened;  // its channels are this map flattened channels last
};
using Value = std::variant<Changing, Array>;

/// State while operations are translated one after the other.
class Translator {
 public:
  explicit Translator(const Model& model);
  Imported finish();

 private:
  using Handler = void (Translator::*)(const Operation&);
  static const std::map<std::string, Handler>& handlers();

  void translate(const Operation& operation);
  bool fold_constants(const Operation& operation);
  std::string layer_name(const Operation& operation);

  void convolution(const Operation& o);
  void gemm(const Operation& o);
  void matrix_product(const Operation& o);
  void add(const Operation& o);
  void multiply(const Operation& o);
  void batch_norm(const Operation& o);
  void activation(const Operation& o);
  void clip(const Operation& o);
  void hard_sigmoid(const Operation& o);
  void pool(const Operation& o);
  void global_pool(const Operation& o);
  void flatten(const Operation& o);
  void concat(const Operation& o);
  void pad(const Operation& o);
  void slice(const Operation& o);
  void softmax(const Operation& o);
  void identity(const Operation& o);
  void constant(const Operation& o);
  void shape(const Operation& o);

  [[nodiscard]] bool read_once(const Changing& value) const;
  [[nodiscard]] bool has(const Operation& o, std::size_t input) const;
  const Changing& changing(const Operation& o, std::size_t input) const;
  const Changing& map(const Operation& o, std::size_t input) const;
  const Array& fixed(const Operation& o, std::size_t input) const;
  std::vector<float> floats(const Operation& o, std::size_t input, std::int64_t size) const;
  void add_bias(const Operation& o, const Changing& to, const Array& bias);
  void linear(const Operation& o, std::vector<float> weight, int out, std::vector<float> bias);
  void result(const Operation& o, Value value);
  /// The result of an operation that keeps its input's dimensions.
  void same_shape(const Operation& o, const Changing& input, int node);

  const Model& model_;
  GraphBuilder builder_;
  Imported imported_;
  std::map<std::string, Value> values_;
  std::map<std::string, int> readers_;  // of every name in the model
  std::set<std::string> names_;
};

/// The window of a convolution or pooling over a map of the input's size. Throws `Unsupported` for
/// what our windows cannot be: different strides or padding on different sides.
Window window_of(const Operation& o, const std::vector<std::int64_t>& dims,
                 const std::vector<std::int64_t>& kernel);

}  // namespace lightloom::nn::onnx
