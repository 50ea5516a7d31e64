#include "experiments/cards/section_keys.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace lightloom::experiments {

std::string text_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;  // Fowler, Noll, Vo: FNV-1a
  for (const char letter : text) {
    hash ^= static_cast<unsigned char>(letter);
    hash *= 0x100000001b3u;
  }
  return fmt::format("{:016x}", hash);
}

std::string sections_text(const Tree& resolved, std::initializer_list<const char*> keys) {
  Tree part = Tree::mapping();
  for (const char* key : keys)
    if (const Tree* found = resolved.find(key)) part.at_or_add(key) = *found;
  return to_yaml(part);
}

std::string float_identity(const Tree& resolved) {
  return sections_text(resolved, {"dataset", "model", "teacher", "seed"});
}

std::string student_identity(const Tree& resolved, TrainedThrough through) {
  std::string text =
      sections_text(resolved, {"dataset", "model", "weights", "teacher", "train", "seed"});
  if (through != TrainedThrough::nothing)
    text += sections_text(resolved, {"core", "generator", "calibration_images"});
  if (through == TrainedThrough::loop)
    text += sections_text(resolved, {"in_the_loop", "calibration"});
  return text;
}

SectionKeys section_keys(const Tree& resolved, TrainedThrough through) {
  return {
      .data = text_hash(sections_text(resolved, {"dataset", "seed"})),
      .graph = text_hash(sections_text(resolved, {"dataset", "model"})),
      .float_network = text_hash(float_identity(resolved)),
      .student = text_hash(student_identity(resolved, through)),
      .layers = text_hash(sections_text(resolved, {"dataset", "model", "weights", "baselines"}))};
}

}  // namespace lightloom::experiments
