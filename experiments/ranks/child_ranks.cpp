#include "experiments/ranks/child_ranks.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/all_processors.hpp"
#include "core/error.hpp"

extern char** environ;

namespace lightloom::experiments {
namespace {

/// Whether a setting binds threads to processors: every child would take the first ones.
bool binds_threads(std::string_view setting) {
  return setting.starts_with("OMP_PROC_BIND=") || setting.starts_with("OMP_PLACES=") ||
         setting.starts_with("GOMP_CPU_AFFINITY=");
}

constexpr const char* variable = "LIGHTLOOM_JOB";  // "2/4": this child's number and their count
constexpr int childs_end = 3;                      // where a child finds its socket

/// Bytes in frames of their length and themselves over a socket.
class Way {
 public:
  explicit Way(int socket) : socket_(socket) {}
  ~Way() { close(); }
  Way(Way&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), received_(std::move(other.received_)) {}
  Way& operator=(Way&&) = delete;

  [[nodiscard]] int socket() const { return socket_; }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  void send(const std::string& bytes) {
    const std::uint64_t size = bytes.size();
    std::string frame(sizeof size, '\0');
    std::memcpy(frame.data(), &size, sizeof size);
    frame += bytes;
    for (std::size_t done = 0; socket_ >= 0 && done < frame.size();) {
      const ssize_t sent = ::send(socket_, frame.data() + done, frame.size() - done, MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return close();
      done += static_cast<std::size_t>(sent);
    }
  }

  /// Takes what has come.
  void read() {
    std::array<char, 1 << 16> part;
    const ssize_t count = recv(socket_, part.data(), part.size(), MSG_DONTWAIT);
    if (count > 0)
      received_.append(part.data(), static_cast<std::size_t>(count));
    else if (count == 0 || (errno != EINTR && errno != EAGAIN))
      close();
  }

  std::optional<std::string> next_frame() {
    std::uint64_t size = 0;
    if (received_.size() < sizeof size) return std::nullopt;
    std::memcpy(&size, received_.data(), sizeof size);
    if (received_.size() - sizeof size < size) return std::nullopt;
    std::string frame = received_.substr(sizeof size, size);
    received_.erase(0, sizeof size + size);
    return frame;
  }

 private:
  int socket_;
  std::string received_;
};

/// Ways to some of the processes, in order of `ranks`.
class SocketRanks : public Ranks {
 public:
  SocketRanks(int own, int count)
      : own_(own), count_(count), call_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~SocketRanks() override {
    if (call_ >= 0) ::close(call_);
  }
  SocketRanks(const SocketRanks&) = delete;
  SocketRanks& operator=(const SocketRanks&) = delete;
  [[nodiscard]] int own() const override { return own_; }
  [[nodiscard]] int count() const override { return count_; }
  [[nodiscard]] bool closed(int rank) const override {
    const Way* way = way_to(rank);
    return way == nullptr || way->socket() < 0;
  }
  void send(int to, std::string bytes) override {
    if (!closed(to)) const_cast<Way*>(way_to(to))->send(bytes);
  }
  std::optional<Message> receive(std::chrono::microseconds wait) override {
    if (auto message = received()) return message;
    std::vector<pollfd> open{{.fd = call_, .events = POLLIN, .revents = 0}};
    for (const Way& way : ways_)
      if (way.socket() >= 0) open.push_back({.fd = way.socket(), .events = POLLIN, .revents = 0});
    const int milliseconds =
        static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
    if (poll(open.data(), open.size(), milliseconds) <= 0) return std::nullopt;
    eventfd_t calls = 0;
    eventfd_read(call_, &calls);
    for (std::size_t i = 0, k = 1; i < ways_.size(); ++i)
      if (ways_[i].socket() >= 0 && open[k++].revents != 0) ways_[i].read();
    return received();
  }
  void wake() override { eventfd_write(call_, 1); }

 protected:
  std::vector<int> ranks_;
  std::vector<Way> ways_;

 private:
  [[nodiscard]] const Way* way_to(int rank) const {
    for (std::size_t i = 0; i < ranks_.size(); ++i)
      if (ranks_[i] == rank) return &ways_[i];
    return nullptr;
  }
  std::optional<Message> received() {
    for (std::size_t i = 0; i < ways_.size(); ++i)
      if (auto frame = ways_[i].next_frame())
        return Message{.from = ranks_[i], .bytes = std::move(*frame)};
    return std::nullopt;
  }

  int own_, count_, call_;
};

/// This process's command line, as words.
std::vector<std::string> own_words() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  return words;
}

class Parent final : public SocketRanks {
 public:
  explicit Parent(int count) : SocketRanks(0, count) {
    for (int rank = 1; rank < count; ++rank) start(rank);
  }
  /// A child ends when its way is closed; one that does not within seconds is ended.
  ~Parent() override {
    ways_.clear();
    for (const pid_t child : children_) {
      int tries = 0;
      while (waitpid(child, nullptr, WNOHANG) == 0 && ++tries < 500)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      if (tries < 500) continue;
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
  }
  Parent(const Parent&) = delete;
  Parent& operator=(const Parent&) = delete;

 private:
  void start(int rank) {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
      throw Failure(fmt::format("no way to another process ({})", std::strerror(errno)));
    ways_.emplace_back(ends[0]);
    ranks_.push_back(rank);
    const Way other(ends[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], childs_end);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    std::vector<std::string> words = own_words(), settings;
    for (char** one = environ; *one != nullptr; ++one)
      if (!binds_threads(*one)) settings.emplace_back(*one);
    settings.push_back(fmt::format("{}={}/{}", variable, rank, count()));
    pid_t child = 0;
    const AllProcessors unbound;
    const int problem = posix_spawn(&child, "/proc/self/exe", &actions, nullptr,
                                    pointers(words).data(), pointers(settings).data());
    posix_spawn_file_actions_destroy(&actions);
    if (problem != 0)
      throw Failure(fmt::format("process {} cannot be started ({})", rank, std::strerror(problem)));
    children_.push_back(child);
  }
  static std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (std::string& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
  }

  std::vector<pid_t> children_;
};

class Child final : public SocketRanks {
 public:
  Child(int own, int count) : SocketRanks(own, count) {
    fcntl(childs_end, F_SETFD, FD_CLOEXEC);
    ranks_.push_back(0);
    ways_.emplace_back(childs_end);
  }
};

}  // namespace

std::unique_ptr<Ranks> start_children(int count) { return std::make_unique<Parent>(count); }

bool is_child() { return std::getenv(variable) != nullptr; }

std::unique_ptr<Ranks> ranks_of_child() {
  int own = 0, count = 0;
  const char* text = std::getenv(variable);
  int type = 0;
  socklen_t size = sizeof type;
  require(text != nullptr && std::sscanf(text, "%d/%d", &own, &count) == 2 && own > 0 &&
              own < count && getsockopt(childs_end, SOL_SOCKET, SO_TYPE, &type, &size) == 0,
          "{} is set, which the program sets by itself for the processes of --jobs (unset it)",
          variable);
  return std::make_unique<Child>(own, count);
}

}  // namespace lightloom::experiments
