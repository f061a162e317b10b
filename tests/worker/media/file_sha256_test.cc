#include "worker/media/file_sha256.h"

#include <gtest/gtest.h>

#include <fstream>

#include "common/error.h"
#include "common/sha256.h"
#include "tests/worker/media/scratch_folder.h"

namespace wan {
namespace {

TEST(FileSha256, FileLargerThanTheBufferGivesTheDigestOfItsBytes) {
  const ScratchFolder folder;
  const std::string text((1 << 18) + 17, 'x');
  std::ofstream(folder.File("a"), std::ios::binary) << text;
  const auto digest = FileSha256(folder.File("a"));
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_EQ(*digest, Sha256Hex(text));
}

TEST(FileSha256, WhatCannotBeReadIsAStorageErrorWithItsPath) {
  const ScratchFolder folder;
  for (const std::string& path : {folder.File("absent"), folder.path()}) {  // a folder opens, and then does not read
    const auto digest = FileSha256(path);
    EXPECT_TRUE(HasReason(digest.status(), kStorage)) << path;
    EXPECT_NE(digest.status().message().find(path), std::string::npos) << digest.status();
  }
}

}  // namespace
}  // namespace wan
