#include "common/generation/spec_proto.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/log.h"

namespace wan {
namespace {

// A value that the field cannot hold stays illegal: no limit is above 2^31-1.
int32_t Saturate(int64_t value) {
  return static_cast<int32_t>(
      std::clamp<int64_t>(value, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()));
}

FrameRate RateFromProto(const wan::v1::FrameRate& message) {
  return {message.numerator(), message.denominator() == 0 ? 1 : message.denominator()};
}

void RateToProto(const FrameRate& rate, wan::v1::FrameRate* message) {
  message->set_numerator(rate.numerator);
  message->set_denominator(rate.denominator);
}

std::vector<std::string> MissingFields(const wan::v1::GenerationSpec& message) {
  std::vector<std::string> missing;
  const auto need = [&](bool present, const char* name) {
    if (!present) missing.emplace_back(name);
  };
  need(!message.model().empty(), "model");
  need(message.has_negative_prompt(), "negative_prompt");
  need(message.has_width(), "width");
  need(message.has_height(), "height");
  need(message.has_num_frames(), "num_frames");
  need(message.has_fps(), "fps");
  need(message.has_num_steps(), "num_steps");
  need(message.has_guidance_scale(), "guidance_scale");
  need(message.has_flow_shift(), "flow_shift");
  need(message.has_scheduler(), "scheduler");
  need(message.has_seed(), "seed");
  need(message.has_num_videos(), "num_videos");
  need(message.has_codec(), "codec");
  return missing;
}

}  // namespace

GenerationRequest RequestFromProto(const wan::v1::GenerationSpec& message) {
  GenerationRequest request;
  request.model = message.model();
  request.prompt = message.prompt();
  if (message.has_negative_prompt()) request.negative_prompt = message.negative_prompt();
  if (message.has_width()) request.width = message.width();
  if (message.has_height()) request.height = message.height();
  if (message.has_num_frames()) request.num_frames = message.num_frames();
  if (message.has_fps()) request.fps = RateFromProto(message.fps());
  if (message.has_num_steps()) request.num_steps = message.num_steps();
  if (message.has_guidance_scale()) request.guidance_scale = message.guidance_scale();
  if (message.has_flow_shift()) request.flow_shift = message.flow_shift();
  if (message.has_scheduler()) request.scheduler = message.scheduler();
  if (message.has_seed()) request.seed = message.seed();
  if (message.has_num_videos()) request.num_videos = message.num_videos();
  if (message.has_codec()) request.codec = message.codec();
  return request;
}

wan::v1::GenerationSpec RequestToProto(const GenerationRequest& request) {
  wan::v1::GenerationSpec message;
  message.set_model(request.model);
  message.set_prompt(request.prompt);
  if (request.negative_prompt.has_value()) message.set_negative_prompt(*request.negative_prompt);
  if (request.width.has_value()) message.set_width(Saturate(*request.width));
  if (request.height.has_value()) message.set_height(Saturate(*request.height));
  if (request.num_frames.has_value()) message.set_num_frames(Saturate(*request.num_frames));
  if (request.fps.has_value()) RateToProto(*request.fps, message.mutable_fps());
  if (request.num_steps.has_value()) message.set_num_steps(Saturate(*request.num_steps));
  if (request.guidance_scale.has_value()) message.set_guidance_scale(*request.guidance_scale);
  if (request.flow_shift.has_value()) message.set_flow_shift(*request.flow_shift);
  if (request.scheduler.has_value()) message.set_scheduler(*request.scheduler);
  if (request.seed.has_value()) message.set_seed(*request.seed);
  if (request.num_videos.has_value()) message.set_num_videos(Saturate(*request.num_videos));
  if (request.codec.has_value()) message.set_codec(*request.codec);
  return message;
}

wan::v1::GenerationSpec SpecToProto(const GenerationSpec& spec) {
  wan::v1::GenerationSpec message;
  message.set_model(spec.model);
  message.set_prompt(spec.prompt);
  message.set_negative_prompt(spec.negative_prompt);
  message.set_width(Saturate(spec.width));
  message.set_height(Saturate(spec.height));
  message.set_num_frames(Saturate(spec.num_frames));
  RateToProto(spec.fps, message.mutable_fps());
  message.set_num_steps(Saturate(spec.num_steps));
  message.set_guidance_scale(spec.guidance_scale);
  message.set_flow_shift(spec.flow_shift);
  message.set_scheduler(std::string(NoiseSchedulerName(spec.scheduler)));
  message.set_seed(spec.seed);
  message.set_num_videos(Saturate(spec.num_videos));
  message.set_codec(std::string(VideoCodecName(spec.codec)));
  return message;
}

absl::StatusOr<GenerationSpec> SpecFromProto(const wan::v1::GenerationSpec& message) {
  const std::vector<std::string> missing = MissingFields(message);
  if (!missing.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("resolved spec lacks ", absl::StrJoin(missing, ", ")));
  }
  const auto scheduler = ParseNoiseScheduler(message.scheduler());
  if (!scheduler.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("resolved spec: unknown scheduler ", QuoteBriefly(message.scheduler())));
  }
  const auto codec = ParseVideoCodec(message.codec());
  if (!codec.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat("resolved spec: unknown codec ", QuoteBriefly(message.codec())));
  }
  GenerationSpec spec;
  spec.model = message.model();
  spec.prompt = message.prompt();
  spec.negative_prompt = message.negative_prompt();
  spec.width = message.width();
  spec.height = message.height();
  spec.num_frames = message.num_frames();
  spec.fps = RateFromProto(message.fps());
  spec.num_steps = message.num_steps();
  spec.guidance_scale = message.guidance_scale();
  spec.flow_shift = message.flow_shift();
  spec.scheduler = *scheduler;
  spec.seed = message.seed();
  spec.num_videos = message.num_videos();
  spec.codec = *codec;
  return spec;
}

wan::v1::ValueOrigin OriginToProto(ValueOrigin origin) {
  switch (origin) {
    case ValueOrigin::kRequest:
      return wan::v1::VALUE_ORIGIN_REQUEST;
    case ValueOrigin::kModel:
      return wan::v1::VALUE_ORIGIN_MODEL;
    case ValueOrigin::kServer:
      return wan::v1::VALUE_ORIGIN_SERVER;
  }
  WAN_CHECK(false);
  return wan::v1::VALUE_ORIGIN_UNSPECIFIED;
}

}  // namespace wan
