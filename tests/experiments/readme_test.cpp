// The README as a user follows it: every command line of its code blocks runs, in order, in a
// folder that looks like a fresh clone. In front of a block, comments that readers do not see say
// what else holds:
//   <!-- not run: why -->     it needs the network, root or hours
//   <!-- slow: why -->        it takes minutes, so only the slow test runs it
//   <!-- text of FILE -->     it shows this file
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;

const std::string root = LIGHTLOOM_SOURCE_DIR;

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// A code block with the comment in front of it.
struct Block {
  std::string language, text, comment;
  int line = 0;

  [[nodiscard]] bool says(const std::string& word) const {
    return comment.starts_with("<!-- " + word);
  }
};

std::vector<Block> blocks_of(const std::string& page) {
  std::vector<Block> blocks;
  std::istringstream lines(page);
  std::string comment;
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      blocks.back().text += line + "\n";
    } else if (line.starts_with("```")) {
      blocks.push_back({line.substr(3), "", comment, number});
      inside = true;
      comment.clear();
    } else if (line.starts_with("<!-- ")) {
      comment = line;
    } else if (!line.empty()) {
      comment.clear();
    }
  }
  return blocks;
}

/// A folder with the cards of a clone, and the program where the README's build puts it.
std::string fresh_clone() {
  std::string folder = scratch_folder("readme");
  fs::create_directory_symlink(root + "/data", folder + "/data");
  fs::create_directories(folder + "/build/release");
  fs::create_directory_symlink(fs::path(program()).parent_path(),
                               folder + "/build/release/experiments");
  return folder;
}

/// A shell script that ends at the first line that fails, naming it.
std::string script_of(const Block& block) {
  std::istringstream lines(block.text);
  std::string script, command;
  int number = block.line;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    command += line;
    if (command.ends_with('\\')) {
      command.back() = ' ';
      continue;
    }
    if (!command.empty())
      script += fmt::format("{}\n[ $? -eq 0 ] || {{ echo 'README.md:{} fails' >&2; exit 1; }}\n",
                            command, number);
    command.clear();
  }
  return script;
}

enum class Which { quick, all };

void run_blocks(Which which) {
  const std::string folder = fresh_clone();
  std::string script = "cd " + folder + "\n";
  int count = 0;
  for (const Block& block : blocks_of(text_of(root + "/README.md"))) {
    if (block.says("not run:") || (which == Which::quick && block.says("slow:"))) continue;
    if (block.language == "sh") script += script_of(block), ++count;
    if (block.language == "python" && which == Which::all)  // draws what a slow block has swept
      script +=
          fmt::format("MPLBACKEND=Agg /usr/bin/python3 <<'END' || exit 1\n{}END\n", block.text);
  }
  ASSERT_GT(count, 2) << "README.md has hardly any block to run";
  std::ofstream(folder + "/script.sh") << script;
  const Ran ran = run_shell("bash " + folder + "/script.sh");
  EXPECT_EQ(ran.code, 0) << ran.errors << "\n" << ran.output;
  fs::remove_all(folder);
}

TEST(Readme, EveryQuickCommandLineRuns) { run_blocks(Which::quick); }

TEST(SlowReadme, EveryCommandLineRuns) { run_blocks(Which::all); }

TEST(Readme, BlocksThatShowAFileShowItAsItIs) {
  int count = 0;
  for (const Block& block : blocks_of(text_of(root + "/README.md"))) {
    if (!block.says("text of ")) continue;
    ++count;
    const std::string name = block.comment.substr(13, block.comment.find(" -->") - 13);
    EXPECT_EQ(block.text, text_of(fmt::format("{}/{}", root, name))) << name;
  }
  EXPECT_GT(count, 0);
}

TEST(Readme, ABlockThatNamesNoLanguageOrAnUnknownOneIsNotForgotten) {
  for (const Block& block : blocks_of(text_of(root + "/README.md")))
    EXPECT_TRUE(block.language == "sh" || block.language == "yaml" || block.language == "python" ||
                block.language == "cpp" || block.language == "text")
        << "README.md:" << block.line << ": '" << block.language << "'";
}

TEST(DecomposePage, ItsSettingsOfSomebodyElseComeBackAsTheirMatrix) {
  const std::vector<Block> blocks = blocks_of(text_of(root + "/docs/use/decompose.md"));
  const auto python = std::find_if(blocks.begin(), blocks.end(),
                                   [](const Block& block) { return block.language == "python"; });
  ASSERT_NE(python, blocks.end());
  const std::string folder = scratch_folder("theirs");
  std::ofstream(folder + "/theirs.py") << python->text;
  if (run_shell("/usr/bin/python3 -c 'import h5py'").code != 0)
    GTEST_SKIP() << "python3-h5py is not installed";
  const Ran ran = run_shell(
      fmt::format("cd {} && /usr/bin/python3 theirs.py && {} decompose --back theirs.h5 --output "
                  "u.csv",
                  folder, program()));
  ASSERT_EQ(ran.code, 0) << ran.errors;
  // The page's devices on the modes (0, 1), (1, 2), (0, 1), multiplied out: row 1 of the result.
  using Complex = std::complex<double>;
  const double c1 = std::cos(0.4), s1 = std::sin(0.4), c2 = std::cos(1.1), c3 = std::cos(0.7),
               s3 = std::sin(0.7), s2 = std::sin(1.1);
  const Complex e1 = std::polar(1.0, 1.0), e2 = std::polar(1.0, -0.5), e3 = std::polar(1.0, 2.0);
  // After the first two: top (e1 c1, -s1, 0), middle e2 c2 (e1 s1, c1) and -s2 of the third.
  const Complex row[] = {e3 * s3 * e1 * c1 + c3 * e2 * c2 * e1 * s1,
                         -e3 * s3 * s1 + c3 * e2 * c2 * c1, -c3 * s2};
  std::ifstream file(folder + "/u.csv");
  std::string line;
  std::getline(file, line);
  for (const Complex& element : row) {
    double real = 0, imaginary = 0;
    char unit = 0, separator = 0;
    file >> real >> imaginary >> unit;
    file.get(separator);
    EXPECT_LT(std::abs(Complex(real, imaginary) - std::polar(1.0, 0.2) * element), 1e-14);
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace lightloom::experiments
