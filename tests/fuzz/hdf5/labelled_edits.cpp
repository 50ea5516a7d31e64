#include "tests/fuzz/hdf5/labelled_edits.hpp"

#include <limits>

#include "core/error.hpp"
#include "core/files/labelled_bytes.hpp"

namespace lightloom::fuzz {
namespace {

constexpr std::size_t edit_bytes = 4;
constexpr int kinds = 9;

/// One edit: what is done, to which array or attribute, and two numbers that say how.
struct Edit {
  int kind;
  std::size_t which, how, value;
};

double odd_number(std::size_t which) {
  constexpr double infinity = std::numeric_limits<double>::infinity(),
                   no_number = std::numeric_limits<double>::quiet_NaN();
  constexpr double numbers[] = {0,     -1,    1,    2,    0.5,       1e300,    -1e300,
                                1e-30, 65536, 1e10, 1e19, -infinity, infinity, no_number};
  return numbers[which % std::size(numbers)];
}

std::int64_t odd_integer(std::size_t which) {
  constexpr std::int64_t numbers[] = {0,
                                      -1,
                                      1,
                                      2,
                                      7,
                                      64,
                                      33,
                                      1 << 20,
                                      999'999,
                                      std::int64_t{1} << 40,
                                      std::numeric_limits<std::int64_t>::max(),
                                      std::numeric_limits<std::int64_t>::min()};
  return numbers[which % std::size(numbers)];
}

std::string odd_text(std::size_t which) {
  constexpr const char* texts[] = {"",       "checkpoint", "weights",  "</script><b>",
                                   "{a: 1}", "[",          "\xff\xfe", "mzi",
                                   "dense",  "a: &a [*a]", "1e999"};
  return texts[which % std::size(texts)];
}

template <class T>
T odd(std::size_t which) {
  if constexpr (std::is_same_v<T, std::string>) return odd_text(which);
  if constexpr (std::is_same_v<T, std::int64_t>) return odd_integer(which);
  if constexpr (std::is_floating_point_v<T>) return static_cast<T>(odd_number(which));
}

/// As many values of another type.
Values of_type(std::size_t type, std::size_t count, std::size_t value) {
  switch (type % 4) {
    case 0:
      return std::vector<double>(count, odd<double>(value));
    case 1:
      return std::vector<float>(count, static_cast<float>(value));
    case 2:
      return std::vector<std::int64_t>(count, odd<std::int64_t>(value));
    default:
      return std::vector<std::string>(count, odd<std::string>(value));
  }
}

void resize(Values& values, std::size_t count) {
  std::visit([&](auto& list) { list.resize(count); }, values);
}

void set_element(Values& values, std::size_t at, std::size_t value) {
  std::visit(
      [&]<class T>(std::vector<T>& list) {
        if (!list.empty()) list[at % list.size()] = odd<T>(value);
      },
      values);
}

/// Gives the array the size that its axes have.
void fit(const Labelled& data, Variable& variable) {
  std::size_t size = 1;
  for (const std::string& name : variable.axes)
    if (const Axis* axis = data.axis(name)) size *= size_of(axis->values);
  resize(variable.values, size);
}

void edit_attribute(Labelled& data, const Edit& edit) {
  if (data.attributes.empty()) return;
  const auto at = std::next(data.attributes.begin(),
                            static_cast<std::ptrdiff_t>(edit.which % data.attributes.size()));
  if (edit.how % 4 == 0) {
    data.attributes.erase(at);
  } else if (edit.how % 4 == 1) {
    at->second = odd_number(edit.value);
  } else if (edit.how % 4 == 2) {
    at->second = odd_integer(edit.value);
  } else {
    at->second = odd_text(edit.value);
  }
}

void edit_axis(Labelled& data, const Edit& edit) {
  if (data.axes.empty()) return;
  Axis& axis = data.axes[edit.which % data.axes.size()];
  if (edit.kind == 0) {
    resize(axis.values, edit.value % 20);
  } else {
    axis.values = of_type(edit.how, size_of(axis.values), edit.value);
  }
  for (Variable& variable : data.variables) fit(data, variable);
}

void edit_axes_of(Labelled& data, Variable& variable, const Edit& edit) {
  if (edit.how % 2 == 0 || data.axes.empty()) {
    if (!variable.axes.empty()) variable.axes.pop_back();
  } else {
    variable.axes.push_back(data.axes[edit.value % data.axes.size()].name);
    if (variable.axes.size() > 4) variable.axes.pop_back();
  }
  fit(data, variable);
}

void edit_variable(Labelled& data, const Edit& edit) {
  if (data.variables.empty()) return;
  const std::size_t at = edit.which % data.variables.size();
  Variable& variable = data.variables[at];
  if (edit.kind == 2) {
    data.variables.erase(data.variables.begin() + static_cast<std::ptrdiff_t>(at));
  } else if (edit.kind == 3) {
    variable.values = of_type(edit.how, size_of(variable.values), edit.value);
  } else if (edit.kind == 4) {
    set_element(variable.values, edit.how, edit.value);
  } else if (edit.kind == 5) {
    variable.name += odd_text(edit.value) + "x";
  } else if (edit.kind == 6) {
    std::swap(variable.values, data.variables[edit.value % data.variables.size()].values);
    for (Variable& one : data.variables) fit(data, one);
  } else {
    edit_axes_of(data, variable, edit);
  }
}

}  // namespace

Labelled edited(const Labelled& base, Input input) {
  Labelled data = base;
  for (std::size_t at = 0; at + edit_bytes <= input.size() && at < 16 * edit_bytes;
       at += edit_bytes) {
    const Edit edit{input[at] % kinds, input[at + 1], input[at + 2], input[at + 3]};
    if (edit.kind <= 1) edit_axis(data, edit);
    if (edit.kind >= 2 && edit.kind <= 7) edit_variable(data, edit);
    if (edit.kind == 8) edit_attribute(data, edit);
  }
  return data;
}

const std::string& edited_file(const Labelled& base, Input input) {
  static const std::string name = "input.h5";
  try {
    const std::string bytes = labelled_bytes(edited(base, input));
    return file_of({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, name);
  } catch (const Failure& no_such_file) {  // a name that HDF5 does not take
    throw Error(no_such_file.what());
  }
}

std::vector<Seed> edit_seeds() {
  std::vector<Seed> all{{"sound", {}}};
  for (int kind = 0; kind < kinds; ++kind)
    all.push_back({"edit-" + std::to_string(kind), {static_cast<std::uint8_t>(kind), 1, 1, 3}});
  return all;
}

}  // namespace lightloom::fuzz
