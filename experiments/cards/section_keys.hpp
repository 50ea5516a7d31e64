#pragma once

#include <string>
#include <string_view>

#include "core/cards/tree.hpp"

namespace lightloom::experiments {

/// 64-bit FNV-1a of a text, as 16 hexadecimal digits.
std::string text_hash(std::string_view text);

/// What the parts of an experiment depend on, as hashes of sections of its resolved card: equal
/// keys mean equal work.
struct SectionKeys {
  std::string data;           // images and labels
  std::string graph;          // of the network
  std::string float_network;  // its training, or where its weights come from
  std::string student;        // the same of the network on the card's weight source
  std::string layers;         // the weight layers under every source
};

/// What trainings of the float network and of the student depend on, as text: checkpoints keep it.
std::string float_identity(const Tree& resolved);
enum class TrainedThrough {
  nothing,
  core,
  loop,  // the chip that `in_the_loop` fine-tunes on
};
std::string student_identity(const Tree& resolved, TrainedThrough through);

SectionKeys section_keys(const Tree& resolved, TrainedThrough through);

}  // namespace lightloom::experiments
