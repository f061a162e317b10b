#include "server/api/job_listing.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/status_macros.h"
#include "server/api/job_proto.h"
#include "server/api/job_view.h"

namespace wan {
namespace {

constexpr int kDefaultPageSize = 50;
constexpr int kMaxPageSize = 1000;
constexpr size_t kMaxReplyBytes = 3 << 20;

absl::StatusOr<ListQuery> ToQuery(const v1::ListJobsRequest& request) {
  ListQuery query;
  std::vector<FieldViolation> violations;
  if (request.page_size() < 0) {
    violations.push_back(
        {"page_size", absl::StrCat(request.page_size(), " is negative; 0 stands for ", kDefaultPageSize)});
  }
  query.page_size = request.page_size() == 0 ? kDefaultPageSize : std::min(request.page_size(), kMaxPageSize);
  query.page_token = request.page_token();
  for (int i = 0; i < request.states_size(); ++i) {
    if (const auto state = JobStateFromProto(request.states(i))) {
      query.states.push_back(*state);
    } else {
      violations.push_back({absl::StrCat("states[", i, "]"), absl::StrCat(request.states(i), " is no state of a job")});
    }
  }
  if (violations.empty()) return query;
  return WithDetails(InvalidSpecError(violations),
                     {.reason = kInvalidRequest, .metadata = {}, .violations = violations});
}

}  // namespace

absl::StatusOr<v1::ListJobsResponse> ListJobs(const v1::ListJobsRequest& request, JobStore& store,
                                              const JobEvents& events) {
  WAN_ASSIGN_OR_RETURN(ListQuery query, ToQuery(request));
  while (true) {
    WAN_ASSIGN_OR_RETURN(JobPage page, store.List(query));
    v1::ListJobsResponse response;
    response.set_next_page_token(page.next_page_token);
    size_t bytes = page.next_page_token.size();
    for (const Job& job : page.jobs) {
      WAN_ASSIGN_OR_RETURN(v1::Job view, ViewJob(job, store, events));
      bytes += view.ByteSizeLong() + 8;
      if (bytes > kMaxReplyBytes && response.jobs_size() > 0) break;
      *response.add_jobs() = std::move(view);
    }
    if (response.jobs_size() == static_cast<int>(page.jobs.size())) return response;
    query.page_size = response.jobs_size();  // the token of a page that ends there
  }
}

}  // namespace wan
