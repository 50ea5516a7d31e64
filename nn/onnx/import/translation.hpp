#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "nn/onnx/import/imported.hpp"
#include "nn/onnx/import/view.hpp"
#include "nn/onnx/model/model.hpp"
#include "nn/onnx/model/unsupported.hpp"

namespace lightloom::nn::onnx {

using Value = std::variant<Changing, Array>;

/// Stands for an open number of images while shapes are computed: no side of a network that is
/// likely, and a prime, so that no product hides it.
inline constexpr std::int64_t open_batch = 109;

/// State while operations are translated one after the other: the graph so far and the values that
/// have a name. Refers to the model.
class Translation {
 public:
  /// Of a model with one changing input.
  explicit Translation(const Model& model);
  /// What was built, once every operation is translated; the output settled.
  Imported finish() &&;

  GraphBuilder builder;
  Imported imported;

  [[nodiscard]] std::int64_t opset() const { return model_.opset; }

  [[nodiscard]] bool has(const Operation& o, std::size_t input) const;
  /// An input of an operation; throws `Unsupported` when there is none, or
  [[nodiscard]] const Value& value(const Operation& o, std::size_t input) const;
  /// when it is a constant; in any order, and perhaps coded,
  [[nodiscard]] const Changing& viewed(const Operation& o, std::size_t input) const;
  /// or not plain numbers; brought into the usual order first,
  const Changing& changing(const Operation& o, std::size_t input);
  /// or no batch of maps,
  const Changing& map(const Operation& o, std::size_t input);
  /// when it is none,
  [[nodiscard]] const Array& fixed(const Operation& o, std::size_t input) const;
  /// or not so many floats.
  [[nodiscard]] std::vector<float> floats(const Operation& o, std::size_t input,
                                          std::int64_t size) const;
  /// The inputs of an operation on constants alone (null where one is left out), else nothing.
  [[nodiscard]] std::optional<std::vector<const Array*>> all_constant(const Operation& o) const;

  /// The operation's one output.
  void result(const Operation& o, Value value);
  /// One output of several.
  void result(const Operation& o, std::size_t output, Value value);
  /// The value on a node of the shape that is usual for its dimensions, in the usual order: itself,
  /// or what a new node makes of it.
  Changing settled(const Changing& value);
  /// The value with axes of length 1 repeated to the lengths in `dims`.
  Changing repeated(const Changing& value, const std::vector<std::int64_t>& dims);
  /// The elements `numbers` of the value, as ONNX counts those of one image, under `dims`: only
  /// seen in another order where each is there once, else gathered by a node.
  Changing gathered(const Changing& value, std::vector<std::int64_t> dims,
                    const std::vector<std::int64_t>& numbers);
  /// Of an operation that keeps its input's dimensions and order.
  void same_shape(const Operation& o, const Changing& input, int node);
  /// All outputs of an operation on constants.
  void results(const Operation& o, std::vector<Array> arrays);

  /// An operation is translated: its readings are no longer to come.
  void done(const Operation& o);
  /// Whether nobody but the operation in hand is still to read the node, under whatever name.
  [[nodiscard]] bool read_once(const Changing& value) const;
  /// The node's name, or another that no layer has yet; '/' would be a folder in weight files.
  std::string layer_name(const Operation& o);

 private:
  const Model& model_;
  std::map<std::string, Value> values_;
  std::map<std::string, int> readers_;  // still to come, of every name in the model
  std::set<std::string> names_;
};

}  // namespace lightloom::nn::onnx
