#include "tests/testing/checkpoint.h"

#include <cstring>
#include <filesystem>

#include "common/log.h"
#include "tests/testing/files.h"
#include "tests/testing/golden.h"
#include "worker/checkpoint/safetensors_file.h"

namespace wan {

void CopyCheckpoint(const std::string& name, const std::string& folder) {
  std::filesystem::copy(GoldenSets().front() + "/models/" + name, folder,
                        std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
}

void PokeFloat(const std::string& file, const std::string& tensor, int64_t index, float value) {
  const auto opened = SafetensorsFile::Open(file);
  WAN_CHECK(opened.ok());
  const StoredTensor& stored = opened->tensors().at(tensor);
  WAN_CHECK(stored.dtype == FileDtype::kF32 && index < stored.num_elements());
  std::string bytes = ReadFile(file);
  std::memcpy(bytes.data() + stored.begin + index * stored.item_bytes, &value, sizeof value);
  WriteFile(file, bytes);
}

}  // namespace wan
