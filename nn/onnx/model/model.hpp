#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "nn/onnx/model/element_type.hpp"

namespace lightloom::nn::onnx {

/// The oldest version of the standard operators that is read.
inline constexpr std::int64_t oldest_opset = 6;

/// A tensor of any rank, row-major. Floating types are held in `floats`, integer and boolean ones
/// in `integers`; types that we cannot hold keep both empty.
struct Array {
  std::vector<std::int64_t> dims;
  std::vector<float> floats;
  std::vector<std::int64_t> integers;
  ElementType type = ElementType::float32;

  [[nodiscard]] std::int64_t size() const;
  /// Whether there are as many values as the shape says. Types that are not held have none.
  [[nodiscard]] bool complete() const;
  [[nodiscard]] bool integer() const { return is_integer(type); }
};

/// A vector of int64.
Array integers_array(std::vector<std::int64_t> values);

struct Body;  // nn/onnx/model/functions.hpp

struct Attribute {
  std::vector<std::int64_t> integers;  // `i` or `ints`
  std::vector<float> floats;           // `f` or `floats`
  std::string text;                    // `s`
  std::vector<std::string> texts;      // `strings`
  bool list = false;                   // `ints` or `floats`
  bool graph = false;                  // the body of a loop, which we do not read
  std::shared_ptr<const Body> branch;  // the body of an If (nn/onnx/model/branches.hpp)
  Array array;                         // `t`
  std::string reference;               // in a function's body: the call's attribute that it is
};

/// An If reads its condition, then all that its first branch reads from around it, then the second.
struct Operation {
  std::string type, name;
  std::vector<std::string> inputs, outputs;
  std::map<std::string, Attribute> attributes;
};

/// The name of an input, "" where the operation has none there.
const std::string& input_of(const Operation& operation, std::size_t input);

struct Input {
  std::string name;
  std::vector<std::int64_t> dims;  // 0 where the file leaves it open
  bool tensor = true;              // false: a sequence, map or optional
};

/// What we need of an ONNX file.
struct Model {
  std::int64_t opset = 0;
  std::int64_t ir = 0;                // version of the file format; 0: it does not say
  std::vector<Operation> operations;  // in order of execution
  std::map<std::string, Array> constants;
  std::vector<Input> inputs;  // without the constants
  std::vector<std::string> outputs;
};

/// Whether this program can read ONNX files (libonnx-dev was there when it was built).
bool available();

/// Reads a model: data from other files beside it, sparse constants filled up, the file's own
/// functions replaced by their bodies, operations in an order in which they can run. Throws `Error`
/// when the file or its data are missing, malformed or outside of its folder, or ONNX support was
/// not built in.
Model read_model(const std::string& path);

/// Writes a model, complete or not at all. Inputs and outputs are floats of
/// the rank that `dims` says; a side of 0 stays open. Throws `Error` when the place cannot be
/// written or ONNX support was not built in, `Failure` on a full disk.
void write_model(const std::string& path, const Model& model);

/// The newest versions of operators and of the file format whose meaning this program knows.
inline constexpr std::int64_t newest_opset = 25, newest_ir = 13;

/// A TensorProto in a file of its own, as in the operator cases.
Array read_array(const std::string& path);

}  // namespace lightloom::nn::onnx
