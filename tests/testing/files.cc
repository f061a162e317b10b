#include "tests/testing/files.h"

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/log.h"

namespace wan {

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "wan-test-XXXXXX").string();
  WAN_CHECK(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream << bytes;
  stream.close();
  WAN_CHECK(stream.good());
}

std::string ReadFile(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  WAN_CHECK(stream.good());
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

bool FileExists(const std::string& path) { return std::filesystem::exists(path); }

std::string SafetensorsBytes(const std::string& header, const std::string& data) {
  std::string bytes;
  for (uint64_t length = header.size(), i = 0; i < 8; ++i, length >>= 8)
    bytes.push_back(static_cast<char>(length & 255));
  return bytes + header + data;
}

}  // namespace wan
