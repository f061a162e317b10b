#include "worker/checkpoint/shard_loader.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include <cstring>

#include "tests/testing/files.h"
#include "worker/checkpoint/block_loader.h"

namespace wan {
namespace {

// A file with one tensor "x" = 0, 1, … 99 stored as `type`.
void WriteCounting(const std::string& path, at::ScalarType type, const std::string& name) {
  const at::Tensor values = at::arange(100, at::TensorOptions(at::kFloat)).to(type);
  std::string data(values.nbytes(), '\0');
  std::memcpy(data.data(), values.const_data_ptr(), data.size());
  WriteFile(path, SafetensorsBytes("{\"x\":{\"dtype\":\"" + name + "\",\"shape\":[10,10],\"data_offsets\":[0," +
                                       std::to_string(data.size()) + "]}}",
                                   data));
}

TEST(ShardLoader, ConvertsEveryStoredDtypeAndCountsStoredBytes) {
  const struct {
    at::ScalarType type;
    const char* name;
  } kCases[] = {{at::kFloat, "F32"}, {at::kHalf, "F16"}, {at::kBFloat16, "BF16"}, {at::kDouble, "F64"}};
  for (const auto& stored : kCases) {
    TemporaryFolder folder;
    WriteCounting(folder.File("model.safetensors"), stored.type, stored.name);
    const auto index = CheckpointIndex::Open(folder.path());
    ASSERT_TRUE(index.ok()) << index.status();
    for (const at::ScalarType wanted : {at::kFloat, at::kBFloat16}) {
      ShardLoader loader(*index);
      const auto loaded = loader.Load("x", wanted, at::kCPU);
      ASSERT_TRUE(loaded.ok()) << loaded.status();
      const at::Tensor expected =
          at::arange(100, at::TensorOptions(at::kFloat)).to(stored.type).to(wanted).view({10, 10});
      EXPECT_TRUE(at::equal(*loaded, expected)) << stored.name;
      EXPECT_EQ(loader.bytes_read(), static_cast<int64_t>(100 * c10::elementSize(stored.type)));
    }
  }
}

TEST(ShardLoader, ReadsOnlyTheRangeAskedFor) {
  TemporaryFolder folder;
  WriteCounting(folder.File("model.safetensors"), at::kBFloat16, "BF16");
  const auto index = CheckpointIndex::Open(folder.path());
  ASSERT_TRUE(index.ok()) << index.status();
  ShardLoader loader(*index);
  const at::Tensor part = at::empty({7}, at::TensorOptions(at::kFloat));
  ASSERT_TRUE(loader.Read("x", 33, part).ok());
  EXPECT_TRUE(at::equal(part, at::arange(33, 40, at::TensorOptions(at::kFloat))));
  EXPECT_EQ(loader.bytes_read(), 14);
}

TEST(BlockLoader, FillsOneFlatBufferPerBlock) {
  TemporaryFolder folder;
  WriteFile(folder.File("model.safetensors"),
            SafetensorsBytes(R"({"b.0.w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)"
                             R"("b.0.v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                             R"("b.1.w":{"dtype":"U8","shape":[0],"data_offsets":[8,8]},)"
                             R"("b.1.v":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}})",
                             std::string("\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\x40", 16)));
  const auto index = CheckpointIndex::Open(folder.path());
  ASSERT_TRUE(index.ok()) << index.status();
  FlatLayout layout;
  layout.Add("v", at::kBFloat16, {2});
  ShardLoader loader(*index);
  const auto blocks = LoadResidentBlocks(loader, layout, "b.", 2, at::kCPU);
  ASSERT_TRUE(blocks.ok()) << blocks.status();
  EXPECT_EQ((*blocks)->resident_bytes(), 2 * FlatLayout::kAlignment);
  EXPECT_TRUE(at::equal((*blocks)->Acquire(1)[0].to(at::kFloat), at::arange(3, 5, at::TensorOptions(at::kFloat))));
}

}  // namespace
}  // namespace wan
