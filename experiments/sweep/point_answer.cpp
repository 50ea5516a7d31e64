#include "experiments/sweep/point_answer.hpp"

#include <cstdint>
#include <cstring>
#include <vector>

#include "core/error.hpp"
#include "experiments/ranks/crew_messages.hpp"

namespace lightloom::experiments {
namespace {

constexpr char of_values = 'v', of_error = 'e', of_failure = 'f';

void put(MessageWriter& message, const Values& values) {
  message.number(values.index());
  message.number(size_of(values));
  std::visit(
      [&]<class T>(const std::vector<T>& list) {
        if constexpr (std::is_same_v<T, std::string>)
          for (const std::string& one : list) message.text(one);
        else
          message.text({reinterpret_cast<const char*>(list.data()), sizeof(T) * list.size()});
      },
      values);
}

template <class T>
Values take_list(MessageReader& message, std::size_t size) {
  std::vector<T> list;
  if constexpr (std::is_same_v<T, std::string>) {
    while (list.size() < size) list.emplace_back(message.text());
  } else {
    const std::string_view bytes = message.text();
    if (bytes.size() != sizeof(T) * size) throw Failure("an answer of another process is damaged");
    list.resize(size);
    if (size > 0) std::memcpy(list.data(), bytes.data(), bytes.size());
  }
  return list;
}

Values take_values(MessageReader& message) {
  const std::size_t kind = message.number(), size = message.number();
  switch (kind) {
    case 0:
      return take_list<double>(message, size);
    case 1:
      return take_list<float>(message, size);
    case 2:
      return take_list<std::int64_t>(message, size);
    default:
      return take_list<std::string>(message, size);
  }
}

bool is_kept(const Variable& variable) {
  return !std::holds_alternative<std::vector<std::string>>(variable.values);
}

std::string text_of(const Labelled& data) {
  MessageWriter message(of_values);
  message.number(data.axes.size());
  for (const Axis& axis : data.axes) {
    for (const std::string* text : {&axis.name, &axis.unit, &axis.long_name}) message.text(*text);
    put(message, axis.values);
  }
  std::size_t kept = 0;
  for (const Variable& variable : data.variables) kept += is_kept(variable) ? 1U : 0U;
  message.number(kept);
  for (const Variable& variable : data.variables) {
    if (!is_kept(variable)) continue;
    for (const std::string* text : {&variable.name, &variable.unit, &variable.long_name})
      message.text(*text);
    put(message, Values(variable.axes));
    put(message, variable.values);
  }
  for (const auto& [name, value] : data.attributes)
    if (const auto* text = std::get_if<std::string>(&value)) {
      message.text(name);
      message.text(*text);
    }
  return message.take();
}

Labelled values_of(MessageReader& message) {
  const auto text = [&] { return std::string(message.text()); };
  Labelled data;
  for (std::size_t left = message.number(); left > 0; --left) {
    Axis axis{.name = text(), .values = {}, .unit = text(), .long_name = text()};
    axis.values = take_values(message);
    data.add_axis(std::move(axis));
  }
  for (std::size_t left = message.number(); left > 0; --left) {
    Variable variable{.name = text(), .unit = text(), .long_name = text()};
    variable.axes = std::get<std::vector<std::string>>(take_values(message));
    variable.values = take_values(message);
    data.add(std::move(variable));
  }
  while (!message.at_end()) {
    std::string name = text();
    data.attributes[std::move(name)] = text();
  }
  return data;
}

std::string problem(char kind, const char* what) {
  MessageWriter message(kind);
  message.text(what);
  return message.take();
}

}  // namespace

std::string to_answer(const PointResult& result) {
  if (!result.error) return text_of(result.values);
  try {
    std::rethrow_exception(result.error);
  } catch (const Error& error) {
    return problem(of_error, error.what());
  } catch (const std::exception& error) {
    return problem(of_failure, error.what());
  }
}

PointResult from_answer(std::string_view answer) {
  if (answer.empty()) throw Failure("an answer of another process is empty");
  MessageReader message(answer.substr(1));
  if (answer.front() == of_values) return {.values = values_of(message), .error = {}};
  const std::string what(message.text());
  if (answer.front() == of_error)
    return {.values = {}, .error = std::make_exception_ptr(Error(what))};
  return {.values = {}, .error = std::make_exception_ptr(Failure(what))};
}

}  // namespace lightloom::experiments
