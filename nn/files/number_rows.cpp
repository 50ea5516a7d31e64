#include "nn/files/number_rows.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include "core/error.hpp"

namespace lightloom::nn {
namespace {

using Kind = PickleValue::Kind;

/// Numbers that are all there, handed out piece by piece.
NumberRows rows_of_numbers(NumberRows rows, std::vector<double> numbers) {
  rows.next = [all = std::make_shared<const std::vector<double>>(std::move(numbers)),
               at = std::size_t{0}, path = rows.path](std::span<double> to) mutable {
    require(to.size() <= all->size() - at, "'{}' ends too early", path);
    std::copy_n(all->begin() + static_cast<std::ptrdiff_t>(at), to.size(), to.begin());
    at += to.size();
  };
  return rows;
}

/// Python 2 wrote bytes as text.
std::optional<std::string> bytes_of(const PickleValue& value) {
  if (value.kind == Kind::bytes || value.kind == Kind::text) return value.text;
  return std::nullopt;
}

/// numpy.dtype('u1', ...), whose state begins with a version and the byte order.
std::optional<NumberType> dtype_of(const PickleValue& value) {
  if (!value.is_call("numpy dtype") || value.items[1]->items.empty()) return std::nullopt;
  const std::string& name = value.items[1]->items[0]->text;
  if (name.size() != 2 || name[1] < '1' || name[1] > '8') return std::nullopt;
  const NumberType type{.kind = name[0],
                        .width = name[1] - '0',
                        .swapped = value.state != nullptr && value.state->items.size() > 1 &&
                                   value.state->items[1]->text == ">"};
  const bool known = std::string_view("fiub").find(type.kind) != std::string_view::npos &&
                     (type.width & (type.width - 1)) == 0 && (type.kind != 'f' || type.width > 1);
  return known ? std::optional(type) : std::nullopt;
}

/// What a pickled NumPy array is made of; nullptrs where the value is none.
struct ArrayParts {
  const PickleValue *shape = nullptr, *type = nullptr, *bytes = nullptr;
  bool columns_first = false;
};

ArrayParts parts_of(const PickleValue& value) {
  for (const char* core : {"numpy.core", "numpy._core"}) {
    const std::string module(core);
    const auto* state = value.state;
    if (value.is_call(module + ".multiarray _reconstruct") && state != nullptr &&
        state->items.size() == 5)
      return {state->items[1], state->items[2], state->items[4], state->items[3]->integer != 0};
    if (value.is_call(module + ".numeric _frombuffer") && value.items[1]->items.size() == 4) {
      const auto& items = value.items[1]->items;
      return {items[2], items[1], items[0], items[3]->text == "F"};
    }
  }
  return {};
}

NumberRows array_rows(const ArrayParts& parts, const std::string& path) {
  const auto type = dtype_of(*parts.type);
  const auto bytes = bytes_of(*parts.bytes);
  require(type && bytes && parts.shape->kind == Kind::list,
          "'{}': its array is not one of plain numbers", path);
  ArrayHeader header{.type = *type, .columns_first = parts.columns_first, .shape = {}};
  for (const PickleValue* side : parts.shape->items) header.shape.push_back(side->integer);
  const auto width = static_cast<std::size_t>(type->width);
  require(header.count(path) * width == bytes->size(),
          "'{}': its array has {} bytes where its shape needs {}", path, bytes->size(),
          header.count(path) * width);
  require(!parts.columns_first || header.shape.size() < 2,
          "'{}': its array is in Fortran order (pickle np.ascontiguousarray of it)", path);
  std::vector<double> numbers(bytes->size() / width);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = number_of(reinterpret_cast<const std::uint8_t*>(bytes->data()) + i * width, *type);
  return rows_of_numbers({.path = path, .type = *type, .shape = header.shape, .next = {}},
                         std::move(numbers));
}

}  // namespace

std::size_t NumberRows::count() const {
  return shape.empty() ? 0 : static_cast<std::size_t>(shape[0]);
}

std::size_t NumberRows::row() const {
  std::size_t numbers = 1;
  for (std::size_t axis = 1; axis < shape.size(); ++axis)
    numbers *= static_cast<std::size_t>(shape[axis]);
  return numbers;
}

NumberRows rows_of(ArrayFile array) {
  NumberRows rows{
      .path = array.path, .type = array.header.type, .shape = array.header.shape, .next = {}};
  (void)array.header.count(array.path);  // checks the shape
  if (array.header.columns_first && rows.shape.size() > 1)
    return rows_of_numbers(std::move(rows), all_numbers(array));
  const std::shared_ptr<ByteStream> stream = std::move(array.numbers);
  rows.next = [stream, type = rows.type, path = rows.path,
               bytes = std::vector<std::uint8_t>()](std::span<double> to) mutable {
    const auto width = static_cast<std::size_t>(type.width);
    bytes.resize(to.size() * width);
    read_exactly(*stream, bytes, path);
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = number_of(bytes.data() + i * width, type);
  };
  rows.finish = [stream, path = rows.path] { require_end(*stream, path); };
  return rows;
}

NumberRows rows_of(Hdf5Numbers numbers, const std::string& path) {
  return {.path = path + ":" + numbers.name,
          .type = {.kind = numbers.kind, .width = numbers.width},
          .shape = numbers.shape,
          .next = std::move(numbers.next)};
}

NumberRows rows_of(const PickleValue& value, const std::string& path) {
  if (const ArrayParts parts = parts_of(value); parts.bytes != nullptr)
    return array_rows(parts, path);
  require(value.kind == Kind::list,
          "'{}' holds no array and no list of numbers where one is needed", path);
  std::vector<double> numbers;
  for (const PickleValue* item : value.items) {
    require(item->kind == Kind::integer || item->kind == Kind::real,
            "'{}' holds a list with something else than numbers", path);
    numbers.push_back(item->kind == Kind::real ? item->real : static_cast<double>(item->integer));
  }
  NumberRows rows{.path = path,
                  .type = {.kind = 'i', .width = 8},
                  .shape = {static_cast<std::int64_t>(numbers.size())},
                  .next = {}};
  return rows_of_numbers(std::move(rows), std::move(numbers));
}

std::vector<double> rest_of(NumberRows& rows) {
  constexpr std::size_t piece = 1 << 18;
  const std::size_t row = std::max<std::size_t>(1, rows.row()), all = rows.count() * rows.row();
  std::vector<double> numbers;
  while (numbers.size() < all) {
    const std::size_t at = numbers.size(), few = std::max<std::size_t>(1, piece / row) * row;
    numbers.resize(std::min(all, at + few));
    rows.next(std::span(numbers).subspan(at));
  }
  if (rows.finish) rows.finish();
  return numbers;
}

}  // namespace lightloom::nn
