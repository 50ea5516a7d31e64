#include "experiments/results/html_text.hpp"

#include <nlohmann/json.hpp>

#include "core/letters.hpp"

namespace lightloom::experiments {
namespace {

std::string_view entity(char letter) {
  switch (letter) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return {};
  }
}

}  // namespace

std::string html_text(std::string_view text) {
  std::string safe;
  for (const char letter : visible_text(text)) {
    const std::string_view instead = entity(letter);
    if (instead.empty())
      safe += letter;
    else
      safe += instead;
  }
  return safe;
}

std::string script_json(const Json& json) {
  std::string safe;
  for (const char letter : json.dump(-1, ' ', false, Json::error_handler_t::replace)) {
    if (letter == '<')
      safe += "\\u003c";
    else
      safe += letter;
  }
  return safe;
}

}  // namespace lightloom::experiments
