#include "nn/io/safetensors.hpp"

#include <bit>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/archives/numbers.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/files/written.hpp"

namespace lightloom::nn {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

constexpr std::uint64_t largest_header = 100'000'000;  // the limit of the reference implementation
constexpr std::size_t largest_file = std::size_t{1} << 36;

template <class T>
T load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

float element(const std::string& type, const char* from) {
  if (type == "F32") return load<float>(from);
  if (type == "F64") return static_cast<float>(load<double>(from));
  if (type == "F16") return half_number(load<std::uint16_t>(from));
  return bfloat_number(load<std::uint16_t>(from));  // BF16
}

/// Bytes of a floating type, 0 for others.
std::size_t width_of(const std::string& type) {
  if (type == "F64") return 8;
  if (type == "F32") return 4;
  return type == "F16" || type == "BF16" ? 2 : 0;
}

NamedArray read_one(const std::string& name, const json& entry, std::string_view data) {
  const auto type = entry.at("dtype").get<std::string>();
  NamedArray array{name, entry.at("shape").get<std::vector<std::int64_t>>(), {}, type};
  const auto offsets = entry.at("data_offsets").get<std::vector<std::uint64_t>>();
  const std::size_t width = width_of(type);
  require(offsets.size() == 2 && offsets[0] <= offsets[1] && offsets[1] <= data.size(),
          "tensor '{}' lies outside the file", name);
  std::uint64_t count = (offsets[1] - offsets[0]) / std::max<std::size_t>(width, 1);
  std::uint64_t product = 1;
  for (const std::int64_t side : array.shape) {
    require(side >= 0 && (side == 0 || product <= data.size() / static_cast<std::uint64_t>(side)),
            "tensor '{}' has an impossible shape", name);
    product *= static_cast<std::uint64_t>(side);
  }
  if (width == 0) return array;
  require(product == count && count * width == offsets[1] - offsets[0],
          "tensor '{}' has another size than its shape", name);
  for (std::uint64_t i = 0; i < count; ++i) {
    array.values.push_back(element(type, data.data() + offsets[0] + i * width));
  }
  return array;
}

std::vector<NamedArray> parse(const std::string& bytes) {
  require(bytes.size() >= 8, "it is too short");
  const auto length = load<std::uint64_t>(bytes.data());
  require(length <= largest_header && length <= bytes.size() - 8,
          "its header is longer than the file (truncated or another format)");
  const json header =
      json::parse(bytes.begin() + 8, bytes.begin() + 8 + static_cast<std::ptrdiff_t>(length));
  require(header.is_object(), "its header is not a JSON object");
  std::vector<NamedArray> arrays;
  const std::string_view data = std::string_view(bytes).substr(8 + length);
  std::uint64_t spoken_for = 0;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    arrays.push_back(read_one(name, entry, data));
    // A megabyte that many names share could fill the memory; the format allows no such files.
    const auto& offsets = entry.at("data_offsets");
    spoken_for += offsets.at(1).get<std::uint64_t>() - offsets.at(0).get<std::uint64_t>();
    require(spoken_for <= data.size(), "tensors up to '{}' overlap", name);
  }
  return arrays;
}

}  // namespace

std::vector<NamedArray> read_safetensors(const std::string& path) {
  const std::string bytes = read_file(path, "weight file", largest_file);
  try {
    return parse(bytes);
  } catch (const json::exception&) {
    throw Error(fmt::format("'{}' is not a safetensors file (its header cannot be read)", path));
  } catch (const Error& problem) {
    throw Error(fmt::format("'{}' is not a safetensors file ({})", path, problem.what()));
  }
}

void write_safetensors(const std::string& path, const std::vector<NamedArray>& arrays) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  std::uint64_t at = 0;
  for (const NamedArray& array : arrays) {
    const std::uint64_t end = at + array.values.size() * sizeof(float);
    header[array.name] = {{"dtype", "F32"}, {"shape", array.shape}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  AtomicFile whole(path);
  errno = 0;
  std::ofstream file(whole.temporary(), std::ios::binary);
  const std::uint64_t length = text.size();
  file.write(reinterpret_cast<const char*>(&length), sizeof length);
  file << text;
  for (const NamedArray& array : arrays) {
    file.write(reinterpret_cast<const char*>(array.values.data()),
               static_cast<std::streamsize>(array.values.size() * sizeof(float)));
  }
  close_written(file, path);
  whole.commit();
}

}  // namespace lightloom::nn
