#include "experiments/commands/output_endings.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include "core/error.hpp"
#include "experiments/commands/command.hpp"

namespace lightloom::experiments {
namespace {

/// Bytes that go through a pipe or device have no name of their own.
bool goes_through(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored);
}

bool ends_so(const std::string& file, const std::string& ending) {
  return ending.starts_with('.') ? file.size() > ending.size() && file.ends_with(ending)
                                 : file == ending;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char letter) { return std::tolower(letter); });
  return text;
}

/// Formats that people ask for by an ending, ours and others.
bool is_format(const std::string& ending) {
  static const std::set<std::string> known{
      ".arrow", ".csv",  ".feather", ".gz",      ".h5",  ".hdf5",        ".htm", ".html", ".ipynb",
      ".jpg",   ".json", ".llw",     ".mat",     ".md",  ".nc",          ".npy", ".npz",  ".onnx",
      ".pdf",   ".pkl",  ".png",     ".parquet", ".pt",  ".safetensors", ".pth", ".svg",  ".toml",
      ".tsv",   ".txt",  ".xls",     ".xlsx",    ".xml", ".yaml",        ".yml", ".zarr", ".zip"};
  return known.contains(ending);
}

bool is_one_format(const Endings& endings) {
  return endings == json_endings || endings == results_endings || endings == card_endings ||
         endings == page_endings || endings == settings_endings;
}

/// "fit" or "run.out" where nothing but one format can be meant; "fit.PDF" speaks of another.
bool speaks_of_none(const std::string& file, const Endings& endings) {
  const std::filesystem::path name = std::filesystem::path(file).filename();
  if (!is_one_format(endings) || name.empty() || name.native().starts_with('.') ||
      file.starts_with("/dev/"))  // a device that is not there
    return false;
  const std::string ending = lower(name.extension().string());
  return !is_format(ending) || std::ranges::find(endings, ending) != endings.end();
}

/// What to do instead where the results of one command are the input of `export`.
std::string advice(const std::string& file, const Endings& endings) {
  if (endings == export_endings && file.ends_with(".parquet"))
    return "; Debian 12 has no library that writes Parquet (pandas makes it of the .csv)";
  if (endings == results_endings) return "; `lightloom export` makes other formats of results";
  return endings == json_endings ? "; it is the object that --json prints" : "";
}

}  // namespace

const Endings& output_endings(const Command& command) {
  return command.endings.empty() ? json_endings : command.endings;
}

std::string either(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
  return text;
}

void require_ending(std::string_view who, const std::string& file, const Endings& endings) {
  const auto fits = [&](const std::string& ending) { return ends_so(file, ending); };
  require(goes_through(file) || std::any_of(endings.begin(), endings.end(), fits) ||
              speaks_of_none(file, endings),
          "{} {}: the name's ending says what is written, and here it can be {}{}", who, file,
          either(endings), advice(file, endings));
}

void require_endings(const Command& command, const CommandLine& line) {
  const std::string who = "lightloom " + command.name;
  if (!line.output.empty()) require_ending(who + " --output", line.output, output_endings(command));
  for (const CommandOption& option : command.options)
    if (const std::string name = long_name(option); line.writes(name) && line.has(name))
      require_ending(fmt::format("{} --{}", who, name), line.value(name), option.endings);
}

}  // namespace lightloom::experiments
