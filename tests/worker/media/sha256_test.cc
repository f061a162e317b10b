#include "worker/media/sha256.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/error.h"

namespace wan {
namespace {

// FIPS 180-2, appendix B.
TEST(Sha256, EqualsThePublishedDigests) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, PiecesGiveTheDigestOfTheWhole) {
  const std::string text(1000, 'a');
  Sha256 pieces;
  for (size_t i = 0; i < text.size(); i += 250) {
    pieces.Update({reinterpret_cast<const uint8_t*>(text.data()) + i, 250});
  }
  EXPECT_EQ(pieces.FinishHex(), Sha256Hex(text));
}

TEST(Sha256, FileLargerThanTheBufferGivesTheDigestOfItsBytes) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("wan_sha256_" + std::to_string(getpid()))).string();
  const std::string text((1 << 18) + 17, 'x');
  std::ofstream(path, std::ios::binary) << text;
  const auto digest = Sha256HexOfFile(path);
  std::filesystem::remove(path);
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_EQ(*digest, Sha256Hex(text));
}

TEST(Sha256, AbsentFileIsAStorageErrorWithItsPath) {
  const auto digest = Sha256HexOfFile("/nonexistent/video.mp4");
  EXPECT_TRUE(HasReason(digest.status(), kStorage));
  EXPECT_NE(digest.status().message().find("/nonexistent/video.mp4"), std::string::npos) << digest.status();
}

}  // namespace
}  // namespace wan
