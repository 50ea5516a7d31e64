#include "nn/io/weight_arrays.hpp"

#include <algorithm>
#include <array>

#include "core/archives/array_file.hpp"
#include "core/archives/zip.hpp"
#include "core/error.hpp"
#include "nn/io/torch_file.hpp"

namespace lightloom::nn {
namespace {

constexpr std::array<std::string_view, 5> torch_endings{".pt", ".pth", ".th", ".ckpt", ".bin"};

NamedArray named_array(const std::string& path, const std::string& name) {
  ArrayFile file = open_archived_array(path, name);
  NamedArray array{
      .name = name, .shape = file.header.shape, .values = {}, .type = file.header.type.name()};
  if (file.header.type.whole()) {  // whole all the same
    const std::uint64_t bytes = drain(*file.numbers);
    require(bytes == file.header.size(file.path), "'{}' has {} bytes where its shape needs {}",
            file.path, bytes, file.header.size(file.path));
    return array;
  }
  const std::vector<double> numbers = all_numbers(file);
  array.values.assign(numbers.begin(), numbers.end());
  return array;
}

std::vector<NamedArray> read_npz(const std::string& path) {
  std::vector<NamedArray> arrays;
  for (const std::string& name : archived_arrays(path)) arrays.push_back(named_array(path, name));
  require(!arrays.empty(), "'{}' holds no NumPy arrays (np.savez(file, **state) makes one)", path);
  return arrays;
}

}  // namespace

bool is_foreign_weights(const std::string& path) {
  return path.ends_with(".safetensors") || path.ends_with(".npz") ||
         std::any_of(torch_endings.begin(), torch_endings.end(),
                     [&](std::string_view ending) { return path.ends_with(ending); });
}

std::vector<NamedArray> read_weight_arrays(const std::string& path) {
  if (path.ends_with(".safetensors")) return read_safetensors(path);
  if (path.ends_with(".npz")) return read_npz(path);
  return read_torch(path);
}

}  // namespace lightloom::nn
