#pragma once

#include <array>
#include <cstddef>

namespace lightloom {

/// One value for each enumerator of `Enum`, indexed by enumerator. The enumerators are 0, 1, 2, ...
/// and the last one is named `Enum::count`, which stands for no value: whoever adds an enumerator
/// adds its place.
template <class Enum, class T>
class EnumArray {
 public:
  static constexpr std::size_t size() { return static_cast<std::size_t>(Enum::count); }

  constexpr T& operator[](Enum index) { return values_[static_cast<std::size_t>(index)]; }
  constexpr const T& operator[](Enum index) const {
    return values_[static_cast<std::size_t>(index)];
  }
  constexpr auto begin() { return values_.begin(); }
  constexpr auto end() { return values_.end(); }
  constexpr auto begin() const { return values_.begin(); }
  constexpr auto end() const { return values_.end(); }

  friend bool operator==(const EnumArray&, const EnumArray&) = default;

 private:
  std::array<T, static_cast<std::size_t>(Enum::count)> values_{};
};

/// All enumerators of `Enum` in order.
template <class Enum>
constexpr auto all_of_enum() {
  std::array<Enum, static_cast<std::size_t>(Enum::count)> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<Enum>(i);
  return all;
}

}  // namespace lightloom
