#include "memory/traffic/trace_file.hpp"

#include <cctype>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "core/error.hpp"
#include "memory/traffic/trace_lines.hpp"

namespace lightloom::memory {
namespace {

/// A line as a message can show it.
std::string shown(std::string_view text) {
  std::string copy(text.substr(0, 60));
  for (char& c : copy)
    if (std::isprint(static_cast<unsigned char>(c)) == 0) c = '?';
  return copy + (text.size() > 60 ? "..." : "");
}

/// Without a comment and the blanks around.
std::string_view content(std::string_view line) {
  line = line.substr(0, line.find('#'));
  const auto first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

class TraceFile final : public TraceSource {
 public:
  TraceFile(const std::string& path, const DramCard& card, const TraceOptions& options)
      : name_(path == "-" ? "standard input" : path),
        lines_(card, options),
        file_(path == "-" ? "/dev/stdin" : path) {
    require(file_.is_open() && (path == "-" || !std::filesystem::is_directory(path)),
            "trace '{}' cannot be read (no such file, or no permission)", name_);
    begin();
  }

  bool next(Request& request) override {
    while (used_ == requests_.size()) {
      requests_.clear();
      used_ = 0;
      if (!read_line()) return false;
      take();
    }
    request = requests_[used_++];
    return true;
  }

  TraceFormat format() const override { return lines_.format(); }

 private:
  /// Up to the first request.
  void begin() {
    std::string header;
    while (requests_.empty()) {
      if (!read_line())
        throw Error(fmt::format(
            "trace '{}' holds no request (it is empty, or has nothing but comments)", name_));
      if (header.empty() && is_trace_header(text_)) {
        header = text_;
        continue;
      }
      if (!lines_.recognise(text_))
        throw Error(fmt::format(
            "{}:{}: '{}' is not a request of a format that is recognised (write cycle,address,r or "
            "w; --trace-format takes {})",
            name_, number_, shown(text_),
            fmt::join(trace_format_names().begin() + 1, trace_format_names().end(), ", ")));
      const std::string contradiction = header.empty() ? "" : lines_.contradiction(header);
      if (!contradiction.empty())
        throw Error(fmt::format("{}: '{}' {}", name_, shown(header), contradiction));
      take();
    }
  }

  void take() {
    const std::string wrong = lines_.parse(text_, requests_);
    if (!wrong.empty())
      throw Error(fmt::format("{}:{}: '{}' {}", name_, number_, shown(text_), wrong));
    if (requests_.empty()) return;
    const Cycle arrival = requests_.front().arrival;
    if (arrival < before_)
      throw Error(fmt::format("{}:{}: cycle {} comes after cycle {} (a trace must be in order)",
                              name_, number_, arrival, before_));
    if (arrival > last_arrival)
      throw Error(fmt::format("{}:{}: cycle {} is later than {} (about half an hour of DRAM time)",
                              name_, number_, arrival, last_arrival));
    before_ = arrival;
  }

  /// The next line that holds something, into text_.
  bool read_line() {
    while (std::getline(file_, line_)) {
      if (++number_ == 1) check_start();
      text_ = content(line_);
      if (!text_.empty()) return true;
    }
    require(!file_.bad(), "trace '{}' cannot be read to its end", name_);
    return false;
  }

  void check_start() {
    require(!line_.starts_with("\x1f\x8b"),
            "trace '{}' is compressed (unpack it, for example by zcat into --trace -)", name_);
    require(!line_.starts_with("\xff\xfe") && !line_.starts_with("\xfe\xff"),
            "trace '{}' is written in UTF-16 (write it in UTF-8 or ASCII)", name_);
    if (line_.starts_with("\xef\xbb\xbf")) line_.erase(0, 3);
  }

  std::string name_;
  TraceLines lines_;
  std::ifstream file_;
  std::string line_;
  std::string_view text_;  // of line_
  std::vector<Request> requests_;
  std::size_t used_ = 0;
  std::int64_t number_ = 0;
  Cycle before_ = 0;
};

}  // namespace

std::unique_ptr<TraceSource> open_trace(const std::string& path, const DramCard& card,
                                        const TraceOptions& options) {
  return std::make_unique<TraceFile>(path, card, options);
}

std::vector<Request> read_trace(const std::string& path, const DramCard& card,
                                const TraceOptions& options) {
  const auto source = open_trace(path, card, options);
  std::vector<Request> requests;
  for (Request request; source->next(request);) requests.push_back(request);
  return requests;
}

}  // namespace lightloom::memory
