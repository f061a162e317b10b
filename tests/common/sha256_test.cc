#include "common/sha256.h"

#include <gtest/gtest.h>

namespace wan {
namespace {

// FIPS 180-4, examples.
TEST(Sha256, EqualsTheReferenceVectors) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, GoesOnAfterADigest) {
  Sha256 hash;
  hash.Update("a");
  const std::string early = hash.HexDigest();
  hash.Update("bc");
  EXPECT_EQ(early, Sha256Hex("a"));
  EXPECT_EQ(hash.HexDigest(), Sha256Hex("abc"));
}

}  // namespace
}  // namespace wan
