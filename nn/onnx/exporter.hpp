#pragma once

#include <string>
#include <vector>

#include "nn/network/network.hpp"
#include "nn/onnx/model/model.hpp"

namespace lightloom::nn::onnx {

/// How a node's value lies in the file: with four axes, or as rows, which keep the order in which
/// maps were flattened channel by channel and joined.
struct FileLayout {
  bool map = true;
  std::vector<std::int64_t> order = {};  // of rows: the place of every element in the file
  bool operator==(const FileLayout&) const = default;
};

/// A network on its way into a model. Values are named after the node that makes them.
struct Exporter {
  explicit Exporter(Network& exported);

  Network& network;
  const Graph& graph;
  std::vector<FileLayout> layouts;
  Model model;

  [[nodiscard]] const Node& node(int n) const { return graph.nodes[static_cast<std::size_t>(n)]; }
  [[nodiscard]] const FileLayout& layout(int n) const {
    return layouts[static_cast<std::size_t>(n)];
  }
  [[nodiscard]] static std::string value(int n) { return "value" + std::to_string(n); }
  [[nodiscard]] const NormLayer& norm(int n) const {
    return network.norms()[static_cast<std::size_t>(network.index_of(n))];
  }

  /// The operation of node n, or, with a suffix, a part of it with a result of its own name. Its
  /// inputs are those of the node unless others are named.
  Operation& operation(int n, const char* type);
  std::string part(int n, const char* type, const std::string& suffix,
                   std::vector<std::string> inputs);
  /// The last part, which makes the node's value.
  Operation& last_part(int n, const char* type, std::vector<std::string> inputs);
  /// A constant; its name.
  std::string constant(const std::string& name, Array array);
};

/// For every element of a node in memory (channels last) its place in an image of the file.
std::vector<std::int64_t> file_places(const Exporter& e, int n);
/// Rows of numbers, each as long as `order`, from memory to the places that it says.
std::vector<float> to_file_order(const std::vector<float>& rows,
                                 const std::vector<std::int64_t>& order);

Attribute of_integer(std::int64_t value);
Attribute of_integers(std::vector<std::int64_t> values);
Attribute of_float(double value);
Array floats_array(std::vector<std::int64_t> dims, std::vector<float> values);

// Operations that take more than one of ONNX's.
void export_function(Exporter& e, int n);
void export_affine(Exporter& e, int n);
void export_constant(Exporter& e, int n);
void export_rearrangement(Exporter& e, int n);
void export_matrix_product(Exporter& e, int n);
/// Throws `Error` for other integers than those of 8 bits.
void export_quantiser(Exporter& e, int n);
void export_resize(Exporter& e, int n);
void export_group_norm(Exporter& e, int n);
void export_layer_norm(Exporter& e, int n);
void export_attention(Exporter& e, int n);
/// The sum or product of two values, the second brought into the layout of the first.
void export_pair(Exporter& e, int n, const char* type);

}  // namespace lightloom::nn::onnx
