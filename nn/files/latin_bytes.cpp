#include "nn/files/latin_bytes.hpp"

namespace lightloom::nn {

std::optional<std::string> latin_bytes(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto first = static_cast<unsigned char>(text[i]);
    if (first < 0x80) {
      bytes.push_back(text[i]);
      continue;
    }
    if ((first != 0xc2 && first != 0xc3) || i + 1 == text.size()) return std::nullopt;
    bytes.push_back(static_cast<char>((first & 3) << 6 | (text[++i] & 0x3f)));
  }
  return bytes;
}

}  // namespace lightloom::nn
