#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "nn/onnx/import/imported.hpp"
#include "nn/onnx/model/model.hpp"
#include "nn/onnx/model/unsupported.hpp"

namespace lightloom::nn::onnx {

/// A value that changes with the input: a graph node and what ONNX thinks its dimensions are.
struct Changing {
  int node = 0;
  std::vector<std::int64_t> dims;
  std::optional<MapShape> flattened;  // its channels are this map flattened channels last
};
using Value = std::variant<Changing, Array>;

/// State while operations are translated one after the other: the graph so far and the values that
/// have a name. Refers to the model.
class Translation {
 public:
  /// Of a model with one changing input.
  explicit Translation(const Model& model);
  /// What was built, once every operation is translated.
  Imported finish() &&;

  GraphBuilder builder;
  Imported imported;

  [[nodiscard]] std::int64_t opset() const { return model_.opset; }

  [[nodiscard]] bool has(const Operation& o, std::size_t input) const;
  /// An input of an operation; throws `Unsupported` when there is none, or
  [[nodiscard]] const Value& value(const Operation& o, std::size_t input) const;
  /// when it is a constant,
  [[nodiscard]] const Changing& changing(const Operation& o, std::size_t input) const;
  /// or no batch of maps,
  [[nodiscard]] const Changing& map(const Operation& o, std::size_t input) const;
  /// when it is none,
  [[nodiscard]] const Array& fixed(const Operation& o, std::size_t input) const;
  /// or not so many floats.
  [[nodiscard]] std::vector<float> floats(const Operation& o, std::size_t input,
                                          std::int64_t size) const;
  /// The inputs of an operation on constants alone (null where one is left out), else nothing.
  [[nodiscard]] std::optional<std::vector<const Array*>> all_constant(const Operation& o) const;

  /// The operation's one output.
  void result(const Operation& o, Value value);
  /// Of an operation that keeps its input's dimensions.
  void same_shape(const Operation& o, const Changing& input, int node);
  /// All outputs of an operation on constants.
  void results(const Operation& o, std::vector<Array> arrays);

  /// Whether nobody but the operation in hand reads the node, under whatever name.
  [[nodiscard]] bool read_once(const Changing& value) const;
  /// The node's name, or another that no layer has yet; '/' would be a folder in weight files.
  std::string layer_name(const Operation& o);

 private:
  const Model& model_;
  std::map<std::string, Value> values_;
  std::map<std::string, int> readers_;  // of every name in the model
  std::set<std::string> names_;
};

}  // namespace lightloom::nn::onnx
