#include "worker/ops/quantize_frames.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace wan {
namespace {

// The formula of the header for one value, apart from ATen.
uint8_t Level(float value) {
  const float clamped = std::fmin(std::fmax(value, -1.0f), 1.0f);
  return static_cast<uint8_t>((clamped / 2 + 0.5f) * 255.0f);
}

at::Tensor ReadGolden(const std::string& name, const std::string& key, at::ScalarType dtype) {
  const char* source = std::getenv("WAN_SOURCE_DIR");
  const std::string path =
      std::string(source == nullptr ? "." : source) + "/tests/golden/cases/" + name + "/tensors.safetensors";
  std::ifstream file(path, std::ios::binary);
  uint64_t header_bytes = 0;
  file.read(reinterpret_cast<char*>(&header_bytes), sizeof header_bytes);
  std::string header(header_bytes, '\0');
  file.read(header.data(), static_cast<std::streamsize>(header_bytes));
  const auto entry = nlohmann::json::parse(header).at(key);
  at::Tensor tensor = at::empty(entry.at("shape").get<std::vector<int64_t>>(), dtype);
  file.seekg(static_cast<std::streamoff>(8 + header_bytes + entry.at("data_offsets")[0].get<uint64_t>()));
  file.read(static_cast<char*>(tensor.mutable_data_ptr()), static_cast<std::streamsize>(tensor.nbytes()));
  EXPECT_TRUE(file.good()) << path << " " << key;
  return tensor;
}

TEST(QuantizeFrames, EqualsDiffusersBitForBit) {
  for (const char* name : {"t2v21_one_frame", "t2v21_rounded_frames", "wan_shapes"}) {
    const at::Tensor video = ReadGolden(name, "vae_decode.0.video", at::kFloat);
    const at::Tensor expected = ReadGolden(name, "frames_u8", at::kByte);
    const at::Tensor frames = QuantizeFrames(video);
    ASSERT_EQ(frames.sizes(), expected.sizes()) << name;
    EXPECT_EQ((frames != expected).sum().item<int64_t>(), 0) << name;
  }
}

TEST(QuantizeFrames, TruncatesAndClampsEveryValue) {
  // Both sides of each level's edge, beyond the range, and the infinities.
  std::vector<float> values = {-INFINITY, -2, -1, -0.0f, 0, 1, 1.5, INFINITY, 0.99999994f, -0.99999994f};
  for (int level = 0; level <= 255; ++level) {
    const float edge = static_cast<float>(level) / 255 * 2 - 1;
    values.insert(values.end(), {std::nextafter(edge, -2.0f), edge, std::nextafter(edge, 2.0f)});
  }
  while (values.size() % 6 != 0) values.push_back(0.25f);
  const int64_t width = static_cast<int64_t>(values.size()) / 6;
  const at::Tensor video = at::from_blob(values.data(), {3, 1, 2, width}, at::kFloat).clone();
  const at::Tensor frames = QuantizeFrames(video);
  ASSERT_EQ(frames.sizes(), (at::IntArrayRef{1, 2, width, 3}));
  EXPECT_TRUE(frames.is_contiguous());
  for (int64_t i = 0; i < static_cast<int64_t>(values.size()); ++i) {
    const int64_t channel = i / (2 * width);
    const int64_t pixel = i % (2 * width);
    EXPECT_EQ(frames.const_data_ptr<uint8_t>()[pixel * 3 + channel], Level(values[i])) << "value " << values[i];
  }
}

TEST(QuantizeFrames, LeavesItsInputAlone) {
  const at::Tensor video = at::full({3, 1, 2, 2}, 0.5, at::kFloat);
  QuantizeFrames(video);
  EXPECT_TRUE(at::equal(video, at::full_like(video, 0.5)));
}

TEST(QuantizeFrames, HalfTypesAreQuantizedAsTheirFloatValues) {
  const at::Tensor video = at::linspace(-1.2, 1.2, 3 * 2 * 16 * 16, at::kFloat).view({3, 2, 16, 16});
  for (const at::ScalarType dtype : {at::kBFloat16, at::kHalf}) {
    const at::Tensor narrow = video.to(dtype);
    EXPECT_TRUE(at::equal(QuantizeFrames(narrow), QuantizeFrames(narrow.to(at::kFloat)))) << dtype;
  }
}

TEST(QuantizeFrames, AnyStridesGiveTheSameFrames) {
  const at::Tensor video = at::linspace(-1, 1, 2 * 3 * 4 * 8 * 6, at::kFloat).view({2, 3, 4, 8, 6});
  const at::Tensor expected = QuantizeFrames(video);
  EXPECT_TRUE(at::equal(QuantizeFrames(video.to(at::MemoryFormat::ChannelsLast3d)), expected));
  EXPECT_TRUE(at::equal(QuantizeFrames(video[1]), expected[1]));
  EXPECT_TRUE(at::equal(QuantizeFrames(video.slice(2, 1, 3)), expected.slice(1, 1, 3)));
}

TEST(QuantizeFrames, OtherShapesAndTypesAreRefused) {
  EXPECT_THROW(QuantizeFrames(at::zeros({4, 1, 2, 2})), c10::Error);
  EXPECT_THROW(QuantizeFrames(at::zeros({3, 2, 2})), c10::Error);
  EXPECT_THROW(QuantizeFrames(at::zeros({3, 1, 2, 2}, at::kLong)), c10::Error);
}

TEST(QuantizeFrames, CudaKernelEqualsTheReference) {
  if (!at::hasCUDA()) GTEST_SKIP() << "no CUDA device, or a build without CUDA";
  const at::Tensor video = at::linspace(-1.3, 1.3, 2 * 3 * 5 * 48 * 80, at::kFloat).view({2, 3, 5, 48, 80});
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16, at::kHalf}) {
    for (const bool channels_last : {false, true}) {
      const at::Tensor host =
          video.to(dtype).contiguous(channels_last ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::Contiguous);
      const at::Tensor device = host.to(at::kCUDA);
      const at::Tensor expected = QuantizeFramesReference(host);
      EXPECT_TRUE(at::equal(QuantizeFrames(device).cpu(), expected)) << dtype;
      EXPECT_TRUE(at::equal(QuantizeFrames(device[1]).cpu(), expected[1])) << dtype;
      EXPECT_EQ(QuantizeFrames(device.slice(2, 0, 0)).numel(), 0);
    }
  }
}

}  // namespace
}  // namespace wan
