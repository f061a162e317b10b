#include "worker/text/wrong_encoding.h"

#include <gtest/gtest.h>

namespace wan {
namespace {

TEST(WrongEncoding, FindsUtf8ReadAsWindows1252) {
  for (const char* text : {"schÃ¶n", "itâ€™s", "ðŸ˜€", "Ã¶"}) EXPECT_TRUE(HasWrongEncoding(text)) << text;
}

TEST(WrongEncoding, LeavesOrdinaryTextAlone) {
  for (const char* text : {"", "schön", "crème brûlée à Paris", "it’s “fine”", "Ã", "ä½", "猫", "½ ² ™"}) {
    EXPECT_FALSE(HasWrongEncoding(text)) << text;
  }
}

}  // namespace
}  // namespace wan
