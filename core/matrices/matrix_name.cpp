#include "core/matrices/matrix_name.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"

namespace lightloom {
namespace {

/// Names in a message: those of a stranger's file may be many and long.
std::string listed(std::vector<std::string> names) {
  constexpr std::size_t most = 12, longest = 60;
  const std::size_t all = names.size();
  if (all > most) names.resize(most);
  for (std::string& name : names)
    if (name.size() > longest) name = name.substr(0, longest) + "...";
  return fmt::format("{}{}", fmt::join(names, ", "), all > most ? ", ..." : "");
}

}  // namespace

NamedMatrix named_matrix(const std::string& text) {
  std::error_code ignored;
  if (std::filesystem::exists(text, ignored)) return {text};
  for (std::size_t at = text.size(); (at = text.rfind(':', at - 1)) != std::string::npos && at > 0;)
    if (std::filesystem::is_regular_file(text.substr(0, at), ignored) && at + 1 < text.size())
      return {text.substr(0, at), text.substr(at + 1)};
  return {text};
}

MatrixParts choose_parts(const NamedMatrix& wanted, const std::vector<std::string>& names) {
  const auto has = [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (!wanted.name.empty()) {
    require(has(wanted.name), "{}: holds no matrix '{}'{}", wanted.path, wanted.name,
            names.empty() ? "" : fmt::format(" (it holds {})", listed(names)));
    return {wanted.name};
  }
  if (has("matrix")) return {"matrix"};
  for (const char* imaginary : {"imaginary", "imag"})
    if (has("real") && has(imaginary)) return {"real", imaginary};
  require(!names.empty(), "{}: holds no array of two axes", wanted.path);
  require(names.size() == 1,
          "{}: holds the matrices {} (name one, as in {}:{}, or call one 'matrix', or two 'real' "
          "and 'imaginary')",
          wanted.path, listed(names), wanted.path, names.front());
  return {names.front()};
}

void add_imaginary(const ComplexMatrix& part, const std::string& path, ComplexMatrix& matrix) {
  require(part.rows == matrix.rows && part.columns == matrix.columns,
          "{}: real and imaginary part differ in size", path);
  for (std::size_t i = 0; i < matrix.values.size(); ++i)
    matrix.values[i] += std::complex<double>(0, 1) * part.values[i];
}

}  // namespace lightloom
