#include "core/error.hpp"
#include "nn/data/images/picture.hpp"

#ifdef LIGHTLOOM_HAS_JPEG
#include <jerror.h>
#include <jpeglib.h>

#include <csetjmp>
#include <cstdio>
#endif

namespace lightloom::nn {

#ifdef LIGHTLOOM_HAS_JPEG
namespace {

/// The library's error state with a way out of it.
struct JpegProblem {
  jpeg_error_mgr manager{};  // first: libjpeg knows this part alone
  std::jmp_buf way_out{};
  char message[JMSG_LENGTH_MAX] = {};
  jpeg_progress_mgr progress{};
};

/// Programs write a dozen scans at most, and every one costs a pass over the whole image, be it
/// empty: a file of a megabyte could keep us for days.
constexpr int most_scans = 200;

JpegProblem& problem_of(j_common_ptr jpeg) { return *reinterpret_cast<JpegProblem*>(jpeg->err); }

[[noreturn]] void leave_jpeg(j_common_ptr jpeg) {
  JpegProblem& problem = problem_of(jpeg);
  problem.manager.format_message(jpeg, problem.message);
  std::longjmp(problem.way_out, 1);
}

void note_jpeg(j_common_ptr jpeg, int level) {
  JpegProblem& problem = problem_of(jpeg);
  const int code = problem.manager.msg_code;
  // Harmless oddities of cameras are warnings too; a cut-off file is one that goes on in grey.
  if (level >= 0 || (code != JWRN_JPEG_EOF && code != JWRN_HIT_MARKER)) return;
  leave_jpeg(jpeg);
}

void limit_scans(j_common_ptr jpeg) {
  if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number <= most_scans) return;
  JpegProblem& problem = problem_of(jpeg);
  std::snprintf(problem.message, sizeof problem.message, "it has more than %d scans", most_scans);
  std::longjmp(problem.way_out, 1);
}

/// Owns a decompressor.
struct JpegState {
  jpeg_decompress_struct jpeg{};
  JpegProblem problem;

  JpegState() {
    jpeg.err = jpeg_std_error(&problem.manager);
    problem.manager.error_exit = leave_jpeg;
    problem.manager.emit_message = note_jpeg;
    problem.progress.progress_monitor = limit_scans;
  }
  ~JpegState() { jpeg_destroy_decompress(&jpeg); }
  JpegState(const JpegState&) = delete;
  JpegState& operator=(const JpegState&) = delete;
};

// libjpeg leaves by longjmp: these two functions hold nothing that needs a destructor.

bool jpeg_header(JpegState& state, const std::string& bytes, Picture& picture) {
  if (setjmp(state.problem.way_out) != 0) return false;
  jpeg_create_decompress(&state.jpeg);
  state.jpeg.progress = &state.problem.progress;
  jpeg_mem_src(&state.jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&state.jpeg, TRUE);
  state.jpeg.out_color_space = state.jpeg.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_calc_output_dimensions(&state.jpeg);
  picture.height = static_cast<int>(state.jpeg.output_height);
  picture.width = static_cast<int>(state.jpeg.output_width);
  picture.channels = state.jpeg.num_components == 1 ? 1 : 3;
  return true;
}

bool jpeg_samples(JpegState& state, Picture& picture) {
  if (setjmp(state.problem.way_out) != 0) return false;
  jpeg_start_decompress(&state.jpeg);
  const std::size_t row =
      std::size_t{state.jpeg.output_width} * static_cast<std::size_t>(state.jpeg.output_components);
  while (state.jpeg.output_scanline < state.jpeg.output_height) {
    JSAMPROW to = picture.samples.data() + state.jpeg.output_scanline * row;
    jpeg_read_scanlines(&state.jpeg, &to, 1);
  }
  jpeg_finish_decompress(&state.jpeg);
  return true;
}

}  // namespace

Picture read_jpeg(const std::string& bytes, const std::string& path) {
  JpegState state;
  Picture picture;
  const auto check = [&](bool done) {
    require(done, "'{}' cannot be read as JPEG ({})", path, state.problem.message);
  };
  check(jpeg_header(state, bytes, picture));
  require(state.jpeg.num_components == 1 || state.jpeg.num_components == 3,
          "'{}' is a JPEG of {} components (grey and colour ones of three are read: convert it to "
          "RGB)",
          path, state.jpeg.num_components);
  require_possible_size(picture, bytes.size(), path);
  picture.samples.resize(static_cast<std::size_t>(picture.height) *
                         static_cast<std::size_t>(picture.width) *
                         static_cast<std::size_t>(picture.channels));
  check(jpeg_samples(state, picture));
  return picture;
}
#else
Picture read_jpeg(const std::string&, const std::string& path) {
  throw Error(
      fmt::format("cannot read '{}' (this program was built without libjpeg: install "
                  "libjpeg-dev and rebuild)",
                  path));
}
#endif

}  // namespace lightloom::nn
