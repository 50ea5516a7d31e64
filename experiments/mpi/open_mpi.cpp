#include "experiments/mpi/open_mpi.hpp"

#define OMPI_SKIP_MPICXX  // its own, withdrawn names in C++
#define MPICH_SKIP_MPICXX
#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <list>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace lightloom::experiments {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int of_crew = 0, of_places = 1;  // tags
// MPI_Iprobe would spin by itself. After a message the next is near; later a core has better to do.
constexpr Clock::duration shortest_nap = 300us, longest_nap = 5ms;
constexpr auto between_looks = 50ms;  // at the processes of this machine
constexpr auto for_sends = 2s;        // at the end; a process that was killed takes none

void check(int status, const char* what) {
  if (status != MPI_SUCCESS) throw Failure(fmt::format("MPI cannot {} (code {})", what, status));
}

/// Of processes that know one another's numbers: the running system and the space of its numbers;
/// "" where the system does not say.
std::string own_place() {
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
  std::array<char, 64> space{};
  const ssize_t size = readlink("/proc/self/ns/pid", space.data(), space.size());
  if (boot.empty() || size <= 0) return "";
  return boot + " " + std::string(space.data(), static_cast<std::size_t>(size));
}

class MpiRanks final : public Ranks {
 public:
  MpiRanks() : place_(own_place()) {
    // MPI_Finalize would begin with a fence, in which the others wait for ever for a process that
    // was killed. A crew takes leave by itself, so nobody ends before what it said has been heard.
    setenv("OMPI_MCA_async_mpi_finalize", "1", 0);
    int given = 0;
    check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &given), "begin");
    if (given < MPI_THREAD_FUNNELED) throw Failure("this MPI allows no threads beside its own");
    // A process that has ended is no reason to end the others, where mpirun leaves them.
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &own_);
    MPI_Comm_size(MPI_COMM_WORLD, &count_);
    ended_.assign(static_cast<std::size_t>(count_), false);
    const std::string where = std::to_string(getpid()) + " " + place_;
    if (own_ != 0) post(0, where, of_places);
    for (int rank = 1; own_ == 0 && rank < count_; ++rank) post(rank, where, of_places);
  }
  ~MpiRanks() override {
    const auto end = Clock::now() + for_sends;
    for (forget_what_arrived(); !under_way_.empty() && Clock::now() < end; forget_what_arrived())
      std::this_thread::sleep_for(shortest_nap);
    MPI_Finalize();
  }
  MpiRanks(const MpiRanks&) = delete;
  MpiRanks& operator=(const MpiRanks&) = delete;

  [[nodiscard]] int own() const override { return own_; }
  [[nodiscard]] int count() const override { return count_; }
  /// Of this machine's; of others MPI does not say.
  [[nodiscard]] bool closed(int rank) const override {
    return ended_[static_cast<std::size_t>(rank)];
  }

  void send(int to, std::string bytes) override { post(to, std::move(bytes), of_crew); }

  std::optional<Message> receive(std::chrono::microseconds wait) override {
    forget_what_arrived();
    look_at_neighbours();
    const auto end = Clock::now() + wait;
    do {
      int there = 0, size = 0;
      MPI_Status status;
      if (MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &status) == MPI_SUCCESS &&
          there != 0) {
        MPI_Get_count(&status, MPI_BYTE, &size);
        Message message{.from = status.MPI_SOURCE, .bytes = {}};
        message.bytes.resize(static_cast<std::size_t>(size));
        check(MPI_Recv(message.bytes.data(), size, MPI_BYTE, message.from, status.MPI_TAG,
                       MPI_COMM_WORLD, MPI_STATUS_IGNORE),
              "receive");
        nap_ = shortest_nap;
        if (status.MPI_TAG == of_crew) return message;
        meet(message);
        continue;
      }
      std::unique_lock lock(mutex_);
      called_.wait_for(lock, std::min(nap_, std::max(shortest_nap, end - Clock::now())),
                       [&] { return call_; });
      if (std::exchange(call_, false)) return std::nullopt;
      nap_ = std::min(2 * nap_, longest_nap);
    } while (Clock::now() < end);
    return std::nullopt;
  }
  void wake() override {
    const std::lock_guard lock(mutex_);
    call_ = true;
    called_.notify_one();
  }

 private:
  struct Sent {
    std::string bytes;
    MPI_Request request = MPI_REQUEST_NULL;
  };

  void post(int to, std::string bytes, int tag) {
    nap_ = shortest_nap;
    Sent& sent = under_way_.emplace_back(Sent{.bytes = std::move(bytes)});
    const auto size = static_cast<int>(sent.bytes.size());
    const int status =
        MPI_Isend(sent.bytes.data(), size, MPI_BYTE, to, tag, MPI_COMM_WORLD, &sent.request);
    if (status != MPI_SUCCESS) under_way_.pop_back();
  }

  void forget_what_arrived() {
    std::erase_if(under_way_, [](Sent& sent) {
      int arrived = 0;
      return MPI_Test(&sent.request, &arrived, MPI_STATUS_IGNORE) != MPI_SUCCESS || arrived != 0;
    });
  }

  /// "4711 PLACE" of another process.
  void meet(const Message& message) {
    const std::size_t blank = message.bytes.find(' ');
    if (place_.empty() || blank == std::string::npos || message.bytes.substr(blank + 1) != place_)
      return;
    neighbours_[message.from] = std::atoi(message.bytes.c_str());
  }

  void look_at_neighbours() {
    const auto now = Clock::now();
    if (now - looked_ < between_looks) return;
    looked_ = now;
    for (const auto& [rank, process] : neighbours_)
      if (process > 0 && kill(process, 0) != 0 && errno == ESRCH)
        ended_[static_cast<std::size_t>(rank)] = true;
  }

  std::string place_;
  int own_ = 0, count_ = 1;
  std::list<Sent> under_way_;  // their bytes stay where they are
  std::map<int, pid_t> neighbours_;
  std::vector<bool> ended_;
  Clock::time_point looked_;
  Clock::duration nap_ = shortest_nap;
  std::mutex mutex_;  // of the two below
  std::condition_variable called_;
  bool call_ = false;
};

}  // namespace

std::unique_ptr<Ranks> open_mpi_ranks() { return std::make_unique<MpiRanks>(); }

}  // namespace lightloom::experiments
