#include <fmt/format.h>
#include <malloc.h>
#include <omp.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>

#include "calibration/product_errors_file.hpp"
#include "core/all_processors.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/letters.hpp"
#include "experiments/commands/commands.hpp"
#include "experiments/commands/damaged_input.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/interrupts.hpp"
#ifdef LIGHTLOOM_HAS_MPI
#include "experiments/mpi/open_mpi.hpp"
#endif
#include "experiments/ranks/crew.hpp"
#include "experiments/ranks/mpi_ranks.hpp"
#include "experiments/results/files/build_info.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/shown.hpp"

namespace {

using namespace lightloom;
using namespace lightloom::experiments;

void write(std::FILE* file, const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), file) != text.size() || std::fflush(file) != 0)
    throw Failure("standard output cannot be written (a closed pipe or a full disk?)");
}

std::string json_text(const Shown& result) {
  return result.json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void print(const Shown& result, bool json) {
  const std::string text = visible_text(result.text);
  if (!json) return write(stdout, text);
  write(stderr, text);
  write(stdout, json_text(result));
}

/// As many threads as asked for (0: all), and never more than OpenMP will give: where a site sets
/// OMP_THREAD_LIMIT or OMP_DYNAMIC, oneDNN would wait for the rest for ever.
void take_threads(int asked) {
  omp_set_dynamic(0);
  if (omp_get_max_active_levels() < 1) omp_set_max_active_levels(1);
  const int wanted = asked > 0 ? asked : omp_get_max_threads();
  omp_set_num_threads(std::min(wanted, omp_get_thread_limit()));
}

/// Freed memory stays with the process, up to the bounds that glibc comes to by itself once a block
/// of 32 MB has been freed. Studies free and ask for some megabytes at every point, and clearing
/// fresh pages for them would take a tenth of their time.
void keep_freed_memory() {
#ifdef M_MMAP_THRESHOLD
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}

void execute(const std::vector<std::string>& words) {
  if (const std::string text = general_help(words); !text.empty()) return write(stdout, text);
  if (words[0] == "--version")
    return write(stdout, fmt::format("lightloom {} ({})\n", build_info().version,
                                     build_info().git_revision));
  const CalledCommand called = find_command(words);
  const Command& command = *called.command;
  const CommandLine line = read_arguments(called);
  if (line.help) return write(stdout, help(command));
  take_threads(line.threads);
  const bool keep_json = command.endings.empty() && !line.output.empty();
  require_outputs(line, line.outputs());
  require_endings(command, line);
  refuse_damaged(hdf5_inputs(line));
  if (command.beforehand != nullptr && !line.quiet)
    for (const std::string& sentence : command.beforehand(line))
      write(stderr, "note: " + visible_text(sentence) + "\n");
  if (command.ends_when_asked) watch_for_interrupts();
  using enum ProgramProgress::Display;
  ProgramProgress progress(line.quiet ? none : terminal);
  const Shown result = command.run(line, progress);
  if (keep_json) write_file(line.output, json_text(result));
  print(result, line.json);
}

int complain(const char* message, int code) {
  std::fputs(fmt::format("lightloom: {}\n", visible_text(message)).c_str(), stderr);
  return code;
}

/// Where a site limits the size of files (ulimit -f), writing fails with a reason, instead of the
/// signal that would end the program within a file.
void meet_limits_of_files_as_errors() { std::signal(SIGXFSZ, SIG_IGN); }

/// libgomp's idle threads spin for milliseconds unless told otherwise; two runs on the same cores
/// would then slow each other tenfold. It reads its settings before main, hence the second start.
/// What the user has set stands; where the program cannot be
/// started again it simply goes on.
void keep_idle_threads_from_spinning(char** arguments) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  const AllProcessors unbound;
  if (setenv("GOMP_SPINCOUNT", "1000", 1) == 0)  // some 50 us
    execv("/proc/self/exe", arguments);          // on failure the program goes on
}

int run(const std::vector<std::string>& words) {
  try {
    execute(words);
    return 0;
  } catch (const lightloom::Error& error) {
    return complain(error.what(), 2);
  } catch (const std::bad_alloc&) {
    return complain("not enough memory (a smaller batch or network needs less)", 1);
  } catch (const std::exception& error) {
    return complain(error.what(), 1);
  }
}

}  // namespace

int main(int count, char** arguments) {
  keep_idle_threads_from_spinning(arguments);
  keep_freed_memory();
  meet_limits_of_files_as_errors();
  lightloom::calibration::read_measured_products();
#ifdef LIGHTLOOM_HAS_MPI
  offer_mpi(open_mpi_ranks);
#endif
  const int code = run({arguments + 1, arguments + count});
  if (!work_left_behind()) return code;
  std::fflush(nullptr);
  std::_Exit(code);
}
