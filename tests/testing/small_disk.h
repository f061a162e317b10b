#ifndef WAN_TESTS_TESTING_SMALL_DISK_H_
#define WAN_TESTS_TESTING_SMALL_DISK_H_

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <string>

#include "tests/testing/files.h"

namespace wan {

// A file system of its own that really runs full. Needs root, or a process that is still single-threaded and a kernel
// that lets users make namespaces; else is_mounted() is false and the test has to skip.
class SmallDisk {
 public:
  explicit SmallDisk(int kilobytes) {
    const std::string options = "size=" + std::to_string(kilobytes) + "k";
    is_mounted_ = mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, options.c_str()) == 0;
    if (!is_mounted_ && EnterOwnNamespace()) {
      is_mounted_ = mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, options.c_str()) == 0;
    }
  }
  ~SmallDisk() {
    if (is_mounted_) umount2(folder_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool is_mounted() const { return is_mounted_; }
  std::string File(const std::string& name) const { return folder_.File(name); }
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
  // There this process may mount for itself, for the rest of its life; no permission bits stop it there, either.
  static bool EnterOwnNamespace() {
    const std::string user = std::to_string(geteuid());
    const std::string group = std::to_string(getegid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    return Write("/proc/self/setgroups", "deny") && Write("/proc/self/uid_map", user + " " + user + " 1") &&
           Write("/proc/self/gid_map", group + " " + group + " 1");
  }
  static bool Write(const char* path, const std::string& text) {
    const int file = open(path, O_WRONLY | O_CLOEXEC);
    const bool is_written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    close(file);
    return is_written;
  }

  std::string ballast() const { return folder_.File("ballast"); }

  const TemporaryFolder folder_;
  bool is_mounted_ = false;
};

}  // namespace wan

#endif  // WAN_TESTS_TESTING_SMALL_DISK_H_
