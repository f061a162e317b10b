#ifndef WAN_TESTS_TESTING_TEMP_FOLDER_H_
#define WAN_TESTS_TESTING_TEMP_FOLDER_H_

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "common/log.h"

namespace wan {

// An empty folder of this test's own; it and what is in it are removed at the end.
class TempFolder {
 public:
  TempFolder() : path_((std::filesystem::temp_directory_path() / "wan-test-XXXXXX").string()) {
    WAN_CHECK(mkdtemp(path_.data()) != nullptr);
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace wan

#endif  // WAN_TESTS_TESTING_TEMP_FOLDER_H_
