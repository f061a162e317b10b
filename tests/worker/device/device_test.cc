#include "worker/device/device.h"

#include <ATen/Context.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace wan {
namespace {

// Independent of ATen: what the kernel lists.
bool CpuListsBf16() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("flags", 0) == 0) {
      return (line + " ").find(" avx512_bf16 ") != std::string::npos ||
             (line + " ").find(" amx_bf16 ") != std::string::npos;
    }
  }
  return false;
}

TEST(Device, OpensTheCpu) {
  const auto device = Device::Open("cpu");
  ASSERT_TRUE(device.ok()) << device.status();
  EXPECT_EQ(device->device(), at::Device(at::kCPU));
  EXPECT_EQ(device->name(), "cpu");
  device->Synchronize();
  const auto memory = device->Memory();
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_GT(memory->free_bytes, 0);
}

TEST(Device, RefusesOtherNamesWithTheAllowedOnes) {
  for (const char* name : {"", "gpu", "cuda:", "cuda:-1", "cuda:x", "cuda0", "cuda:1000", "CPU"}) {
    const auto device = Device::Open(name);
    EXPECT_EQ(device.status().code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_NE(device.status().message().find("cuda:N"), std::string::npos) << device.status();
  }
}

TEST(Device, AbsentCudaDeviceIsRefusedWithTheReason) {
  const auto device = Device::Open("cuda:127");
  EXPECT_EQ(device.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(device.status().message().find("cuda:127"), std::string::npos) << device.status();
}

TEST(Device, OpensCudaWhereThereIsOne) {
  if (!at::hasCUDA()) GTEST_SKIP() << "no CUDA device, or a build without CUDA";
  const auto device = Device::Open("cuda");
  ASSERT_TRUE(device.ok()) << device.status();
  EXPECT_EQ(device->name(), "cuda:0");
  device->Synchronize();
  const auto memory = device->Memory();
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_GT(memory->free_bytes, 0);
  EXPECT_LE(memory->free_bytes, memory->total_bytes);
}

TEST(Device, AutoIsBf16OnlyWhereTheCpuHasInstructionsForIt) {
  const auto dtype = Device::Open("cpu")->ResolveDtype("auto");
  ASSERT_TRUE(dtype.ok()) << dtype.status();
  EXPECT_EQ(*dtype, CpuListsBf16() ? at::kBFloat16 : at::kFloat);
}

TEST(Device, NamedDtypesAreTakenAsTheyAre) {
  const auto device = Device::Open("cpu");
  EXPECT_EQ(*device->ResolveDtype("f32"), at::kFloat);
  EXPECT_EQ(*device->ResolveDtype("bf16"), at::kBFloat16);
  EXPECT_EQ(device->ResolveDtype("fp8").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(DtypeName, IsTheNameThatConfigurationUses) {
  EXPECT_EQ(DtypeName(at::kFloat), "f32");
  EXPECT_EQ(DtypeName(at::kBFloat16), "bf16");
  EXPECT_EQ(DtypeName(at::kDouble), "f64");
  EXPECT_EQ(DtypeName(at::kLong), "Long");
}

}  // namespace
}  // namespace wan
