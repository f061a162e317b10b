#include "worker/model/wan_transformer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/testing/files.h"
#include "tests/testing/golden.h"
#include "tests/testing/tiny_transformer.h"
#include "worker/tools/verify/golden_case.h"

namespace wan {
namespace {

// Inside values of the reference, where the code really has them; within the case's own tolerance for them.
TEST(WanTransformer, ProbesOfTheReferenceAreMet) {
  int compared = 0;
  for (const GoldenFolder& folder : GoldenCases("t2v21_*")) {
    const auto golden = GoldenCase::Load(folder.folder());
    ASSERT_TRUE(golden.ok()) << golden.status();
    if (!golden->Has("forward.time_sinusoid")) continue;
    const std::string model = golden->ModelFolder();
    const auto transformer = WanTransformer::Load(model + "/transformer", at::kFloat, at::kCPU);
    ASSERT_TRUE(transformer.ok()) << transformer.status();
    const WanConfig& config = (*transformer)->config();
    const double allowed = golden->ToleranceOf("forward.time_sinusoid")->max;
    const at::Tensor timestep = golden->Tensor("step.000.in.timestep").to(at::kDouble);
    const at::Tensor sinusoid = TimestepSinusoid(timestep[0].item<double>(), config.freq_dim, at::kCPU);
    EXPECT_LE((sinusoid - golden->Tensor("forward.time_sinusoid")).abs().max().item<double>(), allowed);

    const at::Tensor latents = golden->Tensor("latents_init");
    const RopeTables rope =
        MakeRopeTables(latents.size(2), latents.size(3) / 2, latents.size(4) / 2, config.head_dim, at::kCPU);
    const at::Tensor cos = golden->Tensor("forward.rope.cos").view({-1, config.head_dim / 2, 2});
    EXPECT_TRUE(at::equal(rope.cos.squeeze(1), cos.select(2, 0)));
    EXPECT_TRUE(at::equal(rope.cos.squeeze(1), cos.select(2, 1)));
    ++compared;
  }
  EXPECT_GE(compared, 1);
}

TEST(WanTransformer, BatchEqualsItsVideosAlone) {
  const TinyTransformer tiny = MakeTinyTransformer();
  const at::Tensor embeds = at::randn({2, 6, 10}), latents = at::randn({2, 4, 2, 4, 6});
  const auto both = tiny.transformer->PreparePrompts({embeds});
  const auto second = tiny.transformer->PreparePrompts({embeds.narrow(0, 1, 1)});
  const PromptContext *both_branch = &both[0], *second_branch = &second[0];
  const at::Tensor expected = tiny.transformer->Forward(latents, 500, {&both_branch, 1})[0].narrow(0, 1, 1);
  const at::Tensor actual = tiny.transformer->Forward(latents.narrow(0, 1, 1), 500, {&second_branch, 1})[0];
  EXPECT_LE((actual - expected).abs().max().item<float>(), 1e-5);  // products of another size sum in another order
}

TEST(WanTransformer, PatchesComeBackInTheirPlace) {
  // The reference puts channels first in the input's patches and last in the output's; a mistake mixes positions.
  const TinyTransformer tiny = MakeTinyTransformer();
  const auto prompts = tiny.transformer->PreparePrompts({at::randn({1, 6, 10})});
  const PromptContext* branch = &prompts[0];
  const at::Tensor flow = tiny.transformer->Forward(at::randn({1, 4, 3, 6, 8}), 10, {&branch, 1})[0];
  EXPECT_EQ(flow.sizes(), (std::vector<int64_t>{1, 4, 3, 6, 8}));
}

TEST(WanTransformer, CountsTheBytesItReadAndHolds) {
  const std::string folder = GoldenSets().front() + "/models/t2v21_bf16/transformer";
  const auto transformer = WanTransformer::Load(folder, at::kBFloat16, at::kCPU);
  ASSERT_TRUE(transformer.ok()) << transformer.status();
  const auto file = SafetensorsFile::Open(folder + "/diffusion_pytorch_model.safetensors");
  ASSERT_TRUE(file.ok());
  int64_t stored = 0;
  for (const auto& [name, tensor] : file->tensors()) stored += tensor.end - tensor.begin;
  EXPECT_EQ((*transformer)->bytes_read(), stored);
  EXPECT_GE((*transformer)->weights_bytes(), stored);
}

class BrokenCheckpointTest : public ::testing::Test {
 protected:
  BrokenCheckpointTest() {
    std::filesystem::copy(GoldenSets().front() + "/models/t2v21/transformer", folder_.path(),
                          std::filesystem::copy_options::recursive);
  }
  std::string LoadError() const {
    return std::string(WanTransformer::Load(folder_.path(), at::kFloat, at::kCPU).status().message());
  }

  TemporaryFolder folder_;
};

TEST_F(BrokenCheckpointTest, ConfigThatDoesNotFitListsEveryTensor) {
  std::string config = ReadFile(folder_.File("config.json"));
  config.replace(config.find("\"ffn_dim\": 136"), 14, "\"ffn_dim\": 144");
  WriteFile(folder_.File("config.json"), config);
  EXPECT_THAT(LoadError(), ::testing::HasSubstr("12 wrong: blocks.0.ffn.net.0.proj.weight is [136, 64], config.json "
                                                "says [144, 64]"));
}

TEST_F(BrokenCheckpointTest, MoreLayersThanStoredListsTheMissing) {
  std::string config = ReadFile(folder_.File("config.json"));
  config.replace(config.find("\"num_layers\": 4"), 15, "\"num_layers\": 5");
  WriteFile(folder_.File("config.json"), config);
  EXPECT_THAT(LoadError(), ::testing::HasSubstr("27 missing: blocks.4.scale_shift_table"));
}

TEST_F(BrokenCheckpointTest, MissingConfigIsNamed) {
  std::filesystem::remove(folder_.File("config.json"));
  EXPECT_THAT(LoadError(), ::testing::HasSubstr("config.json is missing"));
}

}  // namespace
}  // namespace wan
