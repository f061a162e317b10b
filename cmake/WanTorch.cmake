# libtorch as imported targets. find_package(Torch) is not used: on a machine without a CUDA toolkit it stops at
# configure, and with one it forces libtorch_cuda and junk run paths into every program.
#
#   wan::torch   what a library that uses at::Tensor links
set(WAN_TORCH_ROOT "${CMAKE_SOURCE_DIR}/.deps/python/torch" CACHE PATH "Folder of any libtorch 2.11 that holds lib/libtorch_cpu.so")
if(NOT EXISTS "${WAN_TORCH_ROOT}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "WAN_TORCH_ROOT=${WAN_TORCH_ROOT} has no lib/libtorch_cpu.so: run scripts/setup, or name a libtorch 2.11")
endif()
get_filename_component(_wan_nvidia "${WAN_TORCH_ROOT}/../nvidia" ABSOLUTE)

function(wan_torch_import name)
  add_library(wan::${name} SHARED IMPORTED GLOBAL)
  set_target_properties(wan::${name} PROPERTIES
    IMPORTED_LOCATION ${WAN_TORCH_ROOT}/lib/lib${name}.so
    INTERFACE_INCLUDE_DIRECTORIES "${WAN_TORCH_ROOT}/include;${WAN_TORCH_ROOT}/include/torch/csrc/api/include")
endfunction()

wan_torch_import(c10)
wan_torch_import(torch_cpu)
add_library(wan::torch INTERFACE IMPORTED GLOBAL)
target_link_libraries(wan::torch INTERFACE wan::torch_cpu wan::c10)
# Headers of single operators: a file that includes all of them compiles twice as long.
target_compile_definitions(wan::torch INTERFACE AT_PER_OPERATOR_HEADERS)

if(WAN_WITH_CUDA)
  wan_torch_import(c10_cuda)
  wan_torch_import(torch_cuda)
  add_library(wan::cudart SHARED IMPORTED GLOBAL) # the wheel's copy, so that a process holds one CUDA runtime
  set_target_properties(wan::cudart PROPERTIES
    IMPORTED_LOCATION ${_wan_nvidia}/cu13/lib/libcudart.so.13
    INTERFACE_INCLUDE_DIRECTORIES "${CUDAToolkit_INCLUDE_DIRS}")
  # torch_cuda registers its kernels when it is loaded: it must stay NEEDED where no symbol of it is used.
  target_link_libraries(wan::torch INTERFACE "-Wl,--push-state,--no-as-needed" wan::torch_cuda wan::c10_cuda
    "-Wl,--pop-state" wan::cudart)
endif()
