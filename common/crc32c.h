// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), which download chunks carry.
#ifndef WAN_COMMON_CRC32C_H_
#define WAN_COMMON_CRC32C_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace wan {

uint32_t Crc32c(absl::string_view data);

// The checksum of what `crc` is of, followed by `data`.
uint32_t ExtendCrc32c(uint32_t crc, absl::string_view data);

}  // namespace wan

#endif  // WAN_COMMON_CRC32C_H_
