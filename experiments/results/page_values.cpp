#include "experiments/results/page_values.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace lightloom::experiments {
namespace {

constexpr std::size_t many = 2000;  // fewer are read more easily as they are
constexpr std::size_t most_kinds = 256;
constexpr std::uint32_t no_number = 0xffffff;

std::string base64(std::string_view bytes) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k)
      three = three << 8 | (i + k < bytes.size() ? static_cast<std::uint8_t>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      text += i + k < bytes.size() + 1 ? letters[three >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

/// What tells a value from others; not-a-number is one of them.
template <class T>
auto kind_of(const T& value) {
  if constexpr (std::is_floating_point_v<T>)
    return std::isnan(value) ? std::bit_cast<std::uint64_t>(std::nan(""))
                             : std::bit_cast<std::uint64_t>(static_cast<double>(value));
  else
    return value;
}

/// The different values in order, and which of them each is; nothing where there are too many.
template <class T>
struct Kinds {
  std::vector<T> of;
  std::string at;
};
template <class T>
std::optional<Kinds<T>> kinds_of(const std::vector<T>& values) {
  std::map<decltype(kind_of(values.front())), std::size_t> known;
  Kinds<T> kinds;
  for (const T& value : values) {
    const auto [place, is_new] = known.emplace(kind_of(value), known.size());
    if (is_new && known.size() > most_kinds) return std::nullopt;
    if (is_new) kinds.of.push_back(value);
    kinds.at += static_cast<char>(place->second);
  }
  return kinds;
}

/// The four bytes of a number of at most seven digits; nothing where it is too large or small.
template <class T>
std::optional<std::string> decimal(T value) {
  std::uint32_t digits = no_number;
  int power = 0;
  if (std::isfinite(static_cast<double>(value))) {
    std::array<char, 32> text{};  // 1.234567e-08
    std::to_chars(text.begin(), text.end(), std::abs(static_cast<double>(value)),
                  std::chars_format::scientific, 6);
    text[1] = text[0];  // over the point
    std::from_chars(&text[1], &text[8], digits);
    power = digits == 0 ? 0 : std::atoi(&text[9]) - 6;
    for (; digits != 0 && digits % 10 == 0; ++power) digits /= 10;
  }
  if (power < -64 || power > 63) return std::nullopt;
  std::string bytes;
  for (const int shift : {0, 8, 16}) bytes += static_cast<char>(digits >> shift & 0xff);
  return bytes + static_cast<char>(power + 64 + (value < 0 ? 128 : 0));
}

template <class T>
std::optional<std::string> decimals(const std::vector<T>& values) {
  std::string bytes;
  for (const T value : values) {
    const auto one = decimal(value);
    if (!one) return std::nullopt;
    bytes += *one;
  }
  return bytes;
}

bool one_after_the_other(const std::vector<std::int64_t>& values) {
  for (std::size_t i = 1; i < values.size(); ++i)
    if (values[i] != values[i - 1] + 1) return false;
  return true;
}

template <class T>
Json packed(const std::vector<T>& values) {
  if (values.size() < many) return values;
  if constexpr (std::is_integral_v<T>)
    if (one_after_the_other(values)) return {{"from", values.front()}, {"count", values.size()}};
  if (const auto kinds = kinds_of(values)) return {{"of", kinds->of}, {"at", base64(kinds->at)}};
  if constexpr (std::is_floating_point_v<T>)
    if (const auto bytes = decimals(values)) return {{"decimals", base64(*bytes)}};
  return values;
}

}  // namespace

Json page_values(const Values& values) {
  return std::visit([](const auto& list) { return packed(list); }, values);
}

std::size_t page_bytes(const Values& values) {
  return std::visit(
      [](const auto& list) -> std::size_t {
        if (list.size() < many) return 10 * list.size();
        return list.size() * (kinds_of(list) ? 4 : 16) / 3;
      },
      values);
}

}  // namespace lightloom::experiments
