// The demo model obeys its prompt, as read from the MP4 that a user gets.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "tests/e2e/video_maker.h"

namespace wan {
namespace {

using Colour = std::array<int, 3>;

struct NamedColour {
  const char* name;
  Colour colour;
};
// The words that the model knows.
constexpr NamedColour kPalette[] = {
    {"red", {220, 50, 47}},     {"green", {50, 175, 75}},   {"blue", {55, 85, 210}},    {"yellow", {230, 205, 45}},
    {"orange", {235, 135, 35}}, {"purple", {140, 65, 175}}, {"white", {235, 235, 235}}, {"black", {25, 25, 25}},
};

int SquaredDistance(const Colour& a, const Colour& b) {
  int sum = 0;
  for (int i = 0; i < 3; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

std::string NameOf(const Colour& colour) {
  const char* name = nullptr;
  int best = std::numeric_limits<int>::max();
  for (const NamedColour& known : kPalette) {
    const int distance = SquaredDistance(colour, known.colour);
    if (distance >= best) continue;
    best = distance;
    name = known.name;
  }
  return name;
}

struct Scene {
  std::string background;
  std::string object;
  double object_share = 0;  // of the frame
  double x = 0;             // centroid of the object, pixels
  double y = 0;
  // Of the box around the object, what it covers: a square 1, a circle pi / 4, a triangle 1 / 2.
  double box_share = 0;
};

// The background is the corners' mean colour; the object is what differs from it clearly.
Scene Look(const DecodedVideo& video, int64_t frame) {
  const auto pixels = video.frame(frame);
  const auto at = [&](int64_t x, int64_t y) {
    const size_t first = static_cast<size_t>((y * video.width + x) * 3);
    return Colour{pixels[first], pixels[first + 1], pixels[first + 2]};
  };
  Colour background = {0, 0, 0};
  for (const int64_t x : {int64_t{0}, video.width - 1}) {
    for (const int64_t y : {int64_t{0}, video.height - 1}) {
      for (int i = 0; i < 3; ++i) background[i] += at(x, y)[i] / 4;
    }
  }
  constexpr int kClear = 100 * 100;
  Scene scene = {.background = NameOf(background)};
  std::array<int64_t, 3> sum = {0, 0, 0};
  int64_t count = 0, left = video.width, right = -1, top = video.height, bottom = -1;
  for (int64_t y = 0; y < video.height; ++y) {
    for (int64_t x = 0; x < video.width; ++x) {
      const Colour colour = at(x, y);
      if (SquaredDistance(colour, background) < kClear) continue;
      for (int i = 0; i < 3; ++i) sum[i] += colour[i];
      scene.x += static_cast<double>(x);
      scene.y += static_cast<double>(y);
      left = std::min(left, x), right = std::max(right, x), top = std::min(top, y), bottom = std::max(bottom, y);
      ++count;
    }
  }
  if (count == 0) return scene;
  scene.object =
      NameOf({static_cast<int>(sum[0] / count), static_cast<int>(sum[1] / count), static_cast<int>(sum[2] / count)});
  scene.object_share = static_cast<double>(count) / static_cast<double>(video.width * video.height);
  scene.x /= static_cast<double>(count);
  scene.y /= static_cast<double>(count);
  scene.box_share = static_cast<double>(count) / static_cast<double>((right - left + 1) * (bottom - top + 1));
  return scene;
}

struct Trial {
  const char* name;
  const char* prompt;
  const char* seed;
  const char* object;
  const char* background;
  int right;  // direction: 1, 0, -1
  int down;
  double least_box_share;
  double most_box_share;
};
void PrintTo(const Trial& trial, std::ostream* stream) { *stream << trial.prompt; }

class DemoTest : public testing::TestWithParam<Trial> {};

TEST_P(DemoTest, ColoursAndDirectionAreThoseOfThePrompt) {
  const Trial& trial = GetParam();
  House house({});
  house.Start();
  const MadeVideos made =
      Generate(house, {"--model", "wan-shapes", "--prompt", trial.prompt, "--seed", trial.seed, "--codec", "h264"});
  ASSERT_EQ(made.videos.size(), 1u);
  const DecodedVideo& video = made.videos[0];
  EXPECT_EQ(video.codec, "h264");
  ASSERT_EQ(video.num_frames, 17);

  const Scene first = Look(video, 0), middle = Look(video, 8), last = Look(video, 16);
  for (const Scene& scene : {first, middle, last}) {
    EXPECT_EQ(scene.background, trial.background);
    EXPECT_EQ(scene.object, trial.object);
    EXPECT_GT(scene.object_share, 0.03);
    EXPECT_LT(scene.object_share, 0.4);
  }
  EXPECT_GE(middle.box_share, trial.least_box_share);
  EXPECT_LE(middle.box_share, trial.most_box_share);
  constexpr double kFar = 16, kStill = 4;  // pixels, of 64
  const double moved_right = last.x - first.x, moved_down = last.y - first.y;
  if (trial.right != 0) {
    EXPECT_GT(moved_right * trial.right, kFar);
    EXPECT_LT(std::abs(moved_down), kStill);
  } else {
    EXPECT_GT(moved_down * trial.down, kFar);
    EXPECT_LT(std::abs(moved_right), kStill);
  }
}

INSTANTIATE_TEST_SUITE_P(Prompts, DemoTest,
                         testing::Values(Trial{"RedCircle", "a red circle moving right on a blue background", "1",
                                               "red", "blue", 1, 0, 0.65, 0.88},
                                         Trial{"GreenSquare", "a green square moving left on a white background", "1",
                                               "green", "white", -1, 0, 0.9, 1},
                                         Trial{"YellowTriangle", "a yellow triangle moving up on a black background",
                                               "1", "yellow", "black", 0, -1, 0.4, 0.64}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace wan
