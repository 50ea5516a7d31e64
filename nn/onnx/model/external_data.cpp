#include "nn/onnx/model/proto.hpp"

#ifdef LIGHTLOOM_HAS_ONNX

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

#include "core/error.hpp"

namespace lightloom::nn::onnx {
namespace {

namespace fs = std::filesystem;

/// What the tensor says about its data.
struct Place {
  std::string location;
  std::uintmax_t offset = 0, length = 0;
  bool whole = true;  // to the end of the file: no length is given
};

std::uintmax_t count_of(const std::string& text, const std::string& where) {
  std::uintmax_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  require(problem == std::errc() && end == text.data() + text.size(),
          "{} gives '{}' as an offset or length (a whole number of bytes is needed)", where, text);
  return value;
}

Place place_of(const ::onnx::TensorProto& tensor, const std::string& where) {
  Place place;
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") place.location = entry.value();
    if (entry.key() == "offset") place.offset = count_of(entry.value(), where);
    if (entry.key() == "length") {
      place.length = count_of(entry.value(), where);
      place.whole = false;
    }
  }
  require(!place.location.empty(), "{} does not name the file of its data (the model is damaged)",
          where);
  return place;
}

/// The file, once it is certain that it lies in or below `folder`.
fs::path file_within(const fs::path& folder, const Place& place, const std::string& where) {
  const fs::path named = fs::path(place.location).lexically_normal();
  const bool climbs =
      std::any_of(named.begin(), named.end(), [](const fs::path& part) { return part == ".."; });
  require(!named.is_absolute() && !climbs,
          "{} points to '{}' (data may only lie in or below the model's own folder)", where,
          place.location);
  std::error_code missing;
  const fs::path home = fs::canonical(folder, missing);
  const fs::path file = fs::canonical(home / named, missing);
  require(!missing, "{} keeps its data in '{}', which is missing beside the model (copy it there)",
          where, place.location);
  const auto end_of_home = std::mismatch(home.begin(), home.end(), file.begin(), file.end()).first;
  require(end_of_home == home.end(),
          "{} points to '{}', a link out of the model's folder (copy the file there)", where,
          place.location);
  require(fs::is_regular_file(file), "{} points to '{}' (not a regular file)", where,
          place.location);
  return file;
}

}  // namespace

std::string external_bytes(const ::onnx::TensorProto& tensor, const std::string& path) {
  const std::string where = fmt::format("'{}': tensor '{}'", path, tensor.name());
  Place place = place_of(tensor, where);
  const fs::path parent = fs::path(path).parent_path();
  const fs::path file = file_within(parent.empty() ? "." : parent, place, where);
  const std::uintmax_t size = fs::file_size(file);
  require(place.offset <= size && (place.whole || place.length <= size - place.offset),
          "{} needs bytes {} to {} of '{}' (which has only {}: it is cut short, or another "
          "model's)",
          where, place.offset, place.offset + place.length, place.location, size);
  if (place.whole) place.length = size - place.offset;
  require(place.length <= std::uintmax_t{1} << 36, "{} has more than 2^36 bytes", where);
  std::string bytes(static_cast<std::size_t>(place.length), '\0');
  std::ifstream in(file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(place.offset));
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  require(in.good(), "{}: cannot read '{}'", where, place.location);
  return bytes;
}

}  // namespace lightloom::nn::onnx

#endif
