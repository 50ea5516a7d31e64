// Attributes and shapes at the ends of what 64 bits hold, as damaged and ill-meant files have them.
#include <limits>

#include "tests/nn/onnx/arrays.hpp"
#include "tests/nn/onnx/forms.hpp"

namespace lightloom::nn::onnx {
namespace {

using arrays::of_floats;
using arrays::of_integers;
using arrays::run;
using forms_tests::number;
using forms_tests::numbers;

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max(),
                       least = std::numeric_limits<std::int64_t>::min(),
                       half = std::int64_t{1} << 32;

/// One operation on a changing input and constants; what its import is refused for.
std::string refused(Operation o, const std::vector<std::int64_t>& dims,
                    const std::vector<Array>& constants = {}, std::int64_t opset = 18) {
  o.inputs = {"x"};
  o.outputs = {"y"};
  Model model{.opset = opset, .inputs = {{"x", dims}}, .outputs = {"y"}};
  for (const Array& one : constants) {
    o.inputs.push_back("k" + std::to_string(o.inputs.size()));
    model.constants[o.inputs.back()] = one;
  }
  model.operations = {std::move(o)};
  return forms_tests::refusal(model);
}

Array ones(std::vector<std::int64_t> dims) {
  Array made{.dims = std::move(dims)};
  made.floats.assign(static_cast<std::size_t>(made.size()), 1.0f);
  return made;
}

TEST(OnnxLimits, NumbersThatNoIntegerHoldsBecomeTheLowest) {
  const std::vector<float> beyond{1e30f, -1e30f, NAN};
  for (const float one : beyond) {
    const Array odd = of_floats({1}, {one}), two = of_integers({2}, {1, 2}, ElementType::int32);
    const std::int64_t lowest = std::numeric_limits<std::int32_t>::min();
    EXPECT_EQ(run("Pad", {two, integers_array({1, 0}), odd}).front().integers,
              (std::vector<std::int64_t>{lowest, 1, 2}));
    EXPECT_EQ(run("ScatterElements", {two, integers_array({1}), odd}).front().integers,
              (std::vector<std::int64_t>{1, lowest}));
    const Array square = of_integers({1, 1}, {1}, ElementType::int32);
    EXPECT_EQ(run("Gemm", {square, square}, {{"alpha", {.floats = {one}}}}).front().integers,
              (std::vector<std::int64_t>{lowest}));
    const Array map = of_integers({1, 1, 1}, {1}, ElementType::uint8);
    EXPECT_EQ(
        run("ConvInteger", {map, map, arrays::left_out, arrays::left_out, odd}).front().integers,
        (std::vector<std::int64_t>{lowest}));
  }
  const Array large = of_integers({1, 1}, {std::int64_t{1} << 62}, ElementType::int64);
  EXPECT_EQ(run("MatMul", {large, large}).front().integers, (std::vector<std::int64_t>{least}));
}

TEST(OnnxLimits, RunningSumsStayWithinTheirType) {
  const Array x = of_integers({3}, {100, 100, 100}, ElementType::int8);
  EXPECT_EQ(run("CumSum", {x, integers_array({0})}).front().integers,
            (std::vector<std::int64_t>{100, -56, 44}));
}

TEST(OnnxLimits, GroupsAndBlocksDivideWhatIsThere) {
  // 2 (2^63 - 1) + 2 is 0 in 64 bits, and 2^32 squared is.
  EXPECT_THROW(run("Conv", {ones({1, 2, 3}), ones({1, 2, 1})}, {{"group", number(half)}}), Error);
  EXPECT_THROW(
      run("Conv", {of_floats({2, 0, 3}, {}), of_floats({0, 0, 1}, {})}, {{"group", number(most)}}),
      Error);
  EXPECT_THROW(run("ConvTranspose", {of_floats({2, 0, 3}, {}), of_floats({0, 1, 1}, {})},
                   {{"group", number(most)}}),
               Error);
  for (const char* type : {"DepthToSpace", "SpaceToDepth"})
    for (const std::int64_t block : {half, most})
      EXPECT_THROW(run(type, {of_floats({1, 4, 0, 0}, {})}, {{"blocksize", number(block)}}), Error)
          << type;
  EXPECT_THROW(run("Attention", {of_floats({1, 1, 0}, {}), ones({1, 1, 1}), ones({1, 1, 1})},
                   {{"q_num_heads", number(most)}, {"kv_num_heads", number(1)}}),
               Error);
  EXPECT_THROW(run("QuantizeLinear", {ones({2, 3}), ones({2, 1})},
                   {{"axis", number(1)}, {"block_size", number(most)}}),
               Error);
  const std::string does_not_fit = "a weight that does not fit the input";
  EXPECT_NE(
      refused({"Conv", "c", {}, {}, {{"group", number(half)}}}, {1, 2, 3, 3}, {ones({2, 2, 1, 1})})
          .find(does_not_fit),
      std::string::npos);
  EXPECT_NE(refused({"GroupNormalization", "g", {}, {}, {{"num_groups", number(1)}}}, {3},
                    {of_floats({0}, {}), of_floats({0}, {})})
                .find("groups that do not divide"),
            std::string::npos);
}

TEST(OnnxLimits, PadsAndSidesAreNoneThatWrapAround) {
  const Array x = ones({2});
  // -2^63 - 2^63 + 2 is 2 in 64 bits.
  EXPECT_THROW(run("Pad", {x, integers_array({least, least})}), Unsupported);
  EXPECT_THROW(run("ConvTranspose", {ones({1, 1, 3}), ones({1, 1, 2})},
                   {{"output_padding", numbers({least})}}),
               Unsupported);
  const Array map = ones({1, 1, 2, 2});
  const std::string side = "an output of this size";
  for (const std::int64_t one : {half, half + 1, least, most})
    for (const char* key : {"output_padding", "output_shape"}) {
      const std::string why = refused({"ConvTranspose", "c", {}, {}, {{key, numbers({one, one})}}},
                                      {1, 1, 3, 3}, {map});
      EXPECT_NE(why.find(side), std::string::npos) << key << " " << one << ": " << why;
    }
  // 2^32 pixels along one axis, 2^28 along both.
  const std::string line =
      refused({"ConvTranspose", "c", {}, {}, {{"strides", numbers({1 << 16})}}}, {1, 1, 1 << 16},
              {ones({1, 1, 2})});
  EXPECT_NE(line.find(side), std::string::npos) << line;
  const std::string square =
      refused({"ConvTranspose", "c", {}, {}, {{"strides", numbers({1 << 13, 1 << 13})}}},
              {1, 1, 3, 3}, {map});
  EXPECT_NE(square.find(side), std::string::npos) << square;
}

TEST(OnnxLimits, WindowsReachNoFurtherThanTheirNumbersCanSay) {
  const Attribute wide = numbers({1 << 16, 1 << 16});
  const std::string impossible = "a window of impossible size";
  EXPECT_NE(
      refused({"MaxPool", "p", {}, {}, {{"kernel_shape", wide}, {"dilations", wide}}}, {1, 1, 3, 3})
          .find(impossible),
      std::string::npos);
  const Attribute same{.text = "SAME_UPPER"}, two = numbers({2, 2}), ends = numbers({most, most});
  EXPECT_NE(refused({"MaxPool",
                     "p",
                     {},
                     {},
                     {{"kernel_shape", two}, {"dilations", ends}, {"auto_pad", same}}},
                    {1, 1, 3, 3})
                .find(impossible),
            std::string::npos);
  EXPECT_NE(refused({"LRN", "n", {}, {}, {{"size", number(least)}}}, {1, 4, 2, 2})
                .find("this number of channels beside"),
            std::string::npos);
}

TEST(OnnxLimits, NothingAlongOneAxisLeavesTheOthersBounded) {
  // No elements, but strides, slices and lines of 2^62 and more.
  EXPECT_THROW(run("ConstantOfShape", {integers_array({0, half, half})}), Unsupported);
  EXPECT_THROW(run("Reshape", {of_floats({0}, {}), integers_array({0, 1 << 30, 1 << 30})},
                   {{"allowzero", number(1)}}),
               Unsupported);
  EXPECT_THROW(run("OneHot", {of_integers({0}, {}, ElementType::int64), integers_array({1LL << 62}),
                              of_floats({2}, {0, 1})}),
               Unsupported);
  EXPECT_EQ(run("ConstantOfShape", {integers_array({0, 3})}).front().dims,
            (std::vector<std::int64_t>{0, 3}));
}

TEST(OnnxLimits, JoinedArraysAreNoLargerThanOthers) {
  const Array part = of_integers({1 << 20}, std::vector<std::int64_t>(1 << 20), ElementType::int64);
  Operation o{"Concat", "c", {}, {"y"}, {{"axis", number(0)}}};
  EXPECT_THROW(evaluate(o, std::vector<const Array*>(257, &part), 18), Unsupported);
}

// 2^26 numbers and more of two or three: what a hundred bytes can say.
TEST(OnnxLimits, ResultsAreNotThatMuchLargerThanWhatTheyAreMadeOf) {
  constexpr std::int64_t wide = 1 << 26, tall = 1 << 13;
  const Array one = ones({1}), square = ones({1, 1, 1, 1});
  EXPECT_THROW(run("Pad", {one, integers_array({0, wide})}), Unsupported);
  EXPECT_THROW(run("Tile", {one, integers_array({wide})}), Unsupported);
  EXPECT_THROW(run("Expand", {one, integers_array({wide})}), Unsupported);
  EXPECT_THROW(run("ConstantOfShape", {integers_array({wide})}), Unsupported);
  EXPECT_THROW(run("Range", {of_floats({}, {0}), of_floats({}, {6e7f}), of_floats({}, {1})}),
               Error);
  EXPECT_THROW(run("OneHot", {integers_array({1}), integers_array({wide}), of_floats({2}, {0, 1})}),
               Unsupported);
  EXPECT_THROW(run("Add", {ones({tall}), ones({tall, 1})}), Unsupported);
  EXPECT_THROW(run("MatMul", {ones({tall, 1}), ones({1, tall})}), Unsupported);
  EXPECT_THROW(
      run("Attention", {ones({1, 1, tall, 1}), ones({1, 1, tall, 1}), ones({1, 1, tall, 1})}),
      Unsupported);
  const Attribute pads = numbers({tall / 2, tall / 2, tall / 2, tall / 2});
  EXPECT_THROW(run("Conv", {square, square}, {{"pads", pads}}), Unsupported);
  EXPECT_THROW(run("AveragePool", {square}, {{"kernel_shape", numbers({1, 1})}, {"pads", pads}}),
               Unsupported);
  EXPECT_THROW(run("ConvTranspose", {square, square}, {{"output_padding", numbers({tall, tall})}}),
               Unsupported);
  EXPECT_THROW(run("ReduceSum", {of_floats({0, wide}, {}), integers_array({0})}), Unsupported);
  EXPECT_EQ(run("Expand", {one, integers_array({1 << 10})}).front().size(), 1 << 10);
}

TEST(OnnxLimits, OperandsOfOtherTypesAndRanksAreRefused) {
  const Array q = ones({1, 1, 2, 3});
  const Array mask = of_integers({2, 2}, {0, 1, 0, 1}, ElementType::int64);
  EXPECT_THROW(run("Attention", {q, q, q, mask}), Unsupported);
  const auto bytes = [](std::vector<std::int64_t> values) {
    const auto count = static_cast<std::int64_t>(values.size());
    return of_integers({count}, std::move(values), ElementType::uint8);
  };
  const Array one = of_floats({}, {1}), zero = of_integers({}, {0}, ElementType::uint8);
  EXPECT_THROW(run("QLinearMatMul", {bytes({1, 2}), one, zero, bytes({3, 4}),
                                     of_floats({2}, {1, 1}), zero, one, zero}),
               Error);
  EXPECT_THROW(run("DequantizeLinear", {bytes({1, 2}), one}, {{"output_dtype", number(17)}}),
               Unsupported);
}

TEST(OnnxLimits, WeightsWithoutElementsAreRefused) {
  const Array nothing = of_floats({3, 0}, {});
  EXPECT_NE(refused({"Gemm", "g", {}, {}, {}}, {2, 3}, {nothing, of_floats({0}, {})}), "");
  EXPECT_NE(refused({"MatMul", "m", {}, {}, {}}, {1, 3}, {nothing}), "");
}

TEST(OnnxLimits, AMapOfRowsHasNoSidesThatWrapAround) {
  // The inverse of 7 in 64 bits: all together are 6 in these.
  const Array shape = integers_array({1, 7, 0x6DB6DB6DB6DB6DB7, 6});
  EXPECT_NE(refused({"Reshape", "r", {}, {}, {}}, {1, 6}, {shape}), "");
}

TEST(OnnxLimits, MapsJoinedAlongChannelsHaveTheSameSides) {
  Model model{.opset = 18,
              .operations = {{"MaxPool", "p", {"x"}, {"p"}, {{"kernel_shape", numbers({2, 1})}}},
                             {"Concat", "c", {"x", "p"}, {"y"}, {{"axis", number(1)}}}},
              .inputs = {{"x", {1, 2, 3, 3}}},
              .outputs = {"y"}};
  EXPECT_NE(forms_tests::refusal(model).find("different sides"), std::string::npos)
      << forms_tests::refusal(model);
}

TEST(OnnxLimits, SumsAlongLettersHaveAsManyProductsOnBothSides) {
  Model model{.opset = 18,
              .operations =
                  {{"Transpose", "t", {"x"}, {"t"}, {{"perm", numbers({0, 2, 1, 3})}}},
                   {"Einsum", "e", {"x", "t"}, {"y"}, {{"equation", {.text = "bhij,bhjk->bhik"}}}}},
              .inputs = {{"x", {1, 3, 4, 4}}},
              .outputs = {"y"}};
  EXPECT_NE(forms_tests::refusal(model).find("matrices that do not fit"), std::string::npos)
      << forms_tests::refusal(model);
}

TEST(OnnxLimits, LongListsOfPlacesAreRefused) {
  const std::string size = "a value of this size";
  const std::string product =
      refused({"MatMul", "m", {}, {}, {}}, {1, 1 << 13, 1}, {ones({1, 1, 1 << 13})});
  EXPECT_NE(product.find(size), std::string::npos) << product;
  const std::string row = refused({"Relu", "r", {}, {}, {}}, {1, 1 << 13, 1 << 13});
  EXPECT_NE(row.find(size), std::string::npos) << row;
  EXPECT_EQ(refused({"Relu", "r", {}, {}, {}}, {1, 1, 1 << 13, 1 << 13}), "");
}

TEST(OnnxLimits, RefinedLinesAreNoLargerThanOthers) {
  const std::string why = refused({"Resize", "r", {}, {}, {}}, {1, 1 << 12, 4},
                                  {of_floats({0}, {}), of_floats({3}, {1, 1, 1 << 14})});
  EXPECT_NE(why.find("a value of this size"), std::string::npos) << why;
}

}  // namespace
}  // namespace lightloom::nn::onnx
