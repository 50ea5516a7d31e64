#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "nn/onnx/model/model.hpp"
#include "nn/onnx/model/unsupported.hpp"
#include "nn/onnx/translation/imported.hpp"
#include "nn/onnx/translation/view.hpp"

namespace lightloom::nn::onnx {

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
  const Operation* in_hand = nullptr;  // for what is wrong with it

  [[nodiscard]] std::int64_t opset() const { return model_.opset; }

  [[nodiscard]] bool has(const Operation& o, std::size_t input) const;
  /// An input of an operation; throws `Unsupported` when there is none, or
  [[nodiscard]] const Value& value(const Operation& o, std::size_t input) const;
  /// when it is a constant; in any order, functions still to be done, perhaps coded,
  [[nodiscard]] const Changing& coded(const Operation& o, std::size_t input) const;
  /// or integers instead of numbers,
  [[nodiscard]] const Changing& viewed(const Operation& o, std::size_t input) const;
  /// or no batch of rows or maps; brought into the usual order first,
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

  /// Images in the first axis of every value; an open number counts as 1.
  [[nodiscard]] std::int64_t images() const { return images_; }
  [[nodiscard]] bool open_batch() const { return imported.input_dims.front() == 0; }
  /// The operation that makes a value, or null.
  [[nodiscard]] const Operation* maker(const std::string& name) const;

  /// The operation's one output.
  void result(const Operation& o, Value value);
  /// One output of several.
  void result(const Operation& o, std::size_t output, Value value);
  /// The value with its function done, its order as it was.
  Changing applied(Changing value);
  /// The value on a node of the shape that is usual for its dimensions, in the usual order.
  Changing settled(Changing value);
  /// Elements of a value's node as a node of shape `shape`: itself, one made before, or a new one.
  int gathered(const Changing& value, const MapShape& shape, const std::vector<int>& places);
  /// A node's elements at these places, as dimensions.
  [[nodiscard]] Changing at(int node, std::vector<std::int64_t> dims,
                            std::vector<int> places) const;
  /// The places of all elements of an image of a value. Throws `Unsupported` where images are
  /// scattered.
  [[nodiscard]] std::vector<int> places(const Changing& value) const;
  /// Of an operation that keeps its input's dimensions.
  void same_shape(const Operation& o, const Changing& input, int node);
  /// All outputs of an operation on constants.
  void results(const Operation& o, std::vector<Array> arrays);

  /// Whether nobody but the operation in hand reads the node, under whatever name.
  [[nodiscard]] bool read_once(const Changing& value) const;
  /// The node's name, or another that no layer has yet; '/' would be a folder in weight files.
  std::string layer_name(const Operation& o);

 private:
  [[nodiscard]] Changing whole_input() const;

  const Model& model_;
  std::int64_t images_ = 1;
  std::map<std::string, Value> values_;
  std::map<std::string, int> readers_;  // of every name in the model
  std::map<std::string, const Operation*> makers_;
  std::map<std::pair<int, FunctionPointer>, int> applied_;
  struct Gathered {
    int from, node;
    std::vector<int> places;
    float fill;
  };
  std::vector<Gathered> gathered_;
  std::set<std::string> names_;
};

}  // namespace lightloom::nn::onnx
