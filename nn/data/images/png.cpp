#include "core/error.hpp"
#include "nn/data/images/picture.hpp"

#ifdef LIGHTLOOM_HAS_PNG
#include <png.h>

#include <csetjmp>
#include <cstring>
#endif

namespace lightloom::nn {

#ifdef LIGHTLOOM_HAS_PNG
namespace {

/// What libpng reads from and where it leaves its message.
struct PngState {
  const std::string* bytes = nullptr;
  std::size_t at = 0;
  std::string problem;
  png_structp png = nullptr;
  png_infop info = nullptr;

  PngState() = default;
  ~PngState() { png_destroy_read_struct(&png, &info, nullptr); }
  PngState(const PngState&) = delete;
  PngState& operator=(const PngState&) = delete;
};

void png_bytes(png_structp png, png_bytep to, std::size_t count) {
  auto& state = *static_cast<PngState*>(png_get_io_ptr(png));
  if (count > state.bytes->size() - state.at) png_error(png, "it ends too early");
  std::memcpy(to, state.bytes->data() + state.at, count);
  state.at += count;
}

[[noreturn]] void png_problem(png_structp png, png_const_charp message) {
  static_cast<PngState*>(png_get_error_ptr(png))->problem = message;
  png_longjmp(png, 1);
}

void png_ignored(png_structp, png_const_charp) {}

// libpng leaves by longjmp: these two functions hold nothing that needs a destructor.

bool png_header(PngState& state, Picture& picture) {
  if (setjmp(png_jmpbuf(state.png)) != 0) return false;
  png_set_read_fn(state.png, &state, png_bytes);
  png_set_user_limits(state.png, 1 << 16, 1 << 16);
  png_read_info(state.png, state.info);
  png_set_expand(state.png);  // palettes, fewer than 8 bits
  png_set_scale_16(state.png);
  png_set_strip_alpha(state.png);
  png_set_interlace_handling(state.png);
  png_read_update_info(state.png, state.info);
  picture.height = static_cast<int>(png_get_image_height(state.png, state.info));
  picture.width = static_cast<int>(png_get_image_width(state.png, state.info));
  picture.channels = png_get_channels(state.png, state.info);
  return true;
}

bool png_samples(PngState& state, png_bytep* rows) {
  if (setjmp(png_jmpbuf(state.png)) != 0) return false;
  png_read_image(state.png, rows);
  png_read_end(state.png, nullptr);
  return true;
}

}  // namespace

Picture read_png(const std::string& bytes, const std::string& path) {
  PngState state;
  state.bytes = &bytes;
  state.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, png_problem, png_ignored);
  state.info = state.png == nullptr ? nullptr : png_create_info_struct(state.png);
  require(state.info != nullptr, "libpng cannot begin to read '{}'", path);
  Picture picture;
  require(png_header(state, picture), "'{}' cannot be read as PNG ({})", path, state.problem);
  require_possible_size(picture, bytes.size(), path);
  require(picture.channels == 1 || picture.channels == 3, "'{}' has {} channels", path,
          picture.channels);
  const auto row =
      static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.channels);
  picture.samples.resize(row * static_cast<std::size_t>(picture.height));
  std::vector<png_bytep> rows;
  for (std::size_t at = 0; at < picture.samples.size(); at += row)
    rows.push_back(picture.samples.data() + at);
  require(png_samples(state, rows.data()), "'{}' cannot be read as PNG ({})", path, state.problem);
  return picture;
}
#else
Picture read_png(const std::string&, const std::string& path) {
  throw Error(fmt::format(
      "cannot read '{}' (this program was built without libpng: install libpng-dev and rebuild)",
      path));
}
#endif

}  // namespace lightloom::nn
