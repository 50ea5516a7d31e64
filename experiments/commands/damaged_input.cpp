#include "experiments/commands/damaged_input.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>

#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/files/csv.hpp"
#include "core/files/hdf5_images.hpp"
#include "core/files/hdf5_matrix.hpp"
#include "core/files/labelled.hpp"

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

  /// Files of HDF5 format: named as they are, or beside their card, or in a folder that is named
  /// (a data set's root); results and checkpoints whose names are made from one.
  [[nodiscard]] std::vector<std::string> hdf5_files() const {
    std::set<std::string> candidates;
    const std::vector<std::string> folders = named_folders();
    for (const auto& [text, beside] : texts_) {
      for (const char* ending : {"", ".float", ".h5"}) candidates.insert(text + ending);
      candidates.insert(resolve_path(text, beside));
      for (const std::string& folder : folders)
        candidates.insert(fmt::format("{}/{}", folder, text));
    }
    std::vector<std::string> found;
    std::set<std::string> known;
    std::error_code ignored;
    for (const std::string& path : candidates)
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
  void add_card(const std::string& path) {
    try {
      add(load_yaml(path), path);
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
  if (equals == std::string::npos) return;
  try {
    inputs.add(parse_yaml(setting.substr(equals + 1), "--set"), "./command-line");
  } catch (const Error&) {  // said when it is applied
  }
}

/// Everything in the file that we read at all. What it throws, the command meets again.
void read_in_every_way(const std::string& path) {
  const std::function<void()> ways[] = {[&] { read_labelled(path); },
                                        [&] { read_hdf5_matrix(path); },
                                        [&] { read_hdf5_images(path); }};
  for (const auto& read : ways) {
    try {
      read();
    } catch (...) {
    }
  }
}

[[noreturn]] void read_as_child(const std::string& path) {
  if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(0);
  for (const int number : {SIGALRM, SIGINT, SIGTERM}) signal(number, SIG_DFL);
  std::error_code ignored;
  alarm(5 + static_cast<unsigned>(static_cast<double>(fs::file_size(path, ignored)) / 20e6));
  read_in_every_way(path);
  _exit(0);
}

bool survives_reading(const std::string& path) {
  const pid_t child = fork();
  if (child < 0)
    throw Failure("cannot start a process to check an input file (too many processes?)");
  if (child == 0) read_as_child(path);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

std::vector<std::string> hdf5_inputs(const CommandLine& line) {
  Inputs inputs;
  for (const std::string& operand : line.operands) inputs.add(operand, "./command-line");
  for (const auto& [name, value] : line.extra) inputs.add(value, "./command-line");
  inputs.add(line.output, "./command-line");  // a sweep goes on from its own
  for (const std::string& setting : line.settings) add_setting(setting, inputs);
  return inputs.hdf5_files();
}

void refuse_damaged(const std::vector<std::string>& files) {
  for (const std::string& path : files)
    require(survives_reading(path), "'{}' is damaged (the HDF5 library fails on it)", path);
}

}  // namespace lightloom::experiments
