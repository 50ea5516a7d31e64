#include "core/cards/content_text.hpp"

namespace lightloom {
namespace {

void add_text(std::string& all, char kind, const std::string& text) {
  all += kind;
  all += std::to_string(text.size());
  all += ':';
  all += text;
}

void add_content(std::string& all, const Tree& tree) {
  switch (tree.kind) {
    case Tree::Kind::null:
      all += 'n';
      break;
    case Tree::Kind::scalar:
      add_text(all, 's', tree.scalar);
      break;
    case Tree::Kind::list:
      all += '[';
      for (const Tree& item : tree.items) add_content(all, item);
      all += ']';
      break;
    case Tree::Kind::mapping:
      all += '{';
      for (const auto& [key, value] : tree.pairs) {
        add_text(all, 'k', key);
        add_content(all, value);
      }
      all += '}';
      break;
  }
}

}  // namespace

std::string content_text(const Tree& tree) {
  std::string all;
  add_content(all, tree);
  return all;
}

}  // namespace lightloom
