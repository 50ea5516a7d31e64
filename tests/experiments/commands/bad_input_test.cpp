#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <span>
#include <sstream>

#include "core/files/labelled.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;

void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string read(const std::string& path) {
  std::ostringstream all;
  all << std::ifstream(path, std::ios::binary).rdbuf();
  return all.str();
}

/// A call that must be refused with a sentence that contains `part`. In the arguments HERE is the
/// folder of the test's files and DATA that of the project's cards.
struct Case {
  const char* arguments;
  const char* part;
};

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
    for (const char* name :
         {"train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"})
      write(at(std::string("idx/") + name + "-ubyte.gz"), "no gzip");
  }
  static void TearDownTestSuite() {
    fs::remove_all(*folder_);
    delete folder_;
  }
  static std::string at(const std::string& name) { return *folder_ + "/" + name; }
  static void expect_refused(const Case& bad);
  static void expect_refused(std::span<const Case> table) {
    for (const Case& bad : table) expect_refused(bad);
  }

  static std::string* folder_;
};
std::string* BadInput::folder_ = nullptr;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

/// Exit code 2, the sentence on standard error, nothing on standard output, the results file as it
/// was before.
void BadInput::expect_refused(const Case& bad) {
  const std::string before = read(at("good.h5"));
  const std::string arguments =
      replaced(replaced(bad.arguments, "HERE", *folder_), "DATA", LIGHTLOOM_SOURCE_DIR "/data");
  const Ran ran = run_shell(program() + " " + arguments);
  EXPECT_EQ(ran.code, 2) << arguments << "\n" << ran.errors;
  EXPECT_EQ(ran.output, "") << arguments;
  EXPECT_NE(ran.errors.find(bad.part), std::string::npos)
      << arguments << "\nshould name: " << bad.part << "\nsaid: " << ran.errors;
  EXPECT_EQ(ran.errors.rfind("lightloom: ", 0), 0u) << ran.errors;
  EXPECT_TRUE(read(at("good.h5")) == before) << arguments;
}

TEST_F(BadInput, OnTheCommandLineIsOneSentence) {
  const Case cases[] = {
      {"rnu", "did you mean 'run'?"},
      {"run", "needs a card"},
      {"run a.yaml b.yaml", "'b.yaml'"},
      {"run x.yaml --ouput y", "did you mean '--output'?"},
      {"ratio --model resnet18", "--dataset"},
      {"ratio --model resnet81 --dataset cifar10", "resnet18"},
      {"ratio --model resnet18 --dataset cifar11", "cifar10"},
      {"ratio --model resnet18 --dataset cifar10 --set weights.sorce=dense",
       "did you mean 'source'?"},
      {"ratio --model resnet18 --dataset cifar10 --set weights", "expected key.path=value"},
      {"ratio --model resnet18 --dataset cifar10 --set 'weights={source: multilevl}'",
       "did you mean 'multilevel'?"},
  };
  expect_refused(cases);
}

TEST_F(BadInput, NoCommandWritesOverAFileThatItReads) {
  const std::string card =
      "name: x\nmodel: {name: lenet5}\ndataset: {name: glyphs, train_limit: 20, test_limit: 10}\n"
      "train: {epochs: 0}\nmeasure: [accuracy]\n";
  write(at("own.yaml"), card);
  fs::create_symlink("own.yaml", at("alias.yaml"));
  write(at("unit.csv"), "1,0\n0,1\n");
  write(at("trace.csv"), "0,0,r\n");
  const Case cases[] = {
      {"run HERE/own.yaml --output HERE/own.yaml", "is a file that this command reads"},
      {"run HERE/own.yaml --output HERE/alias.yaml", "is a file that this command reads"},
      {"run HERE/own.yaml --output HERE/o.h5 --report HERE/./own.yaml", "that this command reads"},
      {"run HERE/own.yaml --output HERE/o.h5 --report HERE/./o.h5", "are one file"},
      {"cost HERE/own.yaml --output HERE/own.yaml", "that this command reads"},
      {"train HERE/own.yaml --set weights.file=HERE/good.h5 --output HERE/good.h5",
       "that this command reads"},
      {"train HERE/own.yaml --output HERE/o.h5 --float HERE/own.yaml", "that this command reads"},
      {"inspect HERE/good.h5 --output HERE/good.h5", "that this command reads"},
      {"pack HERE/good.h5 --output HERE/good.h5", "that this command reads"},
      {"decompose HERE/unit.csv --output HERE/unit.csv", "that this command reads"},
      {"memory DATA/memory/ddr4-2400.yaml --trace HERE/trace.csv -o HERE/trace.csv",
       "that this command reads"},
      {"calibrate fit HERE/good.h5 -o HERE/d.yaml --posterior HERE/good.h5",
       "that this command reads"},
  };
  expect_refused(cases);
  EXPECT_EQ(read(at("own.yaml")), card);
  EXPECT_EQ(read(at("unit.csv")), "1,0\n0,1\n");
  EXPECT_EQ(read(at("trace.csv")), "0,0,r\n");
  EXPECT_FALSE(fs::exists(at("o.h5")));
}

TEST_F(BadInput, ACardsNameLeadsNowhereElse) {
  const Case cases[] = {
      {"run DATA/experiments/quickstart.yaml --set name=../outside",
       "cannot be the name of a file"},
      {"run DATA/experiments/quickstart.yaml --set name=.hidden", "cannot be the name of a file"},
      {"sweep DATA/experiments/quickstart.yaml --set name=/tmp/x --set 'sweep={seed: [1]}'",
       "cannot be the name"},
  };
  expect_refused(cases);
}

TEST_F(BadInput, InACardIsNamedWithItsPlace) {
  const Case cases[] = {
      {"cost HERE/missing.yaml", "does not exist"},
      {"cost HERE", "is a folder"},
      {"cost HERE/list.yaml", "list"},
      {"cost HERE/broken.yaml", "broken"},
      {"cost HERE/binary.yaml", "binary"},
      {"cost HERE/circle.yaml", "circle"},
      {"cost HERE/twice.yaml", "twice"},
      {"cost HERE/empty.yaml", "empty"},
      {"cost DATA/experiments/quickstart.yaml --set wieghts.intra=3", "did you mean 'weights'?"},
      {"cost DATA/experiments/quickstart.yaml --set core.colums=3", "did you mean 'columns'?"},
      {"cost DATA/experiments/quickstart.yaml --set batch=0", "'batch' is 0"},
      {"cost DATA/experiments/quickstart.yaml --set batch=two", "must be a whole number"},
      {"cost DATA/experiments/quickstart.yaml --set weights.bits.basis=0", "'weights.bits.basis'"},
      {"cost DATA/experiments/quickstart.yaml --set core.phase_sigma_rad=-1", "phase_sigma_rad"},
      {"cost DATA/experiments/quickstart.yaml --set core.rows=0.5", "'core.rows'"},
      {"cost DATA/experiments/quickstart.yaml --set core=nowhere.yaml", "nowhere.yaml"},
      {"cost DATA/experiments/quickstart.yaml --set model.name=cnn4", "cnn3"},
      {"cost DATA/experiments/quickstart.yaml --set measure=[speed]", "'measure' holds 'speed'"},
      {"cost DATA/experiments/quickstart.yaml --set 'baselines=[{source: interger}]'",
       "did you mean 'integer'?"},
      {"cost DATA/experiments/quickstart.yaml --set batch=0 --set chips=-1", "'chips' is -1"},
      {"cost DATA/experiments/quickstart.yaml --set batch=2 --breakeven bandwith", "bandwidth"},
      {"cost DATA/experiments/quickstart.yaml --gemm 64,512", "--gemm takes M,K,N"},
      {"cost DATA/experiments/quickstart.yaml --gemm 64,512,1e12", "--gemm takes M,K,N"},
      {"cost DATA/experiments/quickstart.yaml --gemm 1,1000000000,1000000", "memory holds"},
      {"cost DATA/experiments/quickstart.yaml --gemm 1,2,3 --layers HERE/rows.csv", "one of them"},
      {"cost DATA/experiments/quickstart.yaml --gemm 1,2,3 --frontier batch", "own network"},
      {"cost DATA/experiments/quickstart.yaml --layers HERE/none.csv", "does not exist"},
      {"cost DATA/experiments/quickstart.yaml --sensitivity digital.opertions_per_ns",
       "did you mean 'digital.operations_per_ns'?"},
      {"cost DATA/experiments/quickstart.yaml --sensitivity core.rows,,batch", "a key is empty"},
      {"cost DATA/experiments/fashion-mnist-grid.yaml --sensitivity", "needs a baseline"},
      {"cost DATA/experiments/quickstart.yaml --layers HERE/rows.csv", "rows.csv:1: what the"},
  };
  expect_refused(cases);
}

TEST_F(BadInput, InADataSetNamesTheScriptThatFetchesIt) {
  const Case cases[] = {
      {"run DATA/experiments/fashion-mnist.yaml --quiet --output HERE/good.h5 --set "
       "dataset.root=HERE/nowhere",
       "data/get-datasets"},
      {"run DATA/experiments/fashion-mnist.yaml --quiet --output HERE/good.h5 --set "
       "dataset.root=HERE/idx",
       "train-images-idx3-ubyte"},
      {"train DATA/experiments/fashion-mnist.yaml --quiet --output HERE/good.h5 --set "
       "dataset.root=HERE/nowhere",
       "data/get-datasets"},
  };
  expect_refused(cases);
}

TEST_F(BadInput, AnOutputThatCannotBeWrittenIsRefusedBeforeTheWork) {
  const Case cases[] = {
      {"run DATA/experiments/quickstart.yaml --quiet --output HERE/no/such/folder.h5", "folder"},
      {"run DATA/experiments/quickstart.yaml --quiet --output HERE", "folder"},
      {"sweep --set 'sweep={batch: [1]}' DATA/experiments/quickstart.yaml --quiet --output "
       "HERE/no/such/folder.h5",
       "folder"},
      {"sweep --set 'sweep={batch: [1]}' DATA/experiments/quickstart.yaml --quiet --output HERE",
       "folder"},
      {"train DATA/experiments/quickstart.yaml --quiet --output HERE/no/such/folder.h5", "folder"},
      {"train DATA/experiments/quickstart.yaml --quiet --output HERE", "folder"},
      {"run DATA/experiments/quickstart.yaml --quiet --output HERE/good.h5 --report "
       "HERE/no/page.html",
       "no/page.html"},
      {"run DATA/experiments/quickstart.yaml --quiet --output HERE/good.h5 --report HERE/good.h5",
       "are one file"},
      {"ratio --model resnet18 --dataset cifar10 --set seed=1 --output HERE/no/ratio.json",
       "folder"},
  };
  expect_refused(cases);
}

TEST_F(BadInput, AResultsFileThatIsNoneOrBrokenIsRefused) {
  const Case cases[] = {
      {"inspect HERE/missing.h5", "does not exist"},
      {"inspect HERE/truncated.h5", "truncated.h5"},
      {"inspect HERE/foreign.h5", "foreign.h5"},
      {"report HERE/missing.h5", "does not exist"},
      {"report HERE/truncated.h5", "truncated.h5"},
      {"report HERE/foreign.h5", "foreign.h5"},
      {"inspect HERE/good.h5 --variable acuracy_chip", "did you mean 'accuracy_chip'?"},
      {"inspect HERE/good.h5 --set a=1", "--set belongs to a card"},
      {"report HERE/good.h5 --output HERE/good.h5", "this command reads"},
  };
  expect_refused(cases);
}

TEST_F(BadInput, AResultsFileOfANewerSchemaIsRefused) {
  const std::string copy = at("newer.h5");
  const std::string script =
      "import h5py; f = h5py.File('" + copy + "', 'r+'); f.attrs.modify('schema_version', 99)";
  const Ran made =
      run_shell("cp " + at("good.h5") + " " + copy + " && /usr/bin/python3 -c \"" + script + "\"");
  if (made.code != 0) GTEST_SKIP() << "python3-h5py is not installed";
  expect_refused({"inspect HERE/newer.h5", "newer"});
  expect_refused({"report HERE/newer.h5", "newer"});
}

TEST_F(BadInput, ASweepIsReadToItsLastPointBeforeTheFirstIsComputed) {
  const Case cases[] = {
      {"sweep DATA/experiments/quickstart.yaml --quiet --output HERE/sweep.h5",
       "no 'sweep' section"},
      {"sweep DATA/experiments/quickstart.yaml --quiet --output HERE/sweep.h5 --set 'sweep={batch: "
       "[1, 2, 0]}'",
       "point 3"},
      {"sweep DATA/experiments/quickstart.yaml --quiet --output HERE/sweep.h5 --set 'sweep={bach: "
       "[1]}'",
       "did you mean 'batch'?"},
      {"sweep DATA/experiments/quickstart.yaml --quiet --output HERE/sweep.h5 --set 'sweep={batch: "
       "3}'",
       "must be a list"},
      {"sweep DATA/experiments/quickstart.yaml --set 'sweep={batch: [1]}' --output HERE/good.h5",
       "no sweep result"},
      {"run DATA/experiments/basis-bits.yaml --output HERE/run.h5", "lightloom sweep"},
  };
  expect_refused(cases);
  EXPECT_FALSE(fs::exists(at("sweep.h5")));
}

TEST_F(BadInput, InAMatrixIsNamed) {
  const Case cases[] = {
      {"decompose HERE/missing.npy", "does not exist"},
      {"decompose HERE/magic.npy", "not a NumPy file"},
      {"decompose HERE/rows.csv", "rows.csv:2"},
      {"decompose HERE/words.csv", "'zero' is not a number"},
      {"decompose HERE/half.csv", "unitary"},
      {"decompose HERE/half.csv --mesh clemnts", "did you mean 'clements'?"},
      {"decompose HERE/unit.csv --convention neurophox --device crossing", "of plain MZI devices"},
      {"decompose HERE/unit.csv --convention strawberryfields-compact", "of compact devices"},
      {"decompose HERE/unit.csv --convention percevel", "did you mean 'perceval'?"},
      {"decompose HERE/half.csv --back", "half.csv"},
      {"decompose HERE/half.csv --back --mesh reck", "--mesh is not for --back"},
  };
  expect_refused(cases);
}

TEST_F(BadInput, ForADeviceOrMemoryIsNamed) {
  const Case cases[] = {
      {"chip DATA/devices/mzi-mesh.yaml --chips 0", "--chips 0"},
      {"chip DATA/devices/mzi-mesh.yaml --set mesh.mods=8", "did you mean 'modes'?"},
      {"chip DATA/devices/mzi-mesh.yaml --limit small", "--limit small"},
      {"chip DATA/devices/mzi-mesh.yaml --limit nan", "--limit nan"},
      {"chip DATA/devices/mzi-mesh.yaml --set mesh.modes=2 --configure by-hand",
       "--configure by-hand"},
      {"chip DATA/devices/mrr-bank.yaml --set rows=2 --configure nulling", "mrr-bank"},
      {"chip DATA/devices/mrr-bank.yaml --targets gaussian", "uniform, normal, ternary, N-bit"},
      {"chip DATA/devices/mrr-bank.yaml --targets 17-bit", "1-bit to 16-bit"},
      {"chip DATA/devices/mrr-bank.yaml --targets none.npy", "none.npy"},
      {"chip DATA/devices/mzi-mesh.yaml --set mesh.modes=2 --targets ternary", "mzi-mesh"},
      {"chip DATA/devices/mzi-mesh.yaml --set kind=mzi-mess", "did you mean 'mzi-mesh'?"},
      {"chip DATA/devices/mzi-mesh.yaml --set mesh.modes=2 --enob 99", "--enob 99"},
      {"chip DATA/devices/mrr-bank.yaml --set output_adc.bits=0 --set output_adc.inl_lsb=1",
       "ideal converter"},
      {"chip DATA/devices/mrr-bank.yaml --set input_coding=bit_seral",
       "did you mean 'bit_serial'?"},
      {"chip DATA/devices/mzi-mesh.yaml --set read_phases=4", "not read apart"},
      {"chip DATA/devices/ideal.yaml --set input_coding=pulses", "input_dac.bits is 0"},
      {"chip DATA/devices/mrr-bank.yaml --set precision.table=[]", "missing or empty"},
      {"cost DATA/experiments/quickstart.yaml --set generator.photonic.bank.read_phases=2",
       "sends whole levels"},
      {"cost DATA/experiments/quickstart.yaml --set "
       "generator.photonic.bank.input_range=least_error",
       "sends whole levels"},
      {"cost DATA/experiments/quickstart.yaml --set "
       "generator.photonic.bank.weight_scales=output",
       "sends whole levels"},
      {"cost DATA/experiments/quickstart.yaml --set generator.photonic.scales=row",
       "layer, output"},
      {"memory DATA/memory/ddr4-2400.yaml", "--pattern"},
      {"memory DATA/memory/ddr4-2400.yaml --pattern random", "rand_rd"},
      {"memory DATA/memory/ddr4-2400.yaml --trace HERE/backwards.csv", "backwards.csv"},
  };
  expect_refused(cases);
}

}  // namespace
}  // namespace lightloom::experiments
