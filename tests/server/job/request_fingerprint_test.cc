#include "server/job/request_fingerprint.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <vector>

namespace wan {
namespace {

TEST(RequestFingerprint, DiffersWhenAnyFieldDoes) {
  const std::vector<std::function<void(GenerationRequest&)>> changes = {
      [](GenerationRequest& r) { r.model = "other"; },
      [](GenerationRequest& r) { r.prompt = "other"; },
      [](GenerationRequest& r) { r.negative_prompt = ""; },
      [](GenerationRequest& r) { r.width = 0; },
      [](GenerationRequest& r) { r.height = 0; },
      [](GenerationRequest& r) { r.num_frames = 5; },
      [](GenerationRequest& r) {
        r.fps = FrameRate{32, 2};
      },
      [](GenerationRequest& r) {
        r.fps = FrameRate{16, 1};
      },
      [](GenerationRequest& r) { r.num_steps = 5; },
      [](GenerationRequest& r) { r.guidance_scale = 0; },
      [](GenerationRequest& r) { r.flow_shift = 0; },
      [](GenerationRequest& r) { r.scheduler = "euler"; },
      [](GenerationRequest& r) { r.seed = 0; },
      [](GenerationRequest& r) { r.seed = 4294967297; },
      [](GenerationRequest& r) { r.num_videos = 1; },
      [](GenerationRequest& r) { r.codec = "h264"; },
  };
  std::set<std::string> seen = {RequestFingerprint(GenerationRequest())};
  for (size_t i = 0; i < changes.size(); ++i) {
    GenerationRequest request;
    changes[i](request);
    EXPECT_TRUE(seen.insert(RequestFingerprint(request)).second) << "change " << i;
    EXPECT_EQ(RequestFingerprint(request), RequestFingerprint(GenerationRequest(request)));
  }
}

}  // namespace
}  // namespace wan
