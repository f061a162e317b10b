# Every third-party library of the project, found once.
find_package(Threads REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(yaml-cpp CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)

if(NOT WAN_SANITIZE)
  include(WanTorch)
endif()

if(NOT WAN_CORE_ONLY)
  find_package(Protobuf REQUIRED)
  find_package(gRPC CONFIG REQUIRED)
  find_package(SQLite3 REQUIRED)
  find_package(OpenSSL REQUIRED)
  find_package(CLI11 CONFIG REQUIRED)
  find_package(prometheus-cpp CONFIG REQUIRED)
  pkg_check_modules(libav REQUIRED IMPORTED_TARGET libavformat libavcodec libavutil libswscale)

  # google/rpc/*.proto of the pinned googleapis-common-protos wheel
  set(WAN_GOOGLEAPIS_ROOT "${CMAKE_SOURCE_DIR}/.deps/python" CACHE PATH "Folder that holds google/rpc/status.proto")
  if(NOT EXISTS "${WAN_GOOGLEAPIS_ROOT}/google/rpc/status.proto")
    message(FATAL_ERROR "WAN_GOOGLEAPIS_ROOT=${WAN_GOOGLEAPIS_ROOT} has no google/rpc/status.proto: run scripts/setup")
  endif()
endif()

if(WAN_BUILD_TESTS)
  find_package(GTest CONFIG REQUIRED)
endif()
