#include "worker/media/video_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/version.h"

namespace wan {
namespace {

using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(VideoMetadata, NamesModelOwnSeedPromptHashAndVersionButNotThePrompt) {
  GenerationSpec spec;
  spec.model = "wan-shapes";
  spec.prompt = "abc";
  spec.seed = 9223372036854775800;  // a 64-bit seed keeps all its digits
  EXPECT_THAT(VideoMetadata(spec, 3),
              UnorderedElementsAre(
                  Pair("wan_model", "wan-shapes"), Pair("wan_seed", "9223372036854775803"),
                  Pair("wan_prompt_sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
                  Pair("wan_version", BuildVersion())));
}

}  // namespace
}  // namespace wan
