#include "nn/io/safetensors.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "nn/inference/inference.hpp"
#include "nn/io/columns.hpp"
#include "nn/io/torch_names.hpp"
#include "nn/models/models.hpp"
#include "tests/nn/reference.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::nn {
namespace {

namespace fs = std::filesystem;

class Safetensors : public testing::Test {
 protected:
  void TearDown() override { fs::remove(path_); }
  void write(const std::string& header, const std::string& data) const {
    std::ofstream file(path_, std::ios::binary);
    const std::uint64_t length = header.size();
    file.write(reinterpret_cast<const char*>(&length), 8);
    file << header << data;
  }
  [[nodiscard]] bool refused() const {
    try {
      read_safetensors(path_.string());
      return false;
    } catch (const Error&) {
      return true;
    }
  }
  fs::path path_ = scratch_path("test.safetensors");
};

TEST_F(Safetensors, NetworksSurviveTheRoundTripThroughTheirTorchNames) {
  Network saved(build_graph("lenet5", "mnist"), {}, 1),
      loaded(build_graph("lenet5", "mnist"), {}, 2);
  write_safetensors(path_.string(), export_torch(saved));
  import_torch(read_safetensors(path_.string()), loaded);
  const TensorShape shape(2, 28, 28, 1);
  const Tensor images = reference::tensor(reference::random_doubles(2 * 784, 0), shape);
  Inference a(saved), b(loaded);
  const Tensor& left = a.forward(images);
  const Tensor& right = b.forward(images);
  for (std::size_t i = 0; i < left.values().size(); ++i) {
    EXPECT_EQ(left.values()[i], right.values()[i]);
  }
}

TEST_F(Safetensors, LinearColumnsBehindAMapAreReorderedFromChannelMajor) {
  // Channel-major columns 0..5 of a 1x2 map with 3 channels: (c, w) -> c * 2 + w.
  const std::vector<float> weight{0, 1, 2, 3, 4, 5};
  const MapShape map{1, 2, 3};
  EXPECT_EQ(columns_to_channels_last(weight, map), (std::vector<float>{0, 2, 4, 1, 3, 5}));
  EXPECT_EQ(columns_to_channels_first(columns_to_channels_last(weight, map), map), weight);
}

TEST_F(Safetensors, ReadsHalfPrecisionAndNamesTheTypesOfOthers) {
  // 1.5 in F16 is 0x3e00, in BF16 0x3fc0; the smallest F16 is 2^-24.
  write(R"({"h": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]},
            "b": {"dtype": "BF16", "shape": [], "data_offsets": [4, 6]},
            "n": {"dtype": "I64", "shape": [], "data_offsets": [6, 14]}})",
        std::string("\x00\x3e\x01\x00\xc0\x3f", 6) + std::string(8, '\1'));
  const auto arrays = read_safetensors(path_.string());
  ASSERT_EQ(arrays.size(), 3u);
  for (const NamedArray& array : arrays) {
    if (array.name == "n") {
      EXPECT_TRUE(array.values.empty());
      EXPECT_EQ(array.type, "I64");
      continue;
    }
    EXPECT_EQ(array.values[0], 1.5f);
    if (array.name == "h") {
      EXPECT_EQ(array.values[1], std::ldexp(1.0f, -24));
    }
  }
}

TEST_F(Safetensors, MalformedFilesAreRefused) {
  const std::string good = R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}})";
  write(good, std::string(8, '\0'));
  EXPECT_FALSE(refused());
  write(good, std::string(7, '\0'));
  EXPECT_TRUE(refused());
  for (const char* header :
       {"{", "[]", R"({"a": 1})",
        R"({"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}})",
        R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}})",
        R"({"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}})",
        R"({"a": {"dtype": "F32", "shape": [4611686018427387904, 4], "data_offsets": [0, 0]}})",
        R"({"a": {"dtype": "F32", "shape": ["x"], "data_offsets": [0, 8]}})"}) {
    write(header, std::string(8, '\0'));
    EXPECT_TRUE(refused()) << header;
  }
  write(R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
            "b": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}})",
        std::string(8, '\0'));
  EXPECT_FALSE(refused());
  write(R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
            "b": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}})",
        std::string(8, '\0'));
  EXPECT_TRUE(refused()) << "two tensors share four bytes";
  std::ofstream(path_, std::ios::binary) << "\xff\xff\xff\xff\xff\xff\xff\x7f{}";
  EXPECT_TRUE(refused());
  fs::remove(path_);
  EXPECT_TRUE(refused());
}

TEST_F(Safetensors, AnotherModelIsRefusedBeforeAnythingIsMissed) {
  Network small(build_graph("lenet5", "mnist"), {}, 1), other(build_graph("mlp", "mnist"), {}, 1);
  EXPECT_THROW(import_torch(export_torch(small), other), Error);
  auto arrays = export_torch(small);
  arrays.push_back({"extra.weight", {1}, {0}});
  EXPECT_THROW(import_torch(arrays, small), Error);
}

}  // namespace
}  // namespace lightloom::nn
