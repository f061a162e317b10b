#include "client/wanctl/tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "common/rpc/grpc_status.h"
#include "tests/client/fake_server.h"

namespace wan {
namespace {

using testing::HasSubstr;

TEST(Tables, JobDetailsNameEachValueAndItsOrigin) {
  v1::Job job = MakeJob("job-1", v1::JOB_STATE_FAILED);
  job.mutable_spec()->set_seed(6687881544318117707);
  job.mutable_spec()->mutable_fps()->set_numerator(30000);
  job.mutable_spec()->mutable_fps()->set_denominator(1001);
  (*job.mutable_spec_origins())["guidance_scale"] = v1::VALUE_ORIGIN_REQUEST;
  (*job.mutable_spec_origins())["num_frames"] = v1::VALUE_ORIGIN_MODEL;
  (*job.mutable_spec_origins())["seed"] = v1::VALUE_ORIGIN_SERVER;
  *job.mutable_error() = ToRpcStatus(MakeError(absl::StatusCode::kDataLoss, kNonFinite, "latents at step 3"));
  const std::string text = JobDetails(job);
  EXPECT_THAT(text, HasSubstr("state      failed\n"));
  EXPECT_THAT(text, HasSubstr("guidance   5                    given\n"));
  EXPECT_THAT(text, HasSubstr("frames     5                    model's default\n"));
  EXPECT_THAT(text, HasSubstr("seed       6687881544318117707  chosen by the server\n"));
  EXPECT_THAT(text, HasSubstr("fps        30000/1001\n"));
  EXPECT_THAT(text, HasSubstr("latents at step 3 (NON_FINITE)\n"));
}

TEST(Tables, JobTableIsAlignedAndFitsTheTerminal) {
  v1::Job running = MakeJob("job-2", v1::JOB_STATE_RUNNING);
  running.mutable_progress()->set_phase(v1::PHASE_DENOISING);
  running.mutable_progress()->set_step(3);
  running.mutable_progress()->set_of(4);
  running.mutable_spec()->set_prompt("two\nlines");
  v1::Job done = MakeJob("job-1", v1::JOB_STATE_SUCCEEDED);
  done.mutable_start_time()->set_seconds(1'700'000'010);
  done.mutable_end_time()->set_seconds(1'700'000'075);
  EXPECT_EQ(
      JobTable({running, done}, absl::FromUnixSeconds(1'700'000'090), 120),
      "JOB    STATE      PROGRESS       MODEL       SIZE   FRAMES  AGE         TOOK        PROMPT\n"
      "job-2  running    denoising 3/4  wan-shapes  48x32  5       1 min 30 s  -           two lines\n"
      "job-1  succeeded  -              wan-shapes  48x32  5       1 min 30 s  1 min 05 s  a red ball moves left\n");
  done.mutable_spec()->set_prompt(std::string(500, 'x'));
  EXPECT_THAT(JobTable({done}, absl::FromUnixSeconds(1'700'000'090), 100), HasSubstr("xxx...\n"));
}

TEST(Tables, ModelsAndRingsShowDashesForWhatIsNotThere) {
  v1::Model model;
  model.set_name("wan-shapes");
  model.add_tasks("t2v");
  *model.mutable_defaults() = MakeJob("", v1::JOB_STATE_QUEUED).spec();
  EXPECT_EQ(ModelTable({model}),
            "MODEL       TASKS  SIZE   FRAMES  FPS  STEPS  GUIDANCE  SHIFT  SCHEDULER  CODECS  READY RINGS  NAME\n"
            "wan-shapes  t2v    48x32  5       16   4      5         3      unipc      -       0            -\n");
  v1::Ring ring;
  ring.set_name("a");
  ring.set_state(v1::RING_STATE_UNREACHABLE);
  ring.set_address("127.0.0.1:50051");
  ring.set_detail("refused\x1b[2J");
  EXPECT_EQ(RingTable({ring}),
            "RING  STATE        MODEL  RANKS  DEVICE  DTYPE  CODECS  UPTIME  JOB  ADDRESS          DETAIL\n"
            "a     unreachable  -      -      -       -      -       -       -    127.0.0.1:50051  refused [2J\n");
}

}  // namespace
}  // namespace wan
