// Matrices among the arrays of NumPy's archives.
#include "core/matrices/npz.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/error.hpp"
#include "tests/made_files.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom {
namespace {

using Members = std::vector<std::pair<std::string, std::string>>;

class Npz : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }
  void write(const Members& members) const {
    made::write(path_, made::zip(members, made::Packing::deflated));
  }

  std::string path_ = scratch_path("matrices.npz").string();
  const std::string complex_ = made::npy<double>("<c16", "(1, 2)", {1, -2, 0.5, 3}),
                    text_ = made::npy<std::uint32_t>("<U1", "(1, 1)", {'x'}),
                    row_ = made::npy<float>("<f4", "(2,)", {1, 2});
};

TEST_F(Npz, NamesItsMatricesAndPassesOverWhatIsNone) {
  write({{"u.npy", complex_},
         {"t.npy", text_},
         {"row.npy", row_},
         {"notes.txt", "no array"},
         {"objects.npy", made::npy<std::uint8_t>("|O", "(1, 1)", {0})},
         {"v.npy", made::npy<std::int16_t>(">i2", "(2, 1)", {0x0100, 0x0200})}});
  EXPECT_EQ(npz_matrices(path_), (std::vector<std::string>{"u", "v"}));
  const NpyArray u = read_npz(path_, "u");
  EXPECT_EQ(u.type(), "<c16");
  EXPECT_EQ(u.real(1), 0.5);
  EXPECT_EQ(u.imaginary(0), -2);
  EXPECT_EQ(read_npz(path_, "v").integer(1), 2);  // 0002, the high byte first
  EXPECT_THROW(read_npz(path_, "t"), Error);
  EXPECT_THROW(read_npz(path_, "none"), Error);
}

TEST_F(Npz, AMemberThatIsCutOffIsRefusedWhicheverIsMeant) {
  for (const std::string& bad : {row_.substr(0, row_.size() - 1), row_ + "x", row_.substr(0, 20)}) {
    write({{"u.npy", complex_}, {"row.npy", bad}});
    EXPECT_THROW(npz_matrices(path_), Error);
    EXPECT_THROW(read_npz(path_, "row"), Error);
    EXPECT_NO_THROW(read_npz(path_, "u"));
  }
}

}  // namespace
}  // namespace lightloom
