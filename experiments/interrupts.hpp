#pragma once

#include <optional>

#include "core/progress.hpp"

namespace lightloom::experiments {

/// From here on Ctrl-C and SIGTERM ask for an orderly end; a second one ends the process at once.
void watch_for_interrupts();

/// How the program follows its long work: shown on the terminal unless quiet, cancelled by an
/// interrupt that is watched for.
class ProgramProgress : public ProgressSink {
 public:
  enum class Display { terminal, none };
  explicit ProgramProgress(Display display);
  void report(const ProgressReport& report) override;
  [[nodiscard]] bool cancelled() const override;

 private:
  std::optional<TerminalProgress> terminal_;
};

}  // namespace lightloom::experiments
