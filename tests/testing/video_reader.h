#ifndef WAN_TESTS_TESTING_VIDEO_READER_H_
#define WAN_TESTS_TESTING_VIDEO_READER_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace wan {

// As libav gives it, not reduced.
struct Rational {
  int64_t numerator = 0;
  int64_t denominator = 1;
  // As quotients: 2/32 equals 1/16.
  friend bool operator==(const Rational& a, const Rational& b) {
    return a.numerator * b.denominator == b.numerator * a.denominator;
  }
};
void PrintTo(const Rational& rational, std::ostream* stream);  // for gtest

// A video file decoded by libav, and what a player learns from it. Enumerations by libav's names ("bt709", "tv").
struct DecodedVideo {
  std::string codec;      // "h264", "ffv1"
  std::string codec_tag;  // "avc1"
  std::string profile;    // "High"
  std::string pixel_format;
  std::string color_range;
  std::string color_space;
  std::string color_primaries;
  std::string color_transfer;
  std::string chroma_location;
  int64_t width = 0;
  int64_t height = 0;
  Rational sample_aspect_ratio;
  Rational average_frame_rate;
  Rational start_seconds;      // of the stream
  Rational duration_seconds;   // of the stream; the container's where the stream tells none
  Rational container_seconds;  // in microseconds
  int64_t num_packets = 0;
  bool has_parameter_sets = false;  // in the header
  std::vector<std::string> boxes;   // MP4: names of the top-level boxes, in order
  std::map<std::string, std::string> metadata;
  std::vector<Rational> frame_times_seconds;  // of each frame shown
  int64_t num_frames = 0;
  std::vector<uint8_t> frames;  // [num_frames, height, width, 3] RGB; from YUV by the matrix that the file names

  std::span<const uint8_t> frame(int64_t index) const {
    const size_t bytes = static_cast<size_t>(width * height * 3);
    return std::span(frames).subspan(index * bytes, bytes);
  }
};

// Error: INTERNAL with what failed.
absl::StatusOr<DecodedVideo> ReadVideo(const std::string& path);

// SHA-256 of frames one after the other, 64 lower-case hexadecimal digits: what `wan_verify --json` reports.
std::string FramesSha256(std::span<const uint8_t> frames);

}  // namespace wan

#endif  // WAN_TESTS_TESTING_VIDEO_READER_H_
