// The VAE against what the reference computed with the same weights. Tolerances are those of each case.
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "tests/testing/golden.h"
#include "tests/testing/tensors.h"
#include "worker/model/vae_decoder.h"
#include "worker/model/vae_encoder.h"
#include "worker/model/vae_latents.h"
#include "worker/model/vae_layers.h"

namespace wan {
namespace {

struct Vae {
  VaeConfig config;
  VaeWeights weights;
};

class GoldenVae : public ::testing::Test {
 protected:
  // Null, with the test failed, when it cannot be loaded.
  const Vae* Load(const GoldenFolder& golden, const nlohmann::json& json) {
    const std::string folder = golden.ModelFolder(json.at("model").get<std::string>()) + "/vae";
    auto& vae = vaes_[folder];
    if (!vae) {
      const auto config = LoadVaeConfig(folder + "/config.json");
      EXPECT_TRUE(config.ok()) << config.status();
      if (!config.ok()) return nullptr;
      auto loaded = LoadVae(folder, *config, at::kFloat, at::kCPU);
      EXPECT_TRUE(loaded.ok()) << loaded.status();
      if (!loaded.ok()) return nullptr;
      vae = Vae{*config, std::move(loaded->weights)};
    }
    return &*vae;
  }

  at::Tensor Decode(const Vae& vae, const at::Tensor& latents, int64_t chunk) {
    std::vector<at::Tensor> videos;
    for (int64_t i = 0; i < latents.size(0); ++i) {
      VaeDecoder decoder(vae.config, vae.weights, {.chunk = chunk});
      EXPECT_TRUE(decoder.Begin(latents.narrow(0, i, 1)).ok());
      std::vector<at::Tensor> chunks;
      while (const std::optional<at::Tensor> part = decoder.Next()) chunks.push_back(*part);
      videos.push_back(at::cat(chunks, 2).clamp(-1.0, 1.0));
    }
    return at::cat(videos);
  }

  at::Tensor Encode(const Vae& vae, const at::Tensor& video, int64_t chunk) {
    VaeEncoder encoder(vae.config, vae.weights, {.chunk = chunk});
    const auto moments = encoder.EncodeMoments(video);
    EXPECT_TRUE(moments.ok()) << moments.status();
    return moments.value_or(at::Tensor());
  }

 private:
  std::map<std::string, std::optional<Vae>> vaes_;
};

using Tensors = std::map<std::string, at::Tensor>;

Tensors ReadCase(const GoldenFolder& golden) { return ReadTensors(golden.folder() + "/tensors.safetensors"); }

double Allowed(const nlohmann::json& json, const std::string& stage) {
  return json.at("tolerance").at(stage).at("atol").get<double>();
}

// Cases of the VAE alone that this build runs: Wan 2.1, without tiles.
bool IsVaeCase(const nlohmann::json& json) {
  return json.at("kind") == "vae" && json.value("vae", 21) == 21 &&
         (!json.contains("tiling") || json["tiling"].is_null() || json["tiling"] == false);
}

TEST_F(GoldenVae, EncodesAsTheReference) {
  int compared = 0;
  for (const GoldenFolder& golden : GoldenCases("vae21*")) {
    const nlohmann::json json = golden.ReadCaseJson();
    if (!IsVaeCase(json)) continue;
    const Vae* vae = Load(golden, json);
    ASSERT_NE(vae, nullptr);
    const Tensors tensors = ReadCase(golden);
    for (const auto& [name, expected] : tensors) {
      if (!absl::EndsWith(name, ".moments")) continue;
      const at::Tensor pixels = tensors.at(absl::StrCat(absl::StripSuffix(name, ".moments"), ".pixels"));
      for (const int64_t chunk : {4, 8, 0}) {
        EXPECT_TRUE(Near(Encode(*vae, pixels, chunk), expected, Allowed(json, name)))
            << golden.folder() << " " << name << ", chunk " << chunk;
        ++compared;
      }
    }
  }
  EXPECT_GE(compared, 18);
}

TEST_F(GoldenVae, DecodesAsTheReference) {
  int compared = 0;
  for (const GoldenFolder& golden : GoldenCases("vae21*")) {
    const nlohmann::json json = golden.ReadCaseJson();
    if (!IsVaeCase(json)) continue;
    const Vae* vae = Load(golden, json);
    ASSERT_NE(vae, nullptr);
    const Tensors tensors = ReadCase(golden);
    for (const auto& [name, expected] : tensors) {
      if (!absl::EndsWith(name, ".decoded")) continue;
      const at::Tensor latents = tensors.at(absl::StrCat(absl::StripSuffix(name, ".decoded"), ".latents"));
      for (const int64_t chunk : {1, 2, 3, 0}) {
        EXPECT_TRUE(Near(Decode(*vae, latents, chunk), expected, Allowed(json, name)))
            << golden.folder() << " " << name << ", chunk " << chunk;
        ++compared;
      }
    }
  }
  EXPECT_GE(compared, 20);
}

TEST_F(GoldenVae, DecodesTheLatentsOfWholeGenerationsAsTheReference) {
  int compared = 0;
  std::vector<GoldenFolder> cases = GoldenCases("t2v*");
  for (const GoldenFolder& golden : GoldenCases("wan_shapes")) cases.push_back(golden);
  for (const GoldenFolder& golden : cases) {
    const nlohmann::json json = golden.ReadCaseJson();
    if (json.at("kind") != "pipeline" || json.value("pipeline", "") != "WanPipeline" ||
        json.value("expand_timesteps", false)) {
      continue;
    }
    if (!std::filesystem::is_directory(golden.ModelFolder(json.at("model").get<std::string>()))) {
      // A set that was copied without its links; the repository's own is counted below.
      std::cerr << golden.folder() << " is not compared: its model is not in the set\n";
      continue;
    }
    const Vae* vae = Load(golden, json);
    ASSERT_NE(vae, nullptr);
    const Tensors tensors = ReadCase(golden);
    const at::Tensor& latents = tensors.at("vae_decode.0.latents");
    EXPECT_TRUE(Near(Decode(*vae, latents, 4), tensors.at("vae_decode.0.video"), Allowed(json, "vae_decode.video")))
        << golden.folder();
    // A quotient and a sum: the same bits on any CPU, and not those of a product with the deviation.
    const auto final_latents = json.at("effective").at("final_latents").get<std::string>();
    EXPECT_TRUE(at::equal(DenormalizeLatents(vae->config, tensors.at(final_latents), at::kFloat), latents))
        << golden.folder();
    ++compared;
  }
  EXPECT_GE(compared, 14);
}

// Runs `layer` over the chunks of one stage and compares them with those of the next. Both sides are rounded: 2e-5 of
// the largest value, as for a whole pass.
template <typename Layer>
void CompareStage(const Tensors& tensors, const std::string& from, const std::string& to, Layer layer) {
  FeatureCache cache;
  int chunk = 0;
  for (;; ++chunk) {
    const auto input = tensors.find(absl::StrFormat("stage.%s.chunk%d", from, chunk));
    if (input == tensors.end()) break;
    const at::Tensor& expected = tensors.at(absl::StrFormat("stage.%s.chunk%d", to, chunk));
    cache.Rewind();
    EXPECT_TRUE(Near(layer(input->second, cache), expected, 2e-5 * expected.abs().max().item<double>()))
        << from << " to " << to << ", chunk " << chunk;
  }
  EXPECT_GE(chunk, 3);
}

TEST_F(GoldenVae, LayersGiveTheActivationsOfTheReference) {
  for (const GoldenFolder& golden : GoldenCases("vae21_stages")) {
    const nlohmann::json json = golden.ReadCaseJson();
    const Vae* vae = Load(golden, json);
    ASSERT_NE(vae, nullptr);
    const Tensors tensors = ReadCase(golden);
    const VaeDecoderWeights& decoder = vae->weights.decoder;
    const VaeEncoderWeights& encoder = vae->weights.encoder;
    CompareStage(tensors, "dec.conv_in", "dec.mid",
                 [&](const at::Tensor& x, FeatureCache& cache) { return VaeMid(decoder.mid, x, cache); });
    CompareStage(tensors, absl::StrFormat("dec.block%02d", vae->config.num_levels() - 1), "dec.conv_out",
                 [&](const at::Tensor& x, FeatureCache& cache) {
                   return VaeHead(decoder.norm_out, decoder.conv_out, x, cache);
                 });
    CompareStage(tensors, "enc.conv_in", "enc.block00", [&](const at::Tensor& x, FeatureCache& cache) {
      return VaeResidual(encoder.levels[0].residuals[0], x, cache);
    });
    CompareStage(tensors, "enc.mid", "enc.conv_out", [&](const at::Tensor& x, FeatureCache& cache) {
      return VaeHead(encoder.norm_out, encoder.conv_out, x, cache);
    });
  }
}

}  // namespace
}  // namespace wan
