#include "experiments/mpi/open_mpi.hpp"

#define OMPI_SKIP_MPICXX  // its own, withdrawn names in C++
#define MPICH_SKIP_MPICXX
#include <mpi.h>

#include <list>
#include <thread>

#include "core/error.hpp"

namespace lightloom::experiments {
namespace {

void check(int status, const char* what) {
  if (status != MPI_SUCCESS) throw Failure(fmt::format("MPI cannot {} (code {})", what, status));
}

class MpiRanks final : public Ranks {
 public:
  MpiRanks() {
    int given = 0;
    check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &given), "begin");
    if (given < MPI_THREAD_FUNNELED) throw Failure("this MPI allows no threads beside its own");
    // A process that has ended is no reason to end the others, where mpirun leaves them.
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &own_);
    MPI_Comm_size(MPI_COMM_WORLD, &count_);
  }
  ~MpiRanks() override { MPI_Finalize(); }
  MpiRanks(const MpiRanks&) = delete;
  MpiRanks& operator=(const MpiRanks&) = delete;

  [[nodiscard]] int own() const override { return own_; }
  [[nodiscard]] int count() const override { return count_; }
  [[nodiscard]] bool closed(int /*rank*/) const override { return false; }  // MPI does not say

  void send(int to, std::string bytes) override {
    Sent& sent = under_way_.emplace_back(Sent{.bytes = std::move(bytes)});
    const auto size = static_cast<int>(sent.bytes.size());
    const int status =
        MPI_Isend(sent.bytes.data(), size, MPI_BYTE, to, 0, MPI_COMM_WORLD, &sent.request);
    if (status != MPI_SUCCESS) under_way_.pop_back();
  }

  std::optional<Message> receive(std::chrono::microseconds wait) override {
    forget_what_arrived();
    const auto end = std::chrono::steady_clock::now() + wait;
    do {
      int there = 0, size = 0;
      MPI_Status status;
      if (MPI_Iprobe(MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, &there, &status) == MPI_SUCCESS &&
          there != 0) {
        MPI_Get_count(&status, MPI_BYTE, &size);
        Message message{.from = status.MPI_SOURCE, .bytes = {}};
        message.bytes.resize(static_cast<std::size_t>(size));
        check(MPI_Recv(message.bytes.data(), size, MPI_BYTE, message.from, 0, MPI_COMM_WORLD,
                       MPI_STATUS_IGNORE),
              "receive");
        return message;
      }
      std::this_thread::sleep_for(std::chrono::microseconds(300));  // it would spin by itself
    } while (std::chrono::steady_clock::now() < end);
    return std::nullopt;
  }

 private:
  struct Sent {
    std::string bytes;
    MPI_Request request = MPI_REQUEST_NULL;
  };

  void forget_what_arrived() {
    std::erase_if(under_way_, [](Sent& sent) {
      int arrived = 0;
      return MPI_Test(&sent.request, &arrived, MPI_STATUS_IGNORE) != MPI_SUCCESS || arrived != 0;
    });
  }

  int own_ = 0, count_ = 1;
  std::list<Sent> under_way_;  // their bytes stay where they are
};

}  // namespace

std::unique_ptr<Ranks> open_mpi_ranks() { return std::make_unique<MpiRanks>(); }

}  // namespace lightloom::experiments
