#include "worker/checkpoint/safetensors_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/log.h"
#include "common/status_macros.h"

namespace wan {
namespace {

constexpr int64_t kLengthBytes = 8;
constexpr int64_t kMaxHeaderBytes = 100 << 20;  // the format's own limit is 100 MB

// Reads exactly `size` bytes at `offset`.
absl::Status ReadFully(int fd, int64_t offset, int64_t size, void* destination) {
  char* out = static_cast<char*>(destination);
  int64_t done = 0;
  while (done < size) {
    const ssize_t n = ::pread(fd, out + done, static_cast<size_t>(size - done), offset + done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return absl::DataLossError(absl::StrCat("read at byte ", offset + done, ": ", std::strerror(errno)));
    if (n == 0) {
      return absl::DataLossError(absl::StrCat("the file ends at byte ", offset + done, ", ", size - done,
                                              " bytes before the end of what is read"));
    }
    done += n;
  }
  return absl::OkStatus();
}

}  // namespace

struct SafetensorsFile::Descriptor {
  explicit Descriptor(int fd) : fd(fd) {}
  ~Descriptor() { ::close(fd); }
  const int fd;
};

absl::StatusOr<SafetensorsFile> SafetensorsFile::Open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    const std::string message = absl::StrCat("open ", path, ": ", std::strerror(errno));
    return errno == ENOENT ? absl::NotFoundError(message) : absl::FailedPreconditionError(message);
  }
  SafetensorsFile file;
  file.path_ = path;
  file.descriptor_ = std::make_shared<const Descriptor>(fd);

  struct stat info;
  if (::fstat(fd, &info) != 0) return absl::DataLossError(absl::StrCat("stat ", path, ": ", std::strerror(errno)));
  if (info.st_size < kLengthBytes) {
    return absl::DataLossError(absl::StrCat(path, ": ", info.st_size, " bytes are too few for a safetensors file"));
  }
  unsigned char length[kLengthBytes];
  WAN_RETURN_IF_ERROR(Annotate(ReadFully(fd, 0, kLengthBytes, length), path));
  uint64_t header_bytes = 0;
  for (int i = kLengthBytes - 1; i >= 0; --i) header_bytes = header_bytes << 8 | length[i];
  const int64_t available = info.st_size - kLengthBytes;
  if (header_bytes > static_cast<uint64_t>(std::min(available, kMaxHeaderBytes))) {
    return absl::DataLossError(absl::StrCat(path, ": header length ", header_bytes, " at byte 0 is more than the ",
                                            std::min(available, kMaxHeaderBytes), " bytes it may have"));
  }
  std::string header(header_bytes, '\0');
  WAN_RETURN_IF_ERROR(Annotate(ReadFully(fd, kLengthBytes, static_cast<int64_t>(header_bytes), header.data()), path));
  const int64_t data_start = kLengthBytes + static_cast<int64_t>(header_bytes);
  auto tensors = ParseSafetensorsHeader(header, data_start, info.st_size - data_start);
  if (!tensors.ok()) return Annotate(tensors.status(), path);
  file.tensors_ = *std::move(tensors);
  return file;
}

absl::Status SafetensorsFile::Read(const std::string& name, int64_t offset, int64_t size, void* destination) const {
  const auto it = tensors_.find(name);
  WAN_CHECK(it != tensors_.end());
  const StoredTensor& tensor = it->second;
  WAN_CHECK(offset >= 0 && size >= 0 && size <= tensor.end - tensor.begin - offset);
  return Annotate(ReadFully(descriptor_->fd, tensor.begin + offset, size, destination),
                  absl::StrCat(path_, ": tensor '", name, "'"));
}

}  // namespace wan
