#ifndef WAN_WORKER_MEDIA_SHA256_H_
#define WAN_WORKER_MEDIA_SHA256_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct evp_md_ctx_st;

namespace wan {

// SHA-256 of bytes that come in pieces.
class Sha256 {
 public:
  Sha256();
  void Update(std::span<const uint8_t> bytes);
  std::string FinishHex();  // 64 lower-case digits; ends the object's use

 private:
  struct Deleter {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Deleter> context_;
};

std::string Sha256Hex(absl::string_view text);

// Error: INTERNAL / STORAGE with the path when the file cannot be read.
absl::StatusOr<std::string> Sha256HexOfFile(const std::string& path);

}  // namespace wan

#endif  // WAN_WORKER_MEDIA_SHA256_H_
