// Every operator of the ONNX interpreter, called with arrays and attributes that the input gives:
// what changes of a file's bytes hardly ever reach. The same call as a network, imported.
#include <algorithm>

#include "nn/graph/graph.hpp"
#include "nn/onnx/evaluate/evaluate.hpp"
#include "nn/onnx/evaluate/operator_call.hpp"
#include "nn/onnx/import/translate.hpp"
#include "tests/fuzz/base/fuzzer.hpp"

namespace lightloom::fuzz {
namespace {

using namespace nn::onnx;

const std::vector<std::string>& operators() {
  static const std::vector<std::string> all = [] {
    OperatorTable table;
    for (const auto add :
         {add_elementwise, add_logic, add_reductions, add_selections, add_layout, add_indexing,
          add_constants, add_products, add_convolutions, add_pooling, add_normalisation,
          add_attention, add_quantisers, add_integer_products, add_recurrent})
      add(table);
    std::vector<std::string> names;
    for (const auto& [name, function] : table) names.emplace_back(name);
    return names;
  }();
  return all;
}

/// The bytes of an input one by one; zeros behind its end.
class Bytewise {
 public:
  explicit Bytewise(Input input) : left_(input) {}
  std::uint8_t next() {
    if (left_.empty()) return 0;
    const std::uint8_t byte = left_[0];
    left_ = left_.subspan(1);
    return byte;
  }
  int below(int limit) { return next() % limit; }
  [[nodiscard]] bool empty() const { return left_.empty(); }

 private:
  Input left_;
};

/// Small numbers mostly, and those at the ends.
std::int64_t integer(Bytewise& bytes) {
  const std::uint8_t byte = bytes.next();
  constexpr std::int64_t ends[] = {INT64_MAX, INT64_MIN, std::int64_t{1} << 31, -128, 255, 1 << 16};
  if (byte >= 250) return ends[byte - 250];
  return byte < 200 ? byte % 8 : -static_cast<std::int64_t>(byte % 8);
}

float real(Bytewise& bytes) {
  const std::uint8_t byte = bytes.next();
  constexpr float odd[] = {1e30f, -1e30f, 1e-40f, 0.0f / 1.0f, 3.4e38f, -3.4e38f};
  return byte >= 250 ? odd[byte - 250] : (static_cast<float>(byte) - 128) / 16;
}

Array array(Bytewise& bytes) {
  constexpr ElementType types[] = {
      ElementType::float32, ElementType::float32, ElementType::int64,
      ElementType::boolean, ElementType::uint8,   ElementType::int8,
      ElementType::int32,   ElementType::text,    ElementType::float16};
  Array made{.dims = {}, .floats = {}, .integers = {}, .type = types[bytes.below(9)]};
  const int rank = bytes.below(6);
  for (int k = 0; k < rank; ++k) made.dims.push_back(bytes.below(5));
  if (!held(made.type)) return made;
  const auto count = static_cast<std::size_t>(made.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (made.integer())
      made.integers.push_back(wrapped(integer(bytes), made.type));
    else
      made.floats.push_back(rounded(real(bytes), made.type));
  }
  return made;
}

Attribute attribute(Bytewise& bytes) {
  constexpr const char* texts[] = {"",          "SAME_UPPER", "nearest", "linear",  "cubic",
                                   "constant",  "reflect",    "floor",   "forward", "bidirectional",
                                   "ij,jk->ik", "asymmetric", "DCR",     "tanh"};
  Attribute made;
  const int kind = bytes.below(6);
  const int count = kind == 0 || kind == 2 ? 1 : bytes.below(6);
  made.list = kind == 1 || kind == 3;
  for (int k = 0; k < count && kind < 2; ++k) made.integers.push_back(integer(bytes));
  for (int k = 0; k < count && (kind == 2 || kind == 3); ++k) made.floats.push_back(real(bytes));
  if (kind == 4) made.text = texts[bytes.below(std::size(texts))];
  if (kind == 5) made.array = array(bytes);
  return made;
}

constexpr const char* keys[] = {"axis",
                                "axes",
                                "alpha",
                                "beta",
                                "gamma",
                                "keepdims",
                                "pads",
                                "strides",
                                "dilations",
                                "kernel_shape",
                                "group",
                                "auto_pad",
                                "perm",
                                "mode",
                                "ceil_mode",
                                "output_padding",
                                "to",
                                "value",
                                "size",
                                "bias",
                                "epsilon",
                                "num_outputs",
                                "split",
                                "transA",
                                "transB",
                                "equation",
                                "direction",
                                "hidden_size",
                                "largest",
                                "sorted",
                                "upper",
                                "k",
                                "blocksize",
                                "batch_dims",
                                "shape",
                                "allowzero",
                                "num_groups",
                                "stash_type",
                                "exclude_outside",
                                "coordinate_transformation_mode",
                                "nearest_mode",
                                "scales",
                                "p",
                                "is_causal",
                                "q_num_heads",
                                "kv_num_heads",
                                "output_shape",
                                "starts",
                                "ends",
                                "storage_order",
                                "count_include_pad",
                                "activations",
                                "layout",
                                "fmod"};

Operation call_of(Bytewise& bytes) {
  Operation call{
      .type =
          operators()[static_cast<std::size_t>(bytes.below(static_cast<int>(operators().size())))],
      .name = "node",
      .inputs = {},
      .outputs = {"y"},
      .attributes = {}};
  const int attributes = bytes.below(5);
  for (int k = 0; k < attributes; ++k)
    call.attributes[keys[bytes.below(std::size(keys))]] = attribute(bytes);
  return call;
}

/// The call as a network of one operation, whose first input changes.
void import(const Operation& call, const std::vector<Array>& arrays, std::int64_t opset) {
  Model model{
      .opset = opset, .operations = {call}, .constants = {}, .inputs = {}, .outputs = {"y"}};
  for (std::size_t k = 1; k < arrays.size(); ++k) model.constants[call.inputs[k]] = arrays[k];
  if (!arrays.empty()) model.inputs = {{.name = call.inputs[0], .dims = arrays[0].dims}};
  try {
    (void)nn::network_shape(translate(model).graph);
  } catch (const Unsupported&) {
  }
}

}  // namespace

void read_input(Input input) {
  Bytewise bytes(input);
  Operation call = call_of(bytes);
  const std::int64_t opset = 7 + bytes.below(19);
  std::vector<Array> arrays;
  for (int count = bytes.below(6); count > 0; --count) arrays.push_back(array(bytes));
  std::vector<const Array*> given;
  for (std::size_t k = 0; k < arrays.size(); ++k) {
    call.inputs.push_back("x" + std::to_string(k));
    given.push_back(&arrays[k]);
  }
  try {
    for (const Array& made : evaluate(call, given, opset))
      demand(!held(made.type) || made.complete(), "as many values as the shape says");
  } catch (const Unsupported&) {
  } catch (const Error&) {
  }
  import(call, arrays, opset);
}

std::vector<Seed> seeds() {
  std::vector<Seed> all;
  for (std::size_t k = 0; k < operators().size(); ++k)
    for (std::uint8_t inputs = 1; inputs < 4; ++inputs) {
      // No attributes, opset 7 + 10, arrays of floats (2, 3).
      Bytes bytes{static_cast<std::uint8_t>(k), 0, 10, inputs};
      for (int each = 0; each < inputs; ++each)
        for (const int byte : {0, 2, 2, 3, 130, 140, 150, 160, 170, 180})
          bytes.push_back(static_cast<std::uint8_t>(byte));
      all.push_back({operators()[k] + "-" + std::to_string(inputs), bytes});
    }
  return all;
}

}  // namespace lightloom::fuzz
