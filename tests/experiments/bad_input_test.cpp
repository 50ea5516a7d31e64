#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/labelled.hpp"
#include "example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;

const std::string cards = LIGHTLOOM_SOURCE_DIR "/data/experiments/";
const std::string devices = LIGHTLOOM_SOURCE_DIR "/data/devices/";
const std::string memories = LIGHTLOOM_SOURCE_DIR "/data/memory/";

void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string read(const std::string& path) {
  std::ostringstream all;
  all << std::ifstream(path, std::ios::binary).rdbuf();
  return all.str();
}

/// A folder with files that are wrong in one way each, and one results file that must survive.
class BadInput : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new std::string(scratch_folder("bad-input"));
    write(at("empty.yaml"), "");
    write(at("list.yaml"), "[1, 2]");
    write(at("broken.yaml"), "name: [unclosed");
    write(at("binary.yaml"), std::string("name: x\0y", 9));
    write(at("circle.yaml"), "core: circle.yaml");
    write(at("twice.yaml"), "name: a\nname: b");
    write_labelled(at("good.h5"), example_run(2));
    const std::string whole = read(at("good.h5"));
    write(at("truncated.h5"), whole.substr(0, whole.size() / 2));
    write(at("foreign.h5"), "this is no HDF5 file");
    write(at("rows.csv"), "1,0\n0\n");
    write(at("words.csv"), "1,zero\n0,1\n");
    write(at("half.csv"), "0.5,0\n0,0.5\n");
    write(at("magic.npy"), "no numpy");
    write(at("backwards.csv"), "5,0,r\n4,64,r\n");
    fs::create_directory(at("idx"));
    write(at("idx/train-images-idx3-ubyte.gz"), "no gzip");
  }
  static void TearDownTestSuite() {
    fs::remove_all(*folder_);
    delete folder_;
  }
  static std::string at(const std::string& name) { return *folder_ + "/" + name; }

  static std::string* folder_;
};
std::string* BadInput::folder_ = nullptr;

/// Exit code 2, `part` in the sentence, nothing on standard output, the output file as it was
/// before.
void expect_refused(const std::string& arguments, const std::string& part,
                    const std::string& output = "") {
  const std::string before = output.empty() ? "" : read(output);
  const Ran ran = run_shell(program() + " " + arguments);
  EXPECT_EQ(ran.code, 2) << arguments << "\n" << ran.errors;
  EXPECT_EQ(ran.output, "") << arguments;
  EXPECT_NE(ran.errors.find(part), std::string::npos)
      << arguments << "\nshould name: " << part << "\nsaid: " << ran.errors;
  EXPECT_EQ(ran.errors.rfind("lightloom: ", 0), 0u) << ran.errors;
  if (!output.empty()) {
    EXPECT_EQ(read(output), before) << arguments;
  }
}

TEST_F(BadInput, OnTheCommandLineIsOneSentence) {
  expect_refused("rnu", "did you mean 'run'?");
  expect_refused("run", "needs a card");
  expect_refused("run a.yaml b.yaml", "'b.yaml'");
  expect_refused("run x.yaml --ouput y", "did you mean '--output'?");
  expect_refused("ratio --model resnet18", "--dataset");
  expect_refused("ratio --model resnet81 --dataset cifar10", "resnet18");
  expect_refused("ratio --model resnet18 --dataset cifar11", "cifar10");
  expect_refused("ratio --model resnet18 --dataset cifar10 --set weights.sorce=dense",
                 "did you mean 'source'?");
  expect_refused("ratio --model resnet18 --dataset cifar10 --set weights",
                 "expected key.path=value");
  expect_refused("ratio --model resnet18 --dataset cifar10 --set 'weights={source: multilevl}'",
                 "did you mean 'multilevel'?");
}

TEST_F(BadInput, InACardIsNamedWithItsPlace) {
  expect_refused("cost " + at("missing.yaml"), "does not exist");
  expect_refused("cost " + at(""), "is a folder");
  for (const char* name :
       {"empty.yaml", "list.yaml", "broken.yaml", "binary.yaml", "circle.yaml", "twice.yaml"})
    expect_refused("cost " + at(name), name);
  const std::string card = cards + "quickstart.yaml";
  expect_refused("cost " + card + " --set wieghts.intra=3", "did you mean 'weights'?");
  expect_refused("cost " + card + " --set core.colums=3", "did you mean 'columns'?");
  expect_refused("cost " + card + " --set batch=0", "'batch' is 0");
  expect_refused("cost " + card + " --set batch=two", "must be a whole number");
  expect_refused("cost " + card + " --set weights.bits.basis=0", "'weights.bits.basis'");
  expect_refused("cost " + card + " --set core.phase_sigma_rad=-1", "phase_sigma_rad");
  expect_refused("cost " + card + " --set core.rows=0.5", "'core.rows'");
  expect_refused("cost " + card + " --set core=nowhere.yaml", "nowhere.yaml");
  expect_refused("cost " + card + " --set model.name=cnn4", "cnn3");
  expect_refused("cost " + card + " --set measure=[speed]", "'measure' holds 'speed'");
  expect_refused("cost " + card + " --set 'baselines=[{source: interger}]'",
                 "did you mean 'integer'?");
  expect_refused("cost " + card + " --set batch=0 --set chips=-1", "'chips' is -1");
}

TEST_F(BadInput, InADataSetNamesTheScriptThatFetchesIt) {
  const std::string card = cards + "fashion-mnist.yaml --quiet --output " + at("good.h5");
  expect_refused("run " + card + " --set dataset.root=" + at("nowhere"), "data/get-datasets",
                 at("good.h5"));
  expect_refused("run " + card + " --set dataset.root=" + at("idx"), "train-images-idx3-ubyte",
                 at("good.h5"));
  expect_refused("train " + card + " --set dataset.root=" + at("nowhere"), "data/get-datasets",
                 at("good.h5"));
}

TEST_F(BadInput, AnOutputThatCannotBeWrittenIsRefusedBeforeTheWork) {
  const std::string card = cards + "quickstart.yaml --quiet --output ";
  for (const char* command : {"run ", "sweep --set 'sweep={batch: [1]}' ", "train "}) {
    expect_refused(command + card + at("no/such/folder.h5"), "folder");
    expect_refused(command + card + *folder_, "folder");
  }
  expect_refused("run " + card + at("good.h5") + " --report " + at("no/page.html"), "no/page.html",
                 at("good.h5"));
  expect_refused("run " + card + at("good.h5") + " --report " + at("good.h5"), "same file",
                 at("good.h5"));
}

TEST_F(BadInput, AResultsFileThatIsNoneOrBrokenIsRefused) {
  for (const char* command : {"inspect ", "report "}) {
    expect_refused(command + at("missing.h5"), "does not exist");
    expect_refused(command + at("truncated.h5"), "truncated.h5");
    expect_refused(command + at("foreign.h5"), "foreign.h5");
  }
  expect_refused("inspect " + at("good.h5") + " --variable acuracy_chip",
                 "did you mean 'accuracy_chip'?");
  expect_refused("report " + at("good.h5") + " --output " + at("good.h5"), "itself", at("good.h5"));
}

TEST_F(BadInput, AResultsFileOfANewerSchemaIsRefused) {
  const Ran made =
      run_shell(fmt::format("cp {0} {1} && /usr/bin/python3 -c \"import h5py; f = h5py.File('{1}', "
                            "'r+'); f.attrs.modify('schema_version', 99)\"",
                            at("good.h5"), at("newer.h5")));
  if (made.code != 0) GTEST_SKIP() << "python3-h5py is not installed";
  for (const char* command : {"inspect ", "report "})
    expect_refused(command + at("newer.h5"), "newer");
}

TEST_F(BadInput, ASweepIsReadToItsLastPointBeforeTheFirstIsComputed) {
  const std::string card = "sweep " + cards + "quickstart.yaml --quiet --output " + at("sweep.h5");
  expect_refused(card, "no 'sweep' section");
  expect_refused(card + " --set 'sweep={batch: [1, 2, 0]}'", "point 3");
  expect_refused(card + " --set 'sweep={bach: [1]}'", "did you mean 'batch'?");
  expect_refused(card + " --set 'sweep={batch: 3}'", "must be a list");
  EXPECT_FALSE(fs::exists(at("sweep.h5")));
  expect_refused(
      "sweep " + cards + "quickstart.yaml --set 'sweep={batch: [1]}' --output " + at("good.h5"),
      "no sweep result", at("good.h5"));
}

TEST_F(BadInput, InAMatrixIsNamed) {
  expect_refused("decompose " + at("missing.npy"), "does not exist");
  expect_refused("decompose " + at("magic.npy"), "not a NumPy file");
  expect_refused("decompose " + at("rows.csv"), "rows.csv:2");
  expect_refused("decompose " + at("words.csv"), "'zero' is not a number");
  expect_refused("decompose " + at("half.csv"), "unitary");
  expect_refused("decompose " + at("half.csv") + " --mesh clemnts", "did you mean 'clements'?");
}

TEST_F(BadInput, ForADeviceOrMemoryIsNamed) {
  expect_refused("chip " + devices + "mzi-mesh.yaml --chips 0", "--chips 0");
  expect_refused("chip " + devices + "mzi-mesh.yaml --set mesh.mods=8", "did you mean 'modes'?");
  expect_refused("memory " + memories + "ddr4-2400.yaml", "--pattern");
  expect_refused("memory " + memories + "ddr4-2400.yaml --pattern random", "rand_rd");
  expect_refused("memory " + memories + "ddr4-2400.yaml --trace " + at("backwards.csv"),
                 "backwards.csv");
}

}  // namespace
}  // namespace lightloom::experiments
