#include "client/wanctl/output_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wan {
namespace {

using testing::HasSubstr;

TEST(OutputFiles, IndexStandsBeforeTheExtension) {
  EXPECT_EQ(IndexedPath("clip.mp4", 0), "clip-0.mp4");
  EXPECT_EQ(IndexedPath("out.d/clip", 1), "out.d/clip-1");
  EXPECT_EQ(IndexedPath("a/.hidden", 2), "a/.hidden-2");
  EXPECT_EQ(IndexedPath("a.b.mkv", 3), "a.b-3.mkv");
}

TEST(OutputFiles, DefaultNameIsJobAndContainer) {
  v1::Video video;
  video.set_container("mkv");
  video.set_index(1);
  EXPECT_EQ(OutputPath(std::nullopt, "01JD8W3Q", video, false), "01JD8W3Q.mkv");
  EXPECT_EQ(OutputPath(std::nullopt, "01JD8W3Q", video, true), "01JD8W3Q-1.mkv");
  EXPECT_EQ(OutputPath("clip.mp4", "01JD8W3Q", video, false), "clip.mp4");
}

TEST(OutputFiles, ServerCannotLeadThePathElsewhere) {
  v1::Video video;
  video.set_container("mp4/../../x");
  EXPECT_EQ(OutputPath(std::nullopt, "../job", video, false), "___job.mp4_______x");
}

TEST(OutputFiles, ContradictingExtensionIsNamed) {
  EXPECT_FALSE(ExtensionWarning("clip.mp4", "h264").has_value());
  EXPECT_FALSE(ExtensionWarning("clip.MKV", "ffv1").has_value());
  EXPECT_FALSE(ExtensionWarning("clip", "ffv1").has_value());
  EXPECT_FALSE(ExtensionWarning("clip.webm", "codec of a newer server").has_value());
  EXPECT_THAT(*ExtensionWarning("clip.mp4", "ffv1"), HasSubstr("ffv1 in a .mkv container"));
  EXPECT_TRUE(ExtensionWarning("clip.avi", "h264").has_value());
}

}  // namespace
}  // namespace wan
