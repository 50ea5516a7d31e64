#include "core/files/labelled.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>

#include "core/error.hpp"
#include "core/files/labelled_bytes.hpp"
#include "core/random/random.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom {
namespace {

namespace fs = std::filesystem;

Labelled example() {
  Labelled data;
  data.add_axis({"chip", std::vector<std::int64_t>{0, 1, 2}, "", "chip instance"});
  data.add_axis({"component", std::vector<std::string>{"DRAM", "ADC"}, "", "component"});
  data.add({"accuracy", {"chip"}, std::vector<double>{0.9, 0.91, 0.92}, "1", "test accuracy"});
  data.add({"energy", {"chip", "component"}, std::vector<float>{1, 2, 3, 4, 5, 6}, "J", "energy"});
  data.add({"total", {}, std::vector<double>{1e-300}, "s", ""});
  data.add({"note", {}, std::vector<std::string>{"naïve ünicode"}, "", ""});
  data.attributes["card"] = std::string(100'000, 'x');
  data.attributes["seed"] = std::int64_t{-5};
  data.attributes["ratio"] = 0.1;
  return data;
}

std::string fresh_path(const std::string& name) {
  const fs::path folder = scratch_path("labelled");
  fs::create_directories(folder);
  const fs::path path = folder / name;
  fs::remove_all(path);
  return path.string();
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Labelled, WhatIsWrittenReadsBackWithNamesUnitsAndOrder) {
  const std::string path = fresh_path("round-trip.h5");
  const Labelled data = example();
  write_labelled(path, data);
  const Labelled back = read_labelled(path);
  ASSERT_EQ(back.axes.size(), data.axes.size());
  ASSERT_EQ(back.variables.size(), data.variables.size());
  for (std::size_t i = 0; i < data.axes.size(); ++i) {
    EXPECT_EQ(back.axes[i].name, data.axes[i].name);
    EXPECT_EQ(back.axes[i].values, data.axes[i].values);
  }
  for (std::size_t i = 0; i < data.variables.size(); ++i) {
    EXPECT_EQ(back.variables[i].name, data.variables[i].name);
    EXPECT_EQ(back.variables[i].axes, data.variables[i].axes);
    EXPECT_EQ(back.variables[i].values, data.variables[i].values);
    EXPECT_EQ(back.variables[i].unit, data.variables[i].unit);
    EXPECT_EQ(back.variables[i].long_name, data.variables[i].long_name);
  }
  EXPECT_EQ(std::get<std::string>(back.attributes.at("card")).size(), 100'000U);
  EXPECT_EQ(std::get<std::int64_t>(back.attributes.at("seed")), -5);
  EXPECT_EQ(std::get<double>(back.attributes.at("ratio")), 0.1);
}

TEST(Labelled, PackedFilesHoldTheSameInFewerBytes) {
  Labelled data = example();
  std::vector<std::int64_t> numbers(5003);
  std::iota(numbers.begin(), numbers.end(), std::int64_t{-3});
  data.add_axis({"point", numbers, "", "point"});
  std::vector<double> values(numbers.size() * 6);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = std::sqrt(static_cast<double>(i % 90));
  data.add({"time", {"chip", "point", "component"}, values, "s", "time"});
  data.add({"turned", {"point", "chip", "component"}, values, "s", "time"});
  data.add({"wide", {"component", "point"}, std::vector<float>(numbers.size() * 2, 7), "1", ""});
  const std::string plain = fresh_path("plain.h5"), packed = fresh_path("packed.h5");
  write_labelled(plain, data);
  write_packed(packed, data);
  const std::string bytes = bytes_of(packed);
  EXPECT_LT(bytes.size() * 3, bytes_of(plain).size());
  const Labelled back = read_labelled(packed), meant = read_labelled(plain);
  ASSERT_EQ(back.axes.size(), meant.axes.size());
  for (std::size_t i = 0; i < meant.axes.size(); ++i)
    EXPECT_EQ(back.axes[i].values, meant.axes[i].values) << meant.axes[i].name;
  ASSERT_EQ(back.variables.size(), meant.variables.size());
  for (std::size_t i = 0; i < meant.variables.size(); ++i) {
    EXPECT_EQ(back.variables[i].axes, meant.variables[i].axes);
    EXPECT_EQ(back.variables[i].values, meant.variables[i].values) << meant.variables[i].name;
  }
  write_packed(packed, data);
  EXPECT_EQ(bytes_of(packed), bytes) << "equal data, equal bytes";
}

/// Cut along its first, a middle or its last axis, with a rest at the end, and numbers that deflate
/// makes no smaller, whole ones sorted by bytes too.
TEST(Labelled, PackedArraysReadBackHoweverTheyAreCut) {
  const Stream stream({.seed = 5, .purpose = Purpose::test});
  Labelled data;
  const auto add_axis = [&](const char* name, std::int64_t count) {
    std::vector<std::int64_t> numbers(static_cast<std::size_t>(count));
    std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
    data.add_axis({name, numbers, "", name});
  };
  add_axis("two", 2);
  add_axis("three", 3);
  add_axis("many", 30'011);
  add_axis("most", 70'001);
  std::uint64_t draw = 0;
  const auto add = [&](const char* name, const std::vector<std::string>& axes, std::size_t count) {
    std::vector<double> values(count);
    std::vector<std::int64_t> integers(count), random(count);
    for (std::size_t i = 0; i < count; ++i) {
      values[i] = std::sqrt(static_cast<double>(i % 1000));
      integers[i] = static_cast<std::int64_t>(i);
      const auto bits = stream.bits(draw++);
      random[i] = static_cast<std::int64_t>(std::uint64_t{bits[0]} << 32 | bits[1]);
    }
    data.add({name, axes, values, "", ""});
    data.add({std::string(name) + "_whole", axes, integers, "", ""});
    data.add({std::string(name) + "_random", axes, random, "", ""});
  };
  add("first", {"many", "three"}, 90'033);
  add("middle", {"two", "many", "three"}, 180'066);
  add("last", {"three", "most"}, 210'003);
  for (const Deflate deflate : {Deflate::quick, Deflate::small}) {
    const std::string path = fresh_path("cut.h5");
    write_packed(path, data, deflate);
    const Labelled back = read_labelled(path);
    ASSERT_EQ(back.variables.size(), data.variables.size());
    for (std::size_t i = 0; i < data.variables.size(); ++i)
      EXPECT_TRUE(back.variables[i].values == data.variables[i].values) << data.variables[i].name;
  }
}

TEST(Labelled, AxesThatCountShrinkToNothingInSmallFiles) {
  Labelled data = example();
  std::vector<std::int64_t> numbers(100'000);
  std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
  data.add_axis({"point", numbers, "", "point"});
  const std::string quick = fresh_path("quick.h5"), small = fresh_path("small.h5");
  write_packed(quick, data);
  write_packed(small, data, Deflate::small);
  const std::size_t without = [&] {
    write_packed(quick + ".without", example(), Deflate::small);
    return bytes_of(quick + ".without").size();
  }();
  EXPECT_LT(bytes_of(small).size() - without, 16'384U) << "of 800,000 bytes";
  EXPECT_GT(bytes_of(quick).size() - without, 4 * (bytes_of(small).size() - without));
  EXPECT_EQ(read_labelled(small).axes.back().values, data.axes.back().values);
}

TEST(Labelled, EqualDataGiveEqualBytes) {
  const std::string first = fresh_path("first.h5"), second = fresh_path("second.h5");
  write_labelled(first, example());
  sleep(1);  // HDF5 would store times in whole seconds
  write_labelled(second, example());
  EXPECT_EQ(bytes_of(first), bytes_of(second));
}

TEST(Labelled, AVariableMustFitItsAxesAndHaveAFreeName) {
  Labelled data = example();
  EXPECT_THROW(data.add({"wrong", {"chip"}, std::vector<double>{1, 2}, "", ""}), Error);
  EXPECT_THROW(data.add({"wrong", {"ship"}, std::vector<double>{1, 2, 3}, "", ""}), Error);
  EXPECT_THROW(data.add({"chip", {}, std::vector<double>{1}, "", ""}), Error);
  EXPECT_THROW(data.add_axis({"accuracy", std::vector<double>{1}, "", ""}), Error);
}

TEST(Labelled, AFileCutOffAnywhereIsRefusedAndNeverCrashes) {
  const std::string path = fresh_path("whole.h5"), cut = fresh_path("cut.h5");
  write_labelled(path, example());
  const std::string bytes = bytes_of(path);
  for (std::size_t size = 0; size < bytes.size(); size += 97) {
    std::ofstream(cut, std::ios::binary) << bytes.substr(0, size);
    EXPECT_THROW(read_labelled(cut), Error) << size;
  }
}

TEST(Labelled, MissingForeignAndNewerFilesAreRefusedByName) {
  EXPECT_THROW(read_labelled(fresh_path("absent.h5")), Error);
  EXPECT_THROW(read_labelled(testing::TempDir()), Error);
  const std::string text = fresh_path("text.h5");
  std::ofstream(text) << "not HDF5 at all";
  EXPECT_THROW(read_labelled(text), Error);
}

TEST(Labelled, ANewerSchemaIsRefusedWithBothVersions) {
  const std::string path = fresh_path("newer.h5");
  write_labelled(path, example());
  std::string bytes = bytes_of(path);
  // The version is the only attribute of that name: change its value in place.
  const auto name = bytes.find("schema_version");
  ASSERT_NE(name, std::string::npos);
  const std::string one("\x01\0\0\0\0\0\0\0", 8);
  const auto value = bytes.find(one, name + 40);
  ASSERT_NE(value, std::string::npos);
  bytes[value] = 99;
  std::ofstream(path, std::ios::binary) << bytes;
  try {
    read_labelled(path);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("99"), std::string::npos) << error.what();
  }
}

/// Processor time of reading a file of so many arrays.
double reading_time_s(int arrays) {
  const std::string path = fresh_path("many.h5");
  Labelled data;
  data.add_axis({.name = "step", .values = std::vector<std::int64_t>{0, 1}});
  for (int i = 0; i < arrays; ++i)
    data.add({.name = std::to_string(i), .axes = {"step"}, .values = std::vector<float>{1, 2}});
  write_labelled(path, data);
  const std::clock_t start = std::clock();
  EXPECT_EQ(read_labelled(path).variables.size(), static_cast<std::size_t>(arrays));
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

// Names asked for by number, or of objects, would cost a walk through the file each.
TEST(Labelled, ReadingTakesAsLongAsThereAreArrays) {
  reading_time_s(200);
  const double few = std::min(reading_time_s(200), reading_time_s(200)),
               many = reading_time_s(1600);
  EXPECT_LT(many / few, 20) << many << " s for eight times as many, " << few << " s before";
}

// An axis lists what lies along it, in 64 KiB unless the file's format is newer.
TEST(Labelled, AnAxisMayBeThatOfAnyNumberOfArrays) {
  const std::string path = fresh_path("along.h5");
  for (const int arrays : {4000, 4001, 4500}) {
    Labelled data;
    data.add_axis({.name = "step", .values = std::vector<std::int64_t>{0, 1}});
    for (int i = 0; i < arrays; ++i)
      data.add({.name = std::to_string(i), .axes = {"step"}, .values = std::vector<float>{1, 2}});
    write_labelled(path, data);
    const Labelled back = read_labelled(path);
    ASSERT_EQ(back.variables.size(), static_cast<std::size_t>(arrays));
    EXPECT_EQ(back.variables.back().name, std::to_string(arrays - 1));
    EXPECT_EQ(back.variables.back().axes, std::vector<std::string>{"step"});
    EXPECT_LT(fs::file_size(path), 2000U * static_cast<unsigned>(arrays));
  }
}

TEST(Labelled, AFailedWriteLeavesTheOldFileWhole) {
  const std::string path = fresh_path("kept.h5");
  write_labelled(path, example());
  const std::string before = bytes_of(path);
  Labelled bad = example();
  bad.variables.push_back(
      {"bad/name/x", {"chip"}, std::vector<double>{1, 2, 3}, "", ""});  // no such group
  EXPECT_ANY_THROW(write_labelled(path, bad));
  EXPECT_EQ(bytes_of(path), before);
  for (const auto& entry : fs::directory_iterator(fs::path(path).parent_path()))
    EXPECT_EQ(entry.path().string().find("partial"), std::string::npos) << entry.path();
}

TEST(Labelled, AnOutputThatCannotBeWrittenIsRefusedBeforeWork) {
  EXPECT_THROW(require_writable(""), Error);
  EXPECT_THROW(require_writable(testing::TempDir()), Error);
  EXPECT_THROW(require_writable("/no/such/folder/x.h5"), Error);
  EXPECT_NO_THROW(require_writable(fresh_path("new.h5")));
  EXPECT_FALSE(fs::exists(fresh_path("new.h5")));
}

}  // namespace
}  // namespace lightloom
