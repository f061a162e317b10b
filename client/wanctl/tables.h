// Answers as tables for people; their layout may change, `-o json` is for programs.
#ifndef WAN_CLIENT_WANCTL_TABLES_H_
#define WAN_CLIENT_WANCTL_TABLES_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "wan/v1/admin.pb.h"
#include "wan/v1/job.pb.h"
#include "wan/v1/video_generation.pb.h"

namespace wan {

// One job, one property a line, each value of the spec with its origin.
std::string JobDetails(const v1::Job& job);

// One job a line; `now` gives ages, `columns` the width to which prompts are cut.
std::string JobTable(const std::vector<v1::Job>& jobs, absl::Time now, int columns);

std::string ModelTable(const std::vector<v1::Model>& models);

std::string RingTable(const std::vector<v1::Ring>& rings);

}  // namespace wan

#endif  // WAN_CLIENT_WANCTL_TABLES_H_
