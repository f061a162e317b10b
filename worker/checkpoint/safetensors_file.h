// One safetensors file: 8 bytes of little-endian header length, a JSON header
// {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, …, "__metadata__": {…}}, then the data, to
// whose start the offsets are relative. Everything the header says is checked at open, before any of it is used:
// lengths, offsets, overlaps, holes, duplicate names, dtype and shape against bytes, the size of the file.
// Bytes are read with pread, so a file that shrinks later is an error with its offset and not a SIGBUS.
#ifndef WAN_WORKER_CHECKPOINT_SAFETENSORS_FILE_H_
#define WAN_WORKER_CHECKPOINT_SAFETENSORS_FILE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace wan {

enum class FileDtype { kF64, kF32, kF16, kBF16, kI64, kI32, kI16, kI8, kU8, kBool, kOther };

struct StoredTensor {
  FileDtype dtype = FileDtype::kOther;
  std::string dtype_name;  // as in the header
  std::vector<int64_t> shape;
  int64_t item_bytes = 0;
  int64_t begin = 0;  // absolute offset in the file
  int64_t end = 0;
  int64_t num_elements() const { return item_bytes == 0 ? 0 : (end - begin) / item_bytes; }
};

// Immutable after Open; Read may be called from any thread.
class SafetensorsFile {
 public:
  // NOT_FOUND when there is no such file; DATA_LOSS with file, tensor and bytes when the header is not sound.
  static absl::StatusOr<SafetensorsFile> Open(const std::string& path);

  SafetensorsFile(SafetensorsFile&&) = default;
  SafetensorsFile& operator=(SafetensorsFile&&) = default;

  const std::string& path() const { return path_; }
  const std::map<std::string, StoredTensor>& tensors() const { return tensors_; }

  // Reads [offset, offset + size) of the tensor's bytes. DATA_LOSS with file, tensor and offset on a short read.
  absl::Status Read(const std::string& name, int64_t offset, int64_t size, void* destination) const;

 private:
  struct Descriptor;
  SafetensorsFile() = default;

  std::string path_;
  std::shared_ptr<const Descriptor> descriptor_;
  std::map<std::string, StoredTensor> tensors_;
};

// Parses and checks a header against the size of the data that follows it; `data_start` makes offsets absolute.
absl::StatusOr<std::map<std::string, StoredTensor>> ParseSafetensorsHeader(absl::string_view json, int64_t data_start,
                                                                           int64_t data_bytes);

}  // namespace wan

#endif  // WAN_WORKER_CHECKPOINT_SAFETENSORS_FILE_H_
