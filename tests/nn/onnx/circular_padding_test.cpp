// The circular padding of PyTorch before 2.0, which is one row off in its files.
#include "nn/onnx/passes/circular_padding.hpp"

#include "tests/nn/onnx/forms.hpp"

namespace lightloom::nn::onnx::forms_tests {
namespace {

constexpr std::int64_t endless = 9223372036854775807;

/// x, padded along `axis` by slices of it, [start, end) in front and [0, back) behind.
Model padded(std::int64_t axis, std::int64_t start, std::int64_t end, std::int64_t back) {
  Model model{.opset = 13, .inputs = {{"x", images}}, .outputs = {"y"}};
  const auto slice = [&](const std::string& to, std::int64_t from, std::int64_t until) {
    model.constants[to + "1"] = integers_array({from});
    model.constants[to + "2"] = integers_array({until});
    model.constants[to + "3"] = integers_array({axis});
    model.operations.push_back({"Slice", to, {"x", to + "1", to + "2", to + "3"}, {to}, {}});
  };
  slice("f", start, end);
  slice("b", 0, back);
  model.operations.push_back({"Concat", "wrap", {"f", "x", "b"}, {"p"}, {{"axis", number(axis)}}});
  model.constants["w"] = drawn({4, 3, 3, 3}, 1);
  model.operations.push_back({"Conv", "c", {"p", "w"}, {"y"}, {}});
  return model;
}

TEST(OnnxCircularPadding, OneRowOffIsRefusedAndNothingElse) {
  EXPECT_EQ(misplaced_circular_padding(padded(2, -2, -1, 1)), "node 'wrap'");
  EXPECT_EQ(misplaced_circular_padding(padded(3, -3, -1, 2)), "node 'wrap'");
  for (const Model& model :
       {padded(2, -1, endless, 1), padded(3, -2, endless, 2), padded(2, 4, 6, 1)}) {
    EXPECT_FALSE(misplaced_circular_padding(model));
    expect_same(model, drawn(images, 5));
  }
  const Model written = padded(2, -2, -1, 1);
  try {
    import_read(written, "net.onnx");
    FAIL() << "imported";
  } catch (const Error& problem) {
    EXPECT_NE(std::string(problem.what()).find("one row too early"), std::string::npos);
  }
}

TEST(OnnxCircularPadding, IsPlacedWhereItWasMeant) {
  // PyTorch's file also swaps what stands in front and behind.
  Model written = padded(3, -3, -1, 1);
  EXPECT_EQ(place_circular_padding(written), 1);
  const Array x = drawn(images, 5);
  const Array got = evaluate(written, {{"x", x}}).front(),
              wanted = evaluate(padded(3, -1, endless, 2), {{"x", x}}).front();
  EXPECT_EQ(got.dims, wanted.dims);
  EXPECT_EQ(got.floats, wanted.floats);
  Model plain = padded(3, -1, endless, 2);
  EXPECT_EQ(place_circular_padding(plain), 0);
}

}  // namespace
}  // namespace lightloom::nn::onnx::forms_tests
