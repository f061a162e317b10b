#ifndef WAN_TESTS_WORKER_MEDIA_SCRATCH_FOLDER_H_
#define WAN_TESTS_WORKER_MEDIA_SCRATCH_FOLDER_H_

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mount.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace wan {

// A folder of a test's own, removed with it.
class ScratchFolder {
 public:
  ScratchFolder() : path_((std::filesystem::temp_directory_path() / "wan_media_XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) ADD_FAILURE() << "mkdtemp " << path_;
  }
  ~ScratchFolder() {
    if (is_mounted_) umount(path_.c_str());
    std::filesystem::remove_all(path_);
  }

  // Makes it a disk of `kib` KiB; false where this process may not mount.
  bool LimitTo(int64_t kib) {
    const std::string options = "size=" + std::to_string(kib) + "k";
    return is_mounted_ = mount("tmpfs", path_.c_str(), "tmpfs", 0, options.c_str()) == 0;
  }

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  std::string path_;
  bool is_mounted_ = false;
};

}  // namespace wan

#endif  // WAN_TESTS_WORKER_MEDIA_SCRATCH_FOLDER_H_
