#ifndef WAN_TESTS_E2E_VIDEO_MAKER_H_
#define WAN_TESTS_E2E_VIDEO_MAKER_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/testing/house.h"
#include "tests/testing/video_reader.h"

namespace wan {

// What `wanctl generate -o json` gave.
struct MadeVideos {
  nlohmann::json job;
  std::vector<DecodedVideo> videos;
};

// `wanctl generate` with these arguments, and the files decoded. A failure is a failure of the test; the result is
// empty then.
MadeVideos Generate(House& house, const std::vector<std::string>& arguments);

// The same, of one video; FramesSha256 of what `--codec ffv1` gave.
std::string GeneratedFrames(House& house, std::vector<std::string> arguments);

// The catalogue for the model of the golden cases: sides and frames from the smallest on.
std::string GoldenModelYaml();
HouseOptions GoldenHouse();

}  // namespace wan

#endif  // WAN_TESTS_E2E_VIDEO_MAKER_H_
