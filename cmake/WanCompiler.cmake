# Language level, warnings, linker, compiler cache, CUDA, sanitizers.
set(CMAKE_CXX_STANDARD 20) # not target_compile_features(cxx_std_20): CMake 3.25 would demand the same of nvcc
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1") # full debug information doubles the time of a file that includes ATen

# No -march: x86-64 without options runs on every machine; faster code paths are chosen at run time.
# Designated initialisers that name only what differs from the default are wanted, so g++'s warning of them is off.
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wall> $<$<COMPILE_LANGUAGE:CXX>:-Wextra> $<$<COMPILE_LANGUAGE:CXX>:-Werror>
  $<$<COMPILE_LANGUAGE:CXX>:-Wno-missing-field-initializers>)

find_program(WAN_CCACHE ccache)
if(WAN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # One cache for several build folders: paths below the checkout are stored relative to it.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${WAN_CCACHE})
endif()

find_program(WAN_MOLD mold)
if(WAN_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

if(WAN_SANITIZE)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fsanitize=address,undefined> $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize-recover=all> $<$<COMPILE_LANGUAGE:CXX>:-fno-omit-frame-pointer>)
  add_link_options(-fsanitize=address,undefined)
endif()

if(WAN_WITH_CUDA)
  set(CMAKE_CUDA_RUNTIME_LIBRARY Shared) # the default adds cudart_static: two CUDA runtimes in one process
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 80-real 89-real 90a-real 100a-real 120)
  endif()
  enable_language(CUDA)
  if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION) # CMake 3.25 does not know nvcc's -std=c++20
    set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
    set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
  endif()
  set(CMAKE_CUDA_STANDARD 20)
  find_package(CUDAToolkit REQUIRED)
endif()
