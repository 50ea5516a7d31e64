// Weights of other programs, read and given to a network.
#include "nn/io/safetensors.hpp"
#include "nn/io/torch_names.hpp"
#include "tests/fuzz/base/fuzzer.hpp"
#include "tests/fuzz/base/small_network.hpp"

namespace lightloom::fuzz {
namespace {

Bytes file(std::string_view header, std::size_t bytes) {
  Bytes all(8);
  for (std::size_t i = 0; i < 8; ++i)
    all[i] = static_cast<std::uint8_t>(std::uint64_t{header.size()} >> (8 * i));
  all.insert(all.end(), header.begin(), header.end());
  all.resize(all.size() + bytes, 0x3c);
  return all;
}

Bytes of_network() {
  nn::Network network = small_network({});
  nn::write_safetensors("seed.safetensors", nn::export_torch(network));
  return contents_of("seed.safetensors");
}

}  // namespace

void read_input(Input input) {
  const auto arrays = nn::read_safetensors(file_of(input, "weights.safetensors"));
  std::size_t values = 0;
  for (const nn::NamedArray& array : arrays) values += array.values.size();
  demand(2 * values <= input.size(), "no more values than the file holds");
  nn::Network network = small_network({});
  nn::import_torch(arrays, network);
}

std::vector<Seed> seeds() {
  return {{"network", of_network()},
          {"kinds", file(R"({"__metadata__":{"a":"b"},"h":{"dtype":"F16","shape":[2,1],)"
                         R"("data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[2],)"
                         R"("data_offsets":[4,8]},"d":{"dtype":"F64","shape":[],)"
                         R"("data_offsets":[8,16]},"i":{"dtype":"I64","shape":[1],)"
                         R"("data_offsets":[16,24]}})",
                         24)}};
}

}  // namespace lightloom::fuzz
