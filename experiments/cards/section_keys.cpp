#include "experiments/cards/section_keys.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <initializer_list>

#include "core/cards/content_text.hpp"

namespace lightloom::experiments {

std::string text_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;  // Fowler, Noll, Vo: FNV-1a
  for (const char letter : text) {
    hash ^= static_cast<unsigned char>(letter);
    hash *= 0x100000001b3u;
  }
  return fmt::format("{:016x}", hash);
}

namespace {

using Sections = std::initializer_list<const char*>;
constexpr Sections data_sections{"dataset", "seed"};
constexpr Sections graph_sections{"dataset", "model"};
constexpr Sections float_sections{"dataset", "model", "teacher", "seed"};
constexpr Sections student_sections{"dataset", "model", "weights", "teacher", "train", "seed"};
constexpr Sections core_sections{"core", "generator", "calibration_images"};
constexpr Sections loop_sections{"in_the_loop", "calibration"};
constexpr Sections layer_sections{"dataset", "model", "weights", "baselines"};

/// What a text is made by: of some sections of a card.
using TextOf = std::string (*)(const Tree& resolved, Sections sections);

std::string yaml_of(const Tree& resolved, Sections sections) {
  Tree part = Tree::mapping();
  for (const char* key : sections)
    if (const Tree* found = resolved.find(key)) part.at_or_add(key) = *found;
  return to_yaml(part);
}

std::string content_of(const Tree& resolved, Sections sections) {
  std::string text;
  for (const char* key : sections) {
    const Tree* found = resolved.find(key);
    text += found == nullptr ? "-" : content_text(*found);
  }
  return text;
}

std::string student_text(const Tree& resolved, TrainedThrough through, TextOf text_of) {
  std::string text = text_of(resolved, student_sections);
  if (through != TrainedThrough::nothing) text += text_of(resolved, core_sections);
  if (through == TrainedThrough::loop) text += text_of(resolved, loop_sections);
  return text;
}

}  // namespace

std::string float_identity(const Tree& resolved) { return yaml_of(resolved, float_sections); }

std::string student_identity(const Tree& resolved, TrainedThrough through) {
  return student_text(resolved, through, yaml_of);
}

SectionKeys section_keys(const Tree& resolved, TrainedThrough through) {
  return {.data = text_hash(content_of(resolved, data_sections)),
          .graph = text_hash(content_of(resolved, graph_sections)),
          .float_network = text_hash(content_of(resolved, float_sections)),
          .student = text_hash(student_text(resolved, through, content_of)),
          .layers = text_hash(content_of(resolved, layer_sections))};
}

}  // namespace lightloom::experiments
