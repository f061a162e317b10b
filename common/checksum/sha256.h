// Running SHA-256. With this pair, the only place that sees the cryptography library for hashing.
#ifndef WAN_COMMON_CHECKSUM_SHA256_H_
#define WAN_COMMON_CHECKSUM_SHA256_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace wan {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void Update(absl::string_view bytes);
  // Lower-case hex. Once, at the end.
  std::string Finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace wan

#endif  // WAN_COMMON_CHECKSUM_SHA256_H_
