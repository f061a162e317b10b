#ifndef WAN_TESTS_CLIENT_TEMPORARY_FOLDER_H_
#define WAN_TESTS_CLIENT_TEMPORARY_FOLDER_H_

#include <string>

namespace wan {

// An empty folder that goes with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string Path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::string ReadFile(const std::string& path);  // "" when there is none
void WriteFile(const std::string& path, const std::string& content);
bool FileExists(const std::string& path);

}  // namespace wan

#endif  // WAN_TESTS_CLIENT_TEMPORARY_FOLDER_H_
