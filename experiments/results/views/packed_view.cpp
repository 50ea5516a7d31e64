#include "experiments/results/views/packed_view.hpp"

#include <fmt/format.h>

#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"

namespace lightloom::experiments {
namespace {

Json stream_json(const nn::CodedStream& stream) {
  return {{"name", stream.name},
          {"count", stream.words.size()},
          {"bits", stream.bits},
          {"in_ratio", stream.in_ratio},
          {"exposed", stream.exposed}};
}

std::string stream_text(const nn::CodedStream& stream) {
  return fmt::format("{} {} x {} bit{}", stream.name, stream.words.size(), stream.bits,
                     stream.in_ratio ? "" : " (not counted)");
}

}  // namespace

Shown packed_view(const std::string& path, const nn::PackedFile& file) {
  const nn::PackedSize size = nn::size_of(file);
  Shown result{.json = {{"file", path},
                        {"bytes", size.total_bits() / 8},
                        {"ratio_bits", size.ratio_bits},
                        {"extra_bits", size.extra_bits},
                        {"padding_bits", size.padding_bits},
                        {"header_bits", size.header_bits},
                        {"about", Json::object()},
                        {"layers", Json::array()}}};
  for (const auto& [key, value] : file.about) result.json["about"][key] = value;
  TextTable table({"layer", "streams"});
  for (const nn::PackedSection& section : file.sections) {
    Json streams = Json::array();
    std::string text;
    for (const nn::CodedStream& stream : section.streams) {
      streams.push_back(stream_json(stream));
      text += (text.empty() ? "" : ", ") + stream_text(stream);
    }
    result.json["layers"].push_back({{"name", section.layer}, {"streams", std::move(streams)}});
    table.row({section.layer, text});
  }
  result.text = fmt::format(
      "{}\n\n{}\n{} bytes: {} bits counted by `ratio`, {} of scales and statistics, {} of padding, "
      "{} of header\n",
      path, table.text(), size.total_bits() / 8, size.ratio_bits, size.extra_bits,
      size.padding_bits, size.header_bits);
  return result;
}

}  // namespace lightloom::experiments
