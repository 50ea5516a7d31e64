// State dicts of PyTorch, as archives and as rows of pickles, and NumPy archives.
#include "nn/io/torch_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/error.hpp"
#include "nn/io/weight_arrays.hpp"
#include "tests/made_files.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::nn {
namespace {

const made::Tensor plain{.name = "w", .count = 8, .offset = 1, .sides = {2, 3}, .strides = {3, 1}};

std::string floats(const std::vector<float>& values) {
  std::string bytes;
  for (const float value : values) bytes += made::little_endian(value);
  return bytes;
}
const std::string eight = floats({0, 1, 2, 3, 4, 5, 6, 7});

class TorchFile : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }
  std::vector<NamedArray> archive(const std::string& value, const std::string& storage = eight) {
    made::write(path_, made::zip({{"net/data.pkl", made::pickle(value)}, {"net/data/0", storage}}));
    return read_weight_arrays(path_);
  }
  std::string problem_of(const std::string& value, const std::string& storage = eight) {
    try {
      archive(value, storage);
    } catch (const Error& problem) {
      return problem.what();
    }
    return "";
  }

  std::string path_ = scratch_path("net.pt").string();
};

TEST_F(TorchFile, StridedTensorsComeRowMajor) {
  const auto arrays = archive(made::state_dict(
      {plain, {.name = "t", .count = 8, .offset = 2, .sides = {3, 2}, .strides = {1, 3}}}));
  ASSERT_EQ(arrays.size(), 2u);
  EXPECT_EQ(arrays[0].name, "w");
  EXPECT_EQ(arrays[0].shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(arrays[0].values, (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(arrays[1].values, (std::vector<float>{2, 5, 3, 6, 4, 7}));
}

TEST_F(TorchFile, HalvesAreReadAndIntegersNamed) {
  // 1.5 and -2 in binary16 and in bfloat16.
  const made::Tensor half{
      .name = "h", .storage_type = "HalfStorage", .count = 2, .sides = {2}, .strides = {1}};
  EXPECT_EQ(archive(made::state_dict({half}), std::string("\x00\x3e\x00\xc0", 4))[0].values,
            (std::vector<float>{1.5f, -2}));
  made::Tensor brain = half;
  brain.storage_type = "BFloat16Storage";
  EXPECT_EQ(archive(made::state_dict({brain}), std::string("\xc0\x3f\x00\xc0", 4))[0].values,
            (std::vector<float>{1.5f, -2}));
  made::Tensor counter = half;
  counter.storage_type = "LongStorage";
  const auto arrays = archive(made::state_dict({counter}), std::string(16, '\1'));
  EXPECT_TRUE(arrays[0].values.empty());
  EXPECT_EQ(arrays[0].type, "int64");
}

TEST_F(TorchFile, StoragesAreThoseOfTorchAlone) {
  std::string state = made::state_dict({plain});
  const std::size_t at = state.find("torch\nFloatStorage");
  ASSERT_NE(at, std::string::npos);
  EXPECT_FALSE(archive(state)[0].values.empty());
  EXPECT_TRUE(archive(state.replace(at, 5, "other"))[0].values.empty());
}

TEST_F(TorchFile, TheStateIsFoundInACheckpointOfATraining) {
  const auto arrays = archive("}(" + made::text("epoch") + made::integer(3) +
                              made::text("state_dict") + made::state_dict({plain}) + "u");
  ASSERT_EQ(arrays.size(), 1u);
  EXPECT_EQ(arrays[0].name, "w");
}

TEST_F(TorchFile, ANumberOfTheTrainingBesideTheStateDoesNotHideIt) {
  made::Tensor weight = plain, best = plain;
  weight.name = "fc.weight";
  best.name = "best_acc1";
  const std::string number = made::text(best.name) + made::pickled(best);
  for (const char* key : {"state_dict", "generator"}) {
    const auto arrays = archive("}(" + made::text("epoch") + made::integer(3) + number +
                                made::text(key) + made::state_dict({weight}) + "u");
    ASSERT_EQ(arrays.size(), 1u) << key;
    EXPECT_EQ(arrays[0].name, "fc.weight");
  }
  EXPECT_EQ(archive("}(" + number + "u")[0].name, "best_acc1");
}

TEST_F(TorchFile, AStateUnderAnyOneKeyIsFoundAndOneOfTwoAskedFor) {
  made::Tensor weight = plain;
  weight.name = "fc.weight";
  const std::string state = made::state_dict({weight});
  const auto under = [&](const std::string& key) { return made::text(key) + state; };
  const auto arrays = archive("}(" + made::text("optimizer") + made::state_dict({plain}) +
                              under("generator") + "u");
  ASSERT_EQ(arrays.size(), 1u);
  EXPECT_EQ(arrays[0].name, "fc.weight");
  const std::string problem = problem_of("}(" + under("left") + under("right") + "u");
  EXPECT_NE(problem.find("state dicts under left, right"), std::string::npos) << problem;
}

TEST_F(TorchFile, TensorsWithAttributesOfTheirOwnAreRead) {
  // _rebuild_from_type_v2(_rebuild_tensor_v2, Parameter, (storage, 1, (2, 3), (3, 1), ...), {})
  const std::string function = made::global("torch._utils", "_rebuild_tensor_v2");
  std::string tensor = made::pickled(plain);
  ASSERT_EQ(tensor.compare(0, function.size(), function), 0);
  ASSERT_EQ(tensor.back(), 'R');
  tensor.pop_back();
  const std::string arguments = tensor.substr(function.size());
  const auto arrays = archive(
      "}(" + made::text("w") + made::global("torch._tensor", "_rebuild_from_type_v2") + "(" +
      function + made::global("torch.nn.parameter", "Parameter") + arguments + "}tRu");
  ASSERT_EQ(arrays.size(), 1u);
  EXPECT_EQ(arrays[0].values, (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST_F(TorchFile, RowsOfPicklesOfEarlierVersionsAreRead) {
  // magic number 0x1950a86a20f9469cfc6c, protocol 1001, system, state, keys, storages
  const std::string magic =
      std::string("\x80\x02\x8a\x0a", 4) + "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
  const std::string bytes = magic + made::pickle(made::integer(1001)) + made::pickle("}") +
                            made::pickle(made::state_dict({plain})) +
                            made::pickle("](" + made::text("0") + "e") +
                            made::little_endian<std::int64_t>(8) + eight;
  made::write(path_, bytes);
  EXPECT_EQ(read_weight_arrays(path_)[0].values, (std::vector<float>{1, 2, 3, 4, 5, 6}));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    made::write(path_, bytes.substr(0, size));
    EXPECT_THROW(read_weight_arrays(path_), Error) << size;
  }
}

TEST_F(TorchFile, TensorsOutsideOfTheirStorageAreRefused) {
  made::Tensor bad = plain;
  bad.offset = 3;
  EXPECT_NE(problem_of(made::state_dict({bad})).find("outside its storage"), std::string::npos);
  bad = plain;
  bad.strides = {2'000'000'000, 1};
  EXPECT_NE(problem_of(made::state_dict({bad})).find("outside its storage"), std::string::npos);
  bad.sides = {2'000'000'000, 2'000'000'000};
  bad.strides = {0, 0};
  EXPECT_NE(problem_of(made::state_dict({bad})).find("outside its storage"), std::string::npos);
  EXPECT_NE(problem_of(made::state_dict({plain}), "").find("outside its storage"),
            std::string::npos);
  bad = plain;
  bad.key = "../../etc/passwd";
  EXPECT_NE(problem_of(made::state_dict({bad})).find("is missing"), std::string::npos);
}

TEST_F(TorchFile, WhatIsNoStateDictEndsWithTheNextStep) {
  const std::string model = made::global("somewhere", "Net") + ")R";
  const std::string empty = "}", list = "]", text = made::text("x");
  for (const std::string& value : {model, empty, list, text})
    EXPECT_NE(problem_of(value).find("torch.save(model.state_dict()"), std::string::npos) << value;
}

TEST_F(TorchFile, NumPyArchivesGiveNamedArrays) {
  const std::string path =
      made::write(scratch_path("weights.npz").string(),
                  made::zip({{"fc.weight.npy", made::npy<float>("<f4", "(1, 2)", {3, 4})},
                             {"step.npy", made::npy<std::int64_t>("<i8", "()", {9})}}));
  const auto arrays = read_weight_arrays(path);
  ASSERT_EQ(arrays.size(), 2u);
  EXPECT_EQ(arrays[0].name, "fc.weight");
  EXPECT_EQ(arrays[0].shape, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(arrays[0].values, (std::vector<float>{3, 4}));
  EXPECT_TRUE(arrays[1].values.empty());
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace lightloom::nn
