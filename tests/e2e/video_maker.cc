#include "tests/e2e/video_maker.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace wan {

MadeVideos Generate(House& house, const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {"generate", "-o", "json"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const House::Result result = house.Wanctl(command);
  if (result.exit_code != 0) {
    ADD_FAILURE() << "wanctl ended with " << result.exit_code << ": " << result.err;
    return {};
  }
  MadeVideos made = {.job = nlohmann::json::parse(result.out), .videos = {}};
  for (const auto& video : made.job.at("videos")) {
    auto decoded = ReadVideo(house.Path(video.at("path")));
    if (!decoded.ok()) {
      ADD_FAILURE() << decoded.status().ToString();
      return {};
    }
    made.videos.push_back(*std::move(decoded));
  }
  return made;
}

std::string GeneratedFrames(House& house, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--codec", "ffv1"});
  const MadeVideos made = Generate(house, arguments);
  if (made.videos.size() != 1) {
    ADD_FAILURE() << made.videos.size() << " videos, not one";
    return "";
  }
  return FramesSha256(made.videos[0].frames);
}

std::string GoldenModelYaml() {
  return R"(models:
  - name: t2v21
    display_name: Model of the golden cases
    tasks: [t2v]
    defaults: {width: 32, height: 32, num_frames: 5, fps: 16, num_steps: 2, guidance_scale: 5, flow_shift: 3,
               scheduler: unipc, negative_prompt: ""}
    limits: {size_multiple: 16, min_side: 16, max_side: 128, max_pixels: 16384, max_frames: 81, max_steps: 1000,
             max_videos: 8, max_prompt_bytes: 2048}
)";
}

HouseOptions GoldenHouse() {
  const char* source = std::getenv("WAN_SOURCE_DIR");
  return {.model = "t2v21",
          .checkpoint = std::string(source == nullptr ? "." : source) + "/tests/golden/models/t2v21",
          .models_yaml = GoldenModelYaml()};
}

}  // namespace wan
