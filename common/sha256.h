#ifndef WAN_COMMON_SHA256_H_
#define WAN_COMMON_SHA256_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace wan {

// SHA-256 over pieces. One thread.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void Update(absl::string_view data);
  // Lower-case hexadecimal of all that was given so far; more may follow.
  std::string HexDigest() const;

 private:
  class Context;
  std::unique_ptr<Context> context_;
};

std::string Sha256Hex(absl::string_view data);

}  // namespace wan

#endif  // WAN_COMMON_SHA256_H_
