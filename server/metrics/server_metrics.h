// What the server counts. Families that have a known set of labels show zeros from the first scrape on; a label that is
// not of such a set (a model that left the catalogue, a reason of a newer ring) is counted as "other".
#ifndef WAN_SERVER_METRICS_SERVER_METRICS_H_
#define WAN_SERVER_METRICS_SERVER_METRICS_H_

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/generation/model_catalog.h"
#include "server/job/job.h"
#include "server/job/job_store.h"
#include "wan/v1/job.pb.h"

namespace wan {

// Any thread. The registry outlives it.
class ServerMetrics {
 public:
  ServerMetrics(prometheus::Registry& registry, const ModelCatalog& catalog, const std::vector<std::string>& rings);

  void JobStarted(const Job& job);  // time in the queue, for the first attempt
  void JobEnded(const Job& job);    // in its final state
  void JobRetried(const std::string& ring, absl::string_view reason);
  void SubmissionRefused(const absl::Status& status);
  void PhaseEnded(v1::Phase phase, const std::string& model, absl::Duration duration);
  void VideoStored(const JobVideo& video);
  void SetRingReady(const std::string& ring, bool is_ready);
  void SetQueued(const std::vector<QueuedJobs>& queued, absl::Time now);
  // `method` is the full name: "wan.v1.VideoGeneration/SubmitJob".
  void CallEnded(const std::string& method, absl::StatusCode code, absl::Duration duration);

 private:
  template <typename Metric>
  using Family = prometheus::Family<Metric>;

  std::string ModelLabel(const std::string& model) const;
  std::string TaskLabel(const std::string& model) const;

  const ModelCatalog& catalog_;
  Family<prometheus::Counter>& jobs_;
  Family<prometheus::Histogram>& job_duration_;
  Family<prometheus::Histogram>& queue_time_;
  Family<prometheus::Gauge>& queued_;
  Family<prometheus::Gauge>& oldest_age_;
  Family<prometheus::Counter>& retries_;
  Family<prometheus::Gauge>& ring_ready_;
  Family<prometheus::Counter>& refusals_;
  Family<prometheus::Histogram>& phases_;
  Family<prometheus::Counter>& output_bytes_;
  Family<prometheus::Counter>& output_frames_;
  Family<prometheus::Counter>& calls_;
  Family<prometheus::Histogram>& call_duration_;
};

}  // namespace wan

#endif  // WAN_SERVER_METRICS_SERVER_METRICS_H_
