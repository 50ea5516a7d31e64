#include "experiments/commands/named_inputs.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <set>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/files/csv.hpp"
#include "core/matrices/matrix_name.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;

/// HDF5 looks for its signature at the start, and behind a block of the user's at 512, 1024, ...
bool is_hdf5(const std::string& path) {
  std::error_code problem;
  if (!fs::is_regular_file(path, problem)) return false;
  const std::uintmax_t size = fs::file_size(path, problem);
  std::ifstream file(path, std::ios::binary);
  constexpr std::string_view signature{"\x89HDF\r\n\x1a\n", 8};
  std::array<char, signature.size()> bytes{};
  for (std::uintmax_t at = 0; !problem && at + bytes.size() <= size; at = at == 0 ? 512 : 2 * at) {
    if (!file.seekg(static_cast<std::streamoff>(at)).read(bytes.data(), bytes.size())) return false;
    if (std::equal(bytes.begin(), bytes.end(), signature.begin())) return true;
  }
  return false;
}

/// The texts of a command line and of the cards that they name, and the files that they may mean.
class Inputs {
 public:
  /// A word of the command line, or a text of the card `beside`.
  void add(const std::string& text, const std::string& beside) {
    constexpr std::size_t longest_path = 4096;
    if (text.empty() || text.size() > longest_path || csv_number(text)) return;
    for (const std::string& path : {text, resolve_path(text, beside)})
      if (is_card(path) && seen_.insert(path).second) add_card(path);
    texts_.emplace(text, beside);
  }
  void add(const Tree& tree, const std::string& beside) {
    if (tree.kind == Tree::Kind::scalar) add(tree.scalar, beside);
    for (const Tree& item : tree.items) add(item, beside);
    for (const auto& [key, value] : tree.pairs) add(value, beside);
  }
  /// A card, or what is set in one. Its own name names no file.
  void add_whole(const Tree& card, const std::string& beside) {
    for (const auto& [key, value] : card.pairs)
      if (key != "name") add(value, beside);
  }

  /// Files: named as they are, beside their card, or in a folder that is named.
  [[nodiscard]] std::vector<std::string> files() const {
    std::set<std::string> found;
    std::error_code ignored;
    for (const std::string& path : candidates({""}))
      if (fs::is_regular_file(path, ignored)) found.insert(path);
    return {found.begin(), found.end()};
  }

  /// Files of HDF5 format, also results and checkpoints whose names are made from one.
  [[nodiscard]] std::vector<std::string> hdf5_files() const {
    std::vector<std::string> found;
    std::set<std::string> known;
    std::error_code ignored;
    for (const std::string& path : candidates({"", ".float", ".h5"}))
      if (is_hdf5(path) && known.insert(fs::weakly_canonical(path, ignored).string()).second)
        found.push_back(path);
    return found;
  }

 private:
  static bool is_card(const std::string& path) {
    std::error_code ignored;
    return (path.ends_with(".yaml") || path.ends_with(".yml")) &&
           fs::is_regular_file(path, ignored);
  }
  [[nodiscard]] std::set<std::string> candidates(const std::vector<std::string>& endings) const {
    std::set<std::string> paths;
    const std::vector<std::string> folders = named_folders();
    for (const auto& [text, beside] : texts_) {
      for (const std::string& ending : endings) paths.insert(text + ending);
      paths.insert(resolve_path(text, beside));
      paths.insert(named_matrix(text).path);  // `file.npz:name`
      for (const std::string& folder : folders) paths.insert(fmt::format("{}/{}", folder, text));
    }
    return paths;
  }
  void add_card(const std::string& path) {
    try {
      add_whole(load_yaml(path), path);
    } catch (const Error&) {  // whoever reads it as a card says what is wrong
    }
  }
  [[nodiscard]] std::vector<std::string> named_folders() const {
    std::vector<std::string> folders;
    std::error_code ignored;
    for (const auto& [text, beside] : texts_)
      for (const std::string& path : {text, "data/" + text})  // where data sets lie
        if (fs::is_directory(path, ignored)) folders.push_back(path);
    return folders;
  }

  std::set<std::string> seen_;                           // cards
  std::set<std::pair<std::string, std::string>> texts_;  // with the card that each stands in
};

void add_setting(const std::string& setting, Inputs& inputs) {
  const auto equals = setting.find('=');
  if (equals == std::string::npos || setting.substr(0, equals) == "name") return;
  try {
    inputs.add(parse_yaml(setting.substr(equals + 1), "--set"), "./command-line");
  } catch (const Error&) {  // said when it is applied
  }
}

Inputs inputs_of(const CommandLine& line) {
  Inputs inputs;
  for (const std::string& operand : line.operands) inputs.add(operand, "./command-line");
  for (const auto& [name, value] : line.extra)
    if (!line.writes(name)) inputs.add(value, "./command-line");
  for (const std::string& setting : line.settings) add_setting(setting, inputs);
  return inputs;
}

/// Both names lead to one file, which need not be there.
bool same_file(const std::string& one, const std::string& other) {
  std::error_code ignored;
  return fs::equivalent(one, other, ignored) ||
         fs::weakly_canonical(one, ignored) == fs::weakly_canonical(other, ignored);
}

/// Of a pipe or device two may be one, and reading it takes nothing away.
bool is_file_or_new(const std::string& path) {
  std::error_code ignored;
  return !fs::exists(path, ignored) || fs::is_regular_file(path, ignored);
}

}  // namespace

std::vector<std::string> named_inputs(const CommandLine& line) { return inputs_of(line).files(); }

std::vector<std::string> hdf5_inputs(const CommandLine& line) {
  Inputs inputs = inputs_of(line);
  inputs.add(line.output, "./command-line");  // a sweep goes on from its own
  return inputs.hdf5_files();
}

void require_outputs(const CommandLine& line, const std::vector<std::string>& files) {
  const std::vector<std::string> inputs = named_inputs(line);
  for (auto file = files.begin(); file != files.end(); ++file) {
    if (file->empty()) continue;
    require_writable(*file);
    if (!is_file_or_new(*file)) continue;
    for (const std::string& input : inputs)
      require(!same_file(input, *file),
              "output '{}' is a file that this command reads (name another; nothing was written)",
              *file);
    for (auto other = files.begin(); other != file; ++other)
      require(!same_file(*other, *file), "outputs '{}' and '{}' are one file (name two)", *other,
              *file);
  }
}

}  // namespace lightloom::experiments
