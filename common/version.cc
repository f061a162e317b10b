#include "common/version.h"

namespace wan {

const char* BuildVersion() { return WAN_VERSION; }

}  // namespace wan
