#include "common/sha256.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace wan {
namespace {

// FIPS 180-4, examples.
TEST(Sha256, EqualsTheReferenceVectors) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, TakesAnyPiecesAcrossBlocks) {
  // FIPS 180-4, one million times 'a'.
  for (const size_t piece : {size_t{1}, size_t{63}, size_t{64}, size_t{65}, size_t{1000}}) {
    Sha256 hash;
    const std::string text(piece, 'a');
    for (size_t done = 0; done < 1000000; done += piece) hash.Update(text.substr(0, std::min(piece, 1000000 - done)));
    EXPECT_EQ(hash.HexDigest(), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0") << piece;
  }
}

TEST(Sha256, PadsEveryLengthAroundABlock) {
  EXPECT_EQ(Sha256Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
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
