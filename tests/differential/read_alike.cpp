// What our readers make of files, for a comparison with other programs' readers (try-alike):
//   read_alike KIND < list of paths > one JSON line a file: {"arrays": [...]} or {"error": "..."}
// Numbers are the 16 hexadecimal digits of doubles, so that no bit is lost on the way.
#include <fmt/format.h>

#include <bit>
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/archives/array_file.hpp"
#include "core/error.hpp"
#include "experiments/results/files/matrix_file.hpp"
#include "nn/data/images/picture.hpp"
#include "nn/io/weight_arrays.hpp"
#include "nn/onnx/model/model.hpp"

namespace lightloom {
namespace {

using Json = nlohmann::json;

/// An array whose numbers are given in C order.
template <class Numbers>
Json held(const std::string& name, const std::vector<std::int64_t>& shape, const Numbers& numbers) {
  std::string digits;
  for (const auto number : numbers)
    digits += fmt::format("{:016x}", std::bit_cast<std::uint64_t>(static_cast<double>(number)));
  return {{"name", name}, {"shape", shape}, {"numbers", digits}};
}

/// A NumPy array of real numbers.
Json read_array(const std::string& path) {
  ArrayFile array = open_array(path);
  const std::vector<std::int64_t> shape = array.header.shape;
  return Json::array({held("", shape, all_numbers(array))});
}

/// A matrix of a file of any kind: real and imaginary parts.
Json read_matrix(const std::string& path) {
  const ComplexMatrix matrix = experiments::read_matrix(path);
  std::vector<double> real, imaginary;
  for (const auto& value : matrix.values) {
    real.push_back(value.real());
    imaginary.push_back(value.imag());
  }
  const std::vector<std::int64_t> shape{matrix.rows, matrix.columns};
  return Json::array({held("real", shape, real), held("imaginary", shape, imaginary)});
}

/// Weights of other programs; arrays that are no floats have no numbers.
Json read_weights(const std::string& path) {
  Json all = Json::array();
  for (const nn::NamedArray& array : nn::read_weight_arrays(path)) {
    all.push_back(held(array.name, array.shape, array.values));
    all.back()["type"] = array.type;
  }
  return all;
}

Json read_picture(const std::string& path) {
  const nn::Picture picture = nn::read_picture(path);
  return Json::array(
      {held("", {picture.height, picture.width, picture.channels}, picture.samples)});
}

Json held(const std::string& name, const nn::onnx::Array& array) {
  Json one = array.integer() ? held(name, array.dims, array.integers)
                             : held(name, array.dims, array.floats);
  one["complete"] = array.complete();
  one["whole"] = array.integer();
  return one;
}

Json read_tensor(const std::string& path) {
  return Json::array({held("", nn::onnx::read_array(path))});
}

/// The constants of an ONNX model.
Json read_constants(const std::string& path) {
  Json all = Json::array();
  for (const auto& [name, array] : nn::onnx::read_model(path).constants)
    all.push_back(held(name, array));
  return all;
}

Json answer_of(const std::function<Json(const std::string&)>& reader, const std::string& path) {
  try {
    return {{"arrays", reader(path)}};
  } catch (const Error& refused) {
    return {{"error", refused.what()}};
  }
}

int main_of(const std::string& kind) {
  static const std::map<std::string, std::function<Json(const std::string&)>> readers{
      {"array", read_array},     {"matrix", read_matrix}, {"weights", read_weights},
      {"picture", read_picture}, {"tensor", read_tensor}, {"model", read_constants}};
  const auto found = readers.find(kind);
  if (found == readers.end()) {
    std::cerr << "read_alike: no kind of file is called '" << kind << "'\n";
    return 2;
  }
  for (std::string path; std::getline(std::cin, path);)
    std::cout << answer_of(found->second, path).dump(-1, ' ', false, Json::error_handler_t::replace)
              << std::endl;  // at once: the file that ends the program is the one without an answer
  return 0;
}

}  // namespace
}  // namespace lightloom

int main(int count, char** arguments) { return lightloom::main_of(count == 2 ? arguments[1] : ""); }
