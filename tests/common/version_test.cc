#include "common/version.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace wan {
namespace {

TEST(Version, EqualsTheBuildFilesProjectVersion) {
  std::ifstream file(std::string(std::getenv("WAN_SOURCE_DIR")) + "/CMakeLists.txt");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_NE(text.str().find(std::string("VERSION ") + BuildVersion() + " "), std::string::npos) << BuildVersion();
}

}  // namespace
}  // namespace wan
