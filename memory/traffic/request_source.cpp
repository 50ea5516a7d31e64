#include "memory/traffic/request_source.hpp"

#include <charconv>
#include <string_view>

#include "core/error.hpp"

namespace lightloom::memory {
namespace {

constexpr std::uint64_t footprint = std::uint64_t{1} << 30;
constexpr std::uint64_t stride = footprint / stride_period;
constexpr std::uint64_t tile = 4096;

enum class Shape { sequential, random, tiles, two_reads_one_write, strided };

struct PatternName {
  const char* name;
  Shape shape;
  bool write;
};
constexpr PatternName patterns[] = {
    {"seq_rd", Shape::sequential, false}, {"seq_wr", Shape::sequential, true},
    {"rand_rd", Shape::random, false},    {"rand_wr", Shape::random, true},
    {"tile4k_rd", Shape::tiles, false},   {"seq_2r1w", Shape::two_reads_one_write, false},
    {"stride_rd", Shape::strided, false},
};

/// How many requests, of `atom` bytes, one every so many cycles; `seed` draws random places.
struct PatternLength {
  std::uint64_t requests, seed, atom;
  Cycle every;
};

class Pattern final : public RequestSource {
 public:
  Pattern(PatternName pattern, const PatternLength& length)
      : pattern_(pattern),
        requests_(length.requests),
        seed_(length.seed),
        atom_(length.atom),
        every_(length.every) {}

  bool next(Request& request) override {
    if (i_ >= requests_) return false;
    request = {
        .address = address(), .write = pattern_.write, .arrival = every_ * static_cast<Cycle>(i_)};
    if (pattern_.shape == Shape::two_reads_one_write) request.write = i_ % 3 == 2;
    ++i_;
    return true;
  }

 private:
  [[nodiscard]] std::uint64_t address() const {
    switch (pattern_.shape) {
      case Shape::sequential:
        return atom_ * i_ % footprint;
      case Shape::random:
        return atom_ * (splitmix64(seed_ + i_) % (footprint / atom_));
      case Shape::tiles: {
        const std::uint64_t bursts = tile / atom_;
        return tile * (splitmix64(seed_ + i_ / bursts) % (footprint / tile)) +
               atom_ * (i_ % bursts);
      }
      case Shape::two_reads_one_write:
        return i_ % 3 * (footprint / 4) + atom_ * (i_ / 3);
      case Shape::strided:
        return stride * i_ % footprint;
    }
    return 0;
  }

  PatternName pattern_;
  std::uint64_t requests_, seed_, atom_;
  Cycle every_;
  std::uint64_t i_ = 0;
};

class ListSource final : public RequestSource {
 public:
  explicit ListSource(std::vector<Request> requests) : requests_(std::move(requests)) {}
  bool next(Request& request) override {
    if (i_ >= requests_.size()) return false;
    request = requests_[i_++];
    return true;
  }

 private:
  std::vector<Request> requests_;
  std::size_t i_ = 0;
};

/// A whole number, decimal or 0x...; false when the text is anything else.
template <class Number>
bool parse_number(std::string_view text, Number& number) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  if (hex) text.remove_prefix(2);
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, hex ? 16 : 10);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

}  // namespace

std::uint64_t splitmix64(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

const std::vector<std::string>& pattern_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const PatternName& pattern : patterns) list.emplace_back(pattern.name);
    return list;
  }();
  return names;
}

std::uint64_t reference_seed(const std::string& name) {
  return name.starts_with("tile4k_rd") ? 777 : 12345;
}

std::unique_ptr<RequestSource> make_pattern(const std::string& name, std::int64_t requests,
                                            std::uint64_t seed, int atom) {
  require(requests >= 0, "pattern has {} requests (must not be negative)", requests);
  const std::size_t suffix = name.find("_every");
  Cycle every = 0;
  if (suffix != std::string::npos)
    require(parse_number(std::string_view(name).substr(suffix + 6), every) && every >= 0 &&
                every <= 1'000'000'000,
            "pattern '{}' has no whole number of cycles after _every", name);
  require(every == 0 || requests <= last_arrival / every,
          "pattern '{}' with {} requests ends after cycle {}", name, requests, last_arrival);
  const std::string base = name.substr(0, suffix);
  require(base != "tile4k_rd" || static_cast<std::uint64_t>(atom) <= tile,
          "pattern '{}' needs bursts of at most {} bytes (the card has {})", name, tile, atom);
  for (const PatternName& pattern : patterns)
    if (base == pattern.name)
      return std::make_unique<Pattern>(pattern,
                                       PatternLength{static_cast<std::uint64_t>(requests), seed,
                                                     static_cast<std::uint64_t>(atom), every});
  throw Error(fmt::format("pattern '{}' is unknown (known: {}, each also with _every<cycles>)",
                          name, fmt::join(pattern_names(), ", ")));
}

std::unique_ptr<RequestSource> make_source(std::vector<Request> requests) {
  return std::make_unique<ListSource>(std::move(requests));
}

}  // namespace lightloom::memory
