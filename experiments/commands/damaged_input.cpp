#include "experiments/commands/damaged_input.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <vector>

#include "core/error.hpp"
#include "core/files/hdf5_numbers.hpp"
#include "core/files/labelled.hpp"
#include "core/matrices/hdf5_matrix.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;

/// The numbers of a data set as data sets of images are read.
void read_rows(const std::string& path, const std::string& name) {
  const Hdf5Numbers numbers = open_hdf5_numbers(path, {name});
  std::int64_t row = 1;
  for (std::size_t axis = 1; axis < numbers.shape.size(); ++axis) row *= numbers.shape[axis];
  constexpr std::int64_t most = 1 << 22;
  std::vector<double> rows(static_cast<std::size_t>(std::clamp<std::int64_t>(row, 0, most)));
  for (std::int64_t i = 0; row <= most && i < numbers.shape[0]; ++i) numbers.next(rows);
}

/// Everything in the file that we read at all. What it throws, the command meets again.
void read_in_every_way(const std::string& path) {
  const std::function<void()> ways[] = {
      [&] { read_labelled(path); }, [&] { visit_hdf5_matrices(path); },
      [&] { read_rows(path, "images"); }, [&] { read_rows(path, "labels"); }};
  for (const auto& read : ways) {
    try {
      read();
    } catch (...) {
    }
  }
}

/// Ends a reader that goes round in circles. Time of the processor: slow storage is no damage.
void limit_processor_time(const std::string& path) {
  std::error_code ignored;
  const auto bytes = static_cast<double>(fs::file_size(path, ignored));
  const auto seconds = static_cast<rlim_t>(5 + bytes / 20e6);
  const rlimit limit{.rlim_cur = seconds, .rlim_max = seconds + 5};
  setrlimit(RLIMIT_CPU, &limit);
}

[[noreturn]] void read_as_child(const std::string& path) {
  if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(0);
  for (const int number : {SIGXCPU, SIGINT, SIGTERM}) signal(number, SIG_DFL);
  limit_processor_time(path);
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

void refuse_damaged(const std::vector<std::string>& files) {
  for (const std::string& path : files)
    require(survives_reading(path),
            "'{}' is damaged (the library that reads such files fails on it)", path);
}

}  // namespace lightloom::experiments
