// Zip archives and NumPy arrays of strangers.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <span>

#include "core/archives/array_file.hpp"
#include "core/archives/zip.hpp"
#include "core/error.hpp"
#include "tests/made_files.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom {
namespace {

class Archives : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }
  void write(const std::string& bytes) const { made::write(path_, bytes); }
  std::string member(std::size_t number) const {
    return read_member(path_, zip_members(path_).at(number));
  }

  std::string path_ = scratch_path("archive.zip").string();
};

std::string long_text() {
  std::string text;
  for (int i = 0; i < 33333; ++i) text += static_cast<char>('a' + i % 23);
  return text;
}

TEST_F(Archives, MembersComeBackStoredAndDeflated) {
  for (const auto packing : {made::Packing::stored, made::Packing::deflated}) {
    write(made::zip({{"a", "first"}, {"b/c", long_text()}, {"empty", ""}}, packing));
    ASSERT_EQ(zip_members(path_).size(), 3u);
    EXPECT_EQ(zip_members(path_)[1].name, "b/c");
    EXPECT_EQ(member(0), "first");
    EXPECT_EQ(member(1), long_text());
    EXPECT_EQ(member(2), "");
  }
}

TEST_F(Archives, EveryDamagedByteIsNoticedOrLeavesTheContents) {
  const std::string good = made::zip({{"a", "some contents"}}, made::Packing::deflated);
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x55);
    write(bad);
    try {
      for (const ZipMember& one : zip_members(path_)) {
        EXPECT_EQ(read_member(path_, one), "some contents") << at;
      }
    } catch (const Error&) {
    }
  }
}

/// What a refusal says; "" for none.
std::string refusal_of(const std::function<void()>& reads) {
  try {
    reads();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// An archive of members "a", "b", ... whose directory claims that each unpacks to `size` bytes.
std::string claiming(std::uint32_t size, int members) {
  std::vector<std::pair<std::string, std::string>> all;
  for (int i = 0; i < members; ++i)
    all.emplace_back(std::string(1, static_cast<char>('a' + i)), "x");
  std::string bytes = made::zip(all, made::Packing::deflated);
  for (std::size_t at = bytes.find("PK\x01\x02"); at != std::string::npos;
       at = bytes.find("PK\x01\x02", at + 1))
    bytes.replace(at + 24, 4, made::little_endian(size));
  return bytes;
}

TEST_F(Archives, NoMoreIsUnpackedThanTheirBytesFairlyHold) {
  constexpr std::uint32_t fair = 1U << 28;
  write(claiming(fair + 1, 1));
  EXPECT_NE(refusal_of([&] { zip_members(path_); }).find("more than 64 times"), std::string::npos);
  write(claiming(fair, 1));
  EXPECT_EQ(zip_members(path_).size(), 1u);  // up to 256 MiB anything goes
  write(claiming(fair / 3 + 1, 3));          // together
  EXPECT_NE(refusal_of([&] { zip_members(path_); }).find("more than 64 times"), std::string::npos);
}

TEST_F(Archives, MembersThatShareTheirBytesAreRefused) {
  // Three entries of the directory for one member.
  const std::string one = made::zip({{"a", long_text()}}, made::Packing::stored);
  const std::size_t directory = one.find("PK\x01\x02"), end = one.find("PK\x05\x06");
  const std::string entry = one.substr(directory, end - directory);
  std::string closing = one.substr(end);
  closing[8] = closing[10] = 3;
  const auto size = static_cast<std::uint32_t>(3 * entry.size());
  closing.replace(12, 4, made::little_endian(size));
  write(one.substr(0, end) + entry + entry + closing);
  EXPECT_NE(refusal_of([&] { zip_members(path_); }).find("together are larger"), std::string::npos);
}

TEST_F(Archives, AGzipFileGivesNoMoreThanItsBytesFairlyHold) {
  write(made::gzipped_zeros(300));
  ASSERT_LT(std::filesystem::file_size(path_), 1'000'000u);
  std::vector<std::uint8_t> bytes(std::size_t{1} << 28);
  const auto stream = open_stream(path_);
  EXPECT_EQ(stream->some(bytes), bytes.size());
  const std::string refusal = refusal_of([&] { stream->some(std::span(bytes).first(1)); });
  EXPECT_NE(refusal.find("more than 64 times"), std::string::npos) << refusal;
}

TEST_F(Archives, CutArchivesAreRefused) {
  const std::string good = made::zip({{"a", "first"}, {"b", long_text()}});
  for (std::size_t size = 0; size < good.size(); size += 997) {
    write(good.substr(0, size));
    EXPECT_THROW(zip_members(path_), Error) << size;
  }
}

TEST_F(Archives, ANameThatIsAnotherWhereTheMemberBeginsIsRefused) {
  std::string bytes = made::zip({{"weights", "some contents"}});
  bytes[bytes.find("weights")] = 'W';
  write(bytes);
  EXPECT_THROW(member(0), Error);
}

std::vector<double> numbers_in(const std::string& bytes) {
  const std::string path = made::write(scratch_path("array.npy").string(), bytes);
  ArrayFile file = open_array(path);
  return all_numbers(file);
}

TEST(NumPyArrays, EveryNumberTypeAndByteOrderIsRead) {
  EXPECT_EQ(numbers_in(made::npy<float>("<f4", "(2,)", {1.5f, -2})), (std::vector{1.5, -2.0}));
  EXPECT_EQ(numbers_in(made::npy<double>("<f8", "(1, 1)", {0.1})), (std::vector{0.1}));
  EXPECT_EQ(numbers_in(made::npy<std::uint16_t>("<f2", "(2,)", {0x3e00, 0xc000})),
            (std::vector{1.5, -2.0}));
  EXPECT_EQ(numbers_in(made::npy<std::uint16_t>(">i2", "(2,)", {0xfeff, 0x0201})),
            (std::vector{-2.0, 258.0}));
  EXPECT_EQ(numbers_in(made::npy<std::int64_t>("<i8", "()", {-3})), (std::vector{-3.0}));
  EXPECT_EQ(numbers_in(made::npy<std::uint8_t>("|b1", "(2,)", {0, 1})), (std::vector{0.0, 1.0}));
  EXPECT_EQ(numbers_in(made::npy<std::uint64_t>("<u8", "(1,)", {std::uint64_t{1} << 63})),
            (std::vector{0x1p63}));
}

TEST(NumPyArrays, ShapesOfPythonTwoAreRead) {
  EXPECT_EQ(numbers_in(made::npy<std::int8_t>("|i1", "(1L, 2L)", {3, 4})), (std::vector{3.0, 4.0}));
}

TEST(NumPyArrays, FortranOrderComesRowsFirst) {
  // Columns (1, 2), (3, 4), (5, 6) of a 2 x 3 matrix.
  EXPECT_EQ(numbers_in(made::npy<std::int8_t>("|i1", "(2, 3)", {1, 2, 3, 4, 5, 6}, "True")),
            (std::vector<double>{1, 3, 5, 2, 4, 6}));
}

TEST(NumPyArrays, WhatIsNoArrayOfNumbersIsRefused) {
  const std::vector<std::uint8_t> eight(8, 1);
  for (const std::string& bytes :
       {made::npy("|O", "(1,)", eight), made::npy("<U2", "(1,)", eight),
        made::npy("<c8", "(1,)", eight), made::npy("<f4", "(3,)", eight),
        made::npy("<f4", "(1,)", eight), made::npy("<f4", "(-1,)", eight),
        made::npy("<f4", "(4611686018427387904, 4)", eight), made::npy("<f3", "(1,)", eight),
        std::string("\x93NUMPY\x01\0\xff\xff", 10),
        std::string("\x93NUMPY\x02\0\xff\xff\xff\x7f", 12), std::string("no array")})
    EXPECT_THROW(numbers_in(bytes), Error) << bytes.substr(10, 40);
}

/// A .npy file of two floats with a header of one's own.
std::string with_header(std::string header, const std::string& version = std::string("\1\0", 2)) {
  header += std::string(117 - header.size(), ' ') + '\n';
  return "\x93NUMPY" + version + made::little_endian(static_cast<std::uint16_t>(header.size())) +
         header + made::little_endian(1.5f) + made::little_endian(2.5f);
}

TEST(NumPyArrays, HeadersAreReadAsPythonReadsThem) {
  const std::vector<double> two{1.5, 2.5};
  for (const char* header : {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
                             "{\"shape\":(1,2),\"descr\":\"<f4\",\"fortran_order\":True}",
                             " {'shape': ( 2L , 1 ),'descr' : '<f4' , 'fortran_order' :False} "})
    EXPECT_EQ(numbers_in(with_header(header)), two) << header;
}

TEST(NumPyArrays, WhatNumPyWouldNotReadIsRefused) {
  for (const char* header :
       {"{'descr': '<f4', 'fortran_order': FAlse, 'shape': (2,), }",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)8 }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2 1), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,,1), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (,2), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}",
        "{'descr': '<f4', 'fortran_order': False}", "{'descr': '<f4' 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), \xff}",
        "['descr', '<f4', 'fortran_order', False, 'shape', (2,)]", "{'descr': '<f4", "{", ""})
    EXPECT_THROW(numbers_in(with_header(header)), Error) << header;
  const std::string sound = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
  EXPECT_THROW(numbers_in(with_header(sound + std::string(1, '\0'))), Error);
  for (const char* version : {"\1\1", "\4\1"}) {
    EXPECT_THROW(numbers_in(with_header(sound, version)), Error) << version;
  }
}

TEST(NumPyArrays, ArchivesGiveTheirArraysByName) {
  const std::string path =
      made::write(scratch_path("arrays.npz").string(),
                  made::zip({{"x.npy", made::npy<float>("<f4", "(2,)", {1, 2})},
                             {"y.npy", made::npy<std::int32_t>("<i4", "(1,)", {7})}},
                            made::Packing::deflated));
  EXPECT_EQ(archived_arrays(path), (std::vector<std::string>{"x", "y"}));
  ArrayFile y = open_archived_array(path, "y");
  EXPECT_EQ(all_numbers(y), std::vector{7.0});
  EXPECT_THROW(open_archived_array(path, "../x"), Error);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace lightloom
