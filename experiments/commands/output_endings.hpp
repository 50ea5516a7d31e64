#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lightloom::experiments {

struct Command;
struct CommandLine;

// Endings of the files that commands write; the ending tells the format. A word without a dot
// stands for no file.
using Endings = std::vector<std::string>;
inline const Endings json_endings{".json"};
inline const Endings results_endings{".h5", ".hdf5", ".nc"};
inline const Endings weight_endings{".h5", ".hdf5", ".safetensors"};
inline const Endings card_endings{".yaml", ".yml"};
inline const Endings page_endings{".html", ".htm"};
inline const Endings page_or_none{".html", ".htm", "none"};
inline const Endings settings_endings{".h5", ".hdf5"};
inline const Endings export_endings{".csv", ".json", ".npy", ".nc", ".h5", ".hdf5"};
inline const Endings matrix_endings{".h5", ".hdf5", ".npy", ".csv", ".txt"};

/// What --output of the command may end in: its own endings, else those of the JSON object.
const Endings& output_endings(const Command& command);

/// "a, b or c" of words in that order.
std::string either(const std::vector<std::string>& words);

/// Throws `Error` unless `file` ends as one of them does, is a pipe or device, or has a name that
/// speaks of no format at all where one alone can be written. `who` begins the sentence: "lightloom
/// run --output".
void require_ending(std::string_view who, const std::string& file, const Endings& endings);

/// The same of all files that the line names for the command to write.
void require_endings(const Command& command, const CommandLine& line);

}  // namespace lightloom::experiments
