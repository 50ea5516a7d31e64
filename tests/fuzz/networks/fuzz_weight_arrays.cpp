// Weights of PyTorch and NumPy: whole files, and archives with right checksums around a pickle or
// an array that the input gives; the first byte chooses.
#include "nn/io/weight_arrays.hpp"
#include "tests/fuzz/base/fuzzer.hpp"
#include "tests/made_files.hpp"

namespace lightloom::fuzz {
namespace {

enum Kind : std::uint8_t { torch_file, torch_archive, numpy_file, numpy_archive, kinds };

Bytes seed(Kind kind, const std::string& bytes) {
  Bytes all{kind};
  all.insert(all.end(), bytes.begin(), bytes.end());
  return all;
}

/// The file that stands for an input of a kind.
std::string file_bytes(Kind kind, const std::string& given) {
  const std::string storage(64, '\x3c');
  if (kind == torch_archive)
    return made::zip({{"net/data.pkl", given}, {"net/data/0", storage}, {"net/data/1", given}});
  if (kind == numpy_archive)
    return made::zip({{"w.npy", given}, {"b.npy", given}}, made::Packing::deflated);
  return given;
}

}  // namespace

void read_input(Input input) {
  if (input.empty()) return;
  const auto kind = static_cast<Kind>(input[0] % kinds);
  const bool torch = kind == torch_file || kind == torch_archive;
  const std::string bytes = file_bytes(kind, text_of(input.subspan(1)));
  std::size_t values = 0;
  for (const nn::NamedArray& array :
       nn::read_weight_arrays(file_of(bytes_of(bytes), torch ? "net.pt" : "net.npz"))) {
    double count = 1;
    for (const std::int64_t side : array.shape) count *= static_cast<double>(side);
    demand(array.values.empty() || count == static_cast<double>(array.values.size()),
           "as many values as the shape");
    values += array.values.size();
  }
  // Tensors may share a storage, but each needs some bytes of the pickle.
  demand(values <= 1032 * bytes.size() * bytes.size(), "no more values than the file can hold");
}

std::vector<Seed> seeds() {
  const made::Tensor tensor{
      .name = "w", .count = 8, .offset = 1, .sides = {2, 3}, .strides = {3, 1}};
  made::Tensor half = tensor;
  half.storage_type = "HalfStorage";
  const std::string pickle = made::pickle(made::state_dict({tensor, half}));
  const std::string magic =
      std::string("\x80\x02\x8a\x0a", 4) + "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
  const std::string legacy = magic + made::pickle(made::integer(1001)) + made::pickle("}") +
                             made::pickle(made::state_dict({tensor})) +
                             made::pickle("](" + made::text("0") + "e") +
                             made::little_endian<std::int64_t>(8) + std::string(32, '\x3c');
  const std::string array = made::npy<float>("<f4", "(2, 2)", {1, 2, 3, 4});
  return {{"pickle", seed(torch_archive, pickle)},
          {"archive", seed(torch_file, file_bytes(torch_archive, pickle))},
          {"legacy", seed(torch_file, legacy)},
          {"array", seed(numpy_archive, array)},
          {"fortran", seed(numpy_archive, made::npy<double>(">f8", "(2, 1)", {1, 2}, "True"))},
          {"npz", seed(numpy_file, file_bytes(numpy_archive, array))}};
}

}  // namespace lightloom::fuzz
