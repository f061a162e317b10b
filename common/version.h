#ifndef WAN_COMMON_VERSION_H_
#define WAN_COMMON_VERSION_H_

namespace wan {

// The project's version as CMakeLists.txt states it, "0.1.0".
const char* BuildVersion();

}  // namespace wan

#endif  // WAN_COMMON_VERSION_H_
