#ifndef WAN_TESTS_TESTING_SMALL_DISK_H_
#define WAN_TESTS_TESTING_SMALL_DISK_H_

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <string>

#include "tests/testing/temp_folder.h"

namespace wan {

// A file system of its own that really runs full. Needs root, or a process that is still single-threaded and a kernel
// that lets users make namespaces; else is_mounted() is false and the test has to skip.
class SmallDisk {
 public:
  explicit SmallDisk(int kilobytes) {
    const std::string options = "size=" + std::to_string(kilobytes) + "k";
    is_mounted_ = mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, options.c_str()) == 0;
    // In a new user namespace this process may mount for itself; what it mounts goes with it.
    if (!is_mounted_ && unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) {
      is_mounted_ = mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, options.c_str()) == 0;
    }
  }
  ~SmallDisk() {
    if (is_mounted_) umount2(folder_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool is_mounted() const { return is_mounted_; }
  std::string operator/(const std::string& name) const { return folder_ / name; }
  const std::string& path() const { return folder_.path(); }

  // Takes all the space that is left; Free() gives it back.
  void Fill() const {
    const int file = open(ballast().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const std::string block(512, 'x');
    while (write(file, block.data(), block.size()) > 0) {
    }
    close(file);
  }
  void Free() const { unlink(ballast().c_str()); }

 private:
  std::string ballast() const { return folder_ / "ballast"; }

  const TempFolder folder_;
  bool is_mounted_ = false;
};

}  // namespace wan

#endif  // WAN_TESTS_TESTING_SMALL_DISK_H_
