#include "experiments/cards/input_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <vector>

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;

/// FNV-1a over words of eight bytes, the last filled with zeros.
std::string line_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> part(std::size_t{1} << 20);
  std::uint64_t hash = 0xcbf29ce484222325u, bytes = 0;
  while (file.read(part.data(), static_cast<std::streamsize>(part.size())), file.gcount() > 0) {
    const auto count = static_cast<std::size_t>(file.gcount());
    bytes += count;
    for (std::size_t i = 0; i < count; i += sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, part.data() + i, std::min(sizeof word, count - i));
      hash = (hash ^ word) * 0x100000001b3u;
      hash ^= hash >> 32;  // a product alone never carries high bits down
    }
  }
  return fmt::format("{}: {} {:016x}\n", path, bytes, hash);
}

void add_texts(const Tree& tree, std::set<std::string>& texts) {
  if (tree.kind == Tree::Kind::scalar) texts.insert(tree.scalar);
  for (const Tree& item : tree.items) add_texts(item, texts);
  for (const auto& [key, value] : tree.pairs) add_texts(value, texts);
}

/// Of a folder of folders of images, all.
void add_folder(const std::string& folder, std::set<std::string>& files) {
  std::error_code problem;
  for (auto entry = fs::recursive_directory_iterator(folder, problem);
       !problem && entry != fs::recursive_directory_iterator(); entry.increment(problem)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored)) files.insert(entry->path().string());
  }
}

}  // namespace

std::string input_files_text(const Tree& resolved) {
  std::set<std::string> texts, data, files;
  std::error_code ignored;
  for (const auto& [key, value] : resolved.pairs)
    if (key != "name" && key != "summary") add_texts(value, key == "dataset" ? data : texts);
  for (const std::string& text : data)
    for (const std::string& folder : {text, "data/" + text})
      if (!text.empty() && fs::is_directory(folder, ignored)) add_folder(folder, files);
  texts.merge(data);
  for (const std::string& text : texts)
    if (fs::is_regular_file(text, ignored)) files.insert(text);
  std::string lines;
  for (const std::string& path : files) lines += line_of(path);
  return lines;
}

}  // namespace lightloom::experiments
