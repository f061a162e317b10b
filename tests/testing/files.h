#ifndef WAN_TESTS_TESTING_FILES_H_
#define WAN_TESTS_TESTING_FILES_H_

#include <string>

namespace wan {

// A folder that is removed with all that is in it at the end of the test.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

void WriteFile(const std::string& path, const std::string& bytes);
std::string ReadFile(const std::string& path);
bool FileExists(const std::string& path);

// A safetensors file of a header written by hand and data bytes; the header may be wrong on purpose.
std::string SafetensorsBytes(const std::string& header, const std::string& data);

}  // namespace wan

#endif  // WAN_TESTS_TESTING_FILES_H_
