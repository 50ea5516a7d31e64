#include "experiments/results/files/provenance.hpp"

#include "core/error.hpp"
#include "experiments/cards/section_keys.hpp"
#include "experiments/results/files/build_info.hpp"

namespace lightloom::experiments {

std::string card_hash(const Tree& resolved) { return text_hash(to_yaml(resolved)); }

void add_origin(Labelled& data, const Origin& origin) {
  const BuildInfo build = build_info();
  const Tree* name = origin.card.find("name");
  auto& attributes = data.attributes;
  attributes["kind"] = origin.kind;
  attributes["title"] = name != nullptr && !name->scalar.empty() ? name->scalar : origin.kind;
  attributes["card"] = to_yaml(origin.card);
  attributes["card_hash"] = card_hash(origin.card);
  attributes["seed"] =
      fmt::format("{}", origin.seed);  // text: HDF5 readers lose unsigned 64-bit numbers
  attributes["command"] = origin.command;
  attributes["threads"] = std::int64_t{origin.threads};
  attributes["program_version"] = build.version;
  attributes["git_revision"] = build.git_revision;
  attributes["compiler"] = build.compiler;
  attributes["build"] = build.build;
}

std::string text_attribute(const Labelled& data, const std::string& name) {
  const auto found = data.attributes.find(name);
  if (found == data.attributes.end()) return "";
  const auto* text = std::get_if<std::string>(&found->second);
  return text == nullptr ? "" : *text;
}

}  // namespace lightloom::experiments
