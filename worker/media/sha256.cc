#include "worker/media/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/log.h"

namespace wan {

void Sha256::Deleter::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  WAN_CHECK(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

void Sha256::Update(std::span<const uint8_t> bytes) {
  WAN_CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

std::string Sha256::FinishHex() {
  std::array<unsigned char, 32> digest;
  WAN_CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string Sha256Hex(absl::string_view text) {
  Sha256 sha256;
  sha256.Update({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  return sha256.FinishHex();
}

absl::StatusOr<std::string> Sha256HexOfFile(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (file == nullptr) {
    return MakeError(absl::StatusCode::kInternal, kStorage, absl::StrCat("read ", path, ": ", std::strerror(errno)));
  }
  Sha256 sha256;
  std::vector<uint8_t> buffer(1 << 18);
  while (const size_t size = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    sha256.Update({buffer.data(), size});
  }
  if (std::ferror(file.get())) {
    return MakeError(absl::StatusCode::kInternal, kStorage, absl::StrCat("read ", path, ": ", std::strerror(errno)));
  }
  return sha256.FinishHex();
}

}  // namespace wan
