#include "common/sha256.h"

#include <openssl/evp.h>

#include "absl/strings/escaping.h"
#include "common/log.h"

namespace wan {

// OpenSSL's failures here are lack of memory or a build without SHA-256: nothing that a caller could handle.
class Sha256::Context {
 public:
  Context() : evp_(EVP_MD_CTX_new()) { WAN_CHECK(evp_ != nullptr); }
  ~Context() { EVP_MD_CTX_free(evp_); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  EVP_MD_CTX* evp() { return evp_; }

 private:
  EVP_MD_CTX* const evp_;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  WAN_CHECK(EVP_DigestInit_ex(context_->evp(), EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::Update(absl::string_view data) {
  WAN_CHECK(EVP_DigestUpdate(context_->evp(), data.data(), data.size()) == 1);
}

std::string Sha256::HexDigest() const {
  Context copy;
  WAN_CHECK(EVP_MD_CTX_copy_ex(copy.evp(), context_->evp()) == 1);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  WAN_CHECK(EVP_DigestFinal_ex(copy.evp(), digest, &size) == 1);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), size));
}

std::string Sha256Hex(absl::string_view data) {
  Sha256 hash;
  hash.Update(data);
  return hash.HexDigest();
}

}  // namespace wan
