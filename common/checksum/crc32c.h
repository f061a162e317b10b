// CRC-32C (Castagnoli), as in iSCSI (RFC 3720 appendix B.4) and Google's storage APIs: reflected polynomial 0x82f63b78,
// initial value and final xor 0xffffffff. It guards each chunk of a video on its way.
#ifndef WAN_COMMON_CHECKSUM_CRC32C_H_
#define WAN_COMMON_CHECKSUM_CRC32C_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace wan {

// Of `bytes`, or of bytes whose first part has the checksum `before`.
uint32_t Crc32c(absl::string_view bytes, uint32_t before = 0);

}  // namespace wan

#endif  // WAN_COMMON_CHECKSUM_CRC32C_H_
