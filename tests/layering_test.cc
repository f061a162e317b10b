// The arrows of docs/architecture.md, held against every #include of the sources, and each third-party library against
// the folders that may see it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace wan {
namespace {

namespace fs = std::filesystem;

struct Include {
  std::string file;    // "worker/ops/rope.cc"
  std::string target;  // "common/log.h", "ATen/core/Tensor.h"
};

const char* const kRoots[] = {"common", "server", "worker", "client"};

std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::vector<Include> AllIncludes() {
  const fs::path source = std::getenv("WAN_SOURCE_DIR");
  std::vector<Include> includes;
  for (const char* root : kRoots) {
    for (const auto& entry : fs::recursive_directory_iterator(source / root)) {
      const std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc" && extension != ".cu") continue;
      std::ifstream stream(entry.path());
      for (std::string line; std::getline(stream, line);) {
        if (line.rfind("#include ", 0) != 0) continue;
        const size_t begin = line.find_first_of("\"<") + 1;
        const size_t end = line.find_first_of("\">", begin);
        includes.push_back({entry.path().lexically_relative(source).string(), line.substr(begin, end - begin)});
      }
    }
  }
  return includes;
}

// What each folder may include of this project beside itself. Generated messages (wan/…, google/…) are named as theirs.
const std::map<std::string, std::set<std::string>>& Arrows() {
  static const auto& arrows = *new std::map<std::string, std::set<std::string>>{
      {"common", {}},
      {"common/config", {"common"}},
      {"common/generation", {"common", "common/config", "wan/v1"}},
      {"common/metrics", {"common", "common/rpc"}},
      {"common/rpc", {"common", "google/rpc"}},

      {"server/config", {"common", "common/config", "common/rpc"}},
      {"server/job", {"common", "common/generation", "common/rpc", "wan/v1", "google/rpc"}},
      {"server/result", {"common"}},
      {"server/metrics", {"common", "common/generation", "server/job", "wan/v1"}},
      {"server/ring",
       {"common", "common/generation", "common/rpc", "server/config", "server/job", "server/metrics", "server/result",
        "wan/v1", "wan/worker/v1"}},
      {"server/api",
       {"common", "common/generation", "common/rpc", "server/job", "server/metrics", "server/result", "server/ring",
        "wan/v1"}},
      {"server",
       {"common", "common/generation", "common/metrics", "common/rpc", "server/api", "server/config", "server/job",
        "server/metrics", "server/result", "server/ring"}},

      {"client", {"common", "common/rpc", "wan/v1"}},
      {"client/wanctl", {"client", "common", "common/generation", "common/rpc", "wan/v1", "google/rpc"}},

      {"worker/device", {"common"}},
      {"worker/ops", {"common", "worker/ops/cuda"}},
      {"worker/ops/cuda", {}},
      {"worker/parallel", {"common"}},
      {"worker/checkpoint", {"common", "worker/parallel"}},
      {"worker/model", {"common", "worker/checkpoint", "worker/ops", "worker/parallel"}},
      {"worker/text", {"common", "worker/checkpoint"}},
      {"worker/diffusion", {"common", "common/generation", "worker/model"}},
      {"worker/pipeline",
       {"common", "common/generation", "worker/checkpoint", "worker/device", "worker/diffusion", "worker/model",
        "worker/ops", "worker/text"}},
      {"worker/media", {"common", "common/generation", "worker/pipeline"}},
      {"worker/config", {"common", "common/config", "common/generation", "common/rpc"}},
      {"worker/ring", {"common", "common/generation", "worker/pipeline"}},
      {"worker/service", {"common", "common/generation", "common/rpc", "wan/worker/v1", "worker/ring"}},
      {"worker/launch", {"common"}},
      {"worker/tools/verify",
       {"common", "worker/checkpoint", "worker/device", "worker/diffusion", "worker/model", "worker/ops",
        "worker/pipeline", "worker/text"}},
      {"worker/tools", {"common", "worker/tools/verify"}},
      {"worker",
       {"common", "common/metrics", "worker/config", "worker/device", "worker/launch", "worker/media",
        "worker/pipeline", "worker/ring", "worker/service"}},
  };
  return arrows;
}

bool IsOurs(const std::string& target) {
  const std::string first = target.substr(0, target.find('/'));
  return first == "wan" || target.rfind("google/rpc/", 0) == 0 ||
         std::find(std::begin(kRoots), std::end(kRoots), first) != std::end(kRoots);
}

TEST(Layering, EveryIncludeFollowsAnArrow) {
  std::vector<std::string> crossings;
  for (const Include& include : AllIncludes()) {
    const std::string folder = FolderOf(include.file);
    if (!IsOurs(include.target) || FolderOf(include.target) == folder) continue;
    const auto allowed = Arrows().find(folder);
    ASSERT_NE(allowed, Arrows().end()) << folder << " has no row: a new folder states its arrows here";
    if (allowed->second.count(FolderOf(include.target)) == 0) {
      crossings.push_back(include.file + " includes " + include.target);
    }
  }
  EXPECT_THAT(crossings, ::testing::IsEmpty());
}

TEST(Layering, MediaKnowsOfThePipelineOnlyItsFrameSink) {
  for (const Include& include : AllIncludes()) {
    if (FolderOf(include.file) == "worker/media" && FolderOf(include.target) == "worker/pipeline") {
      EXPECT_EQ(include.target, "worker/pipeline/frame_sink.h") << include.file;
    }
  }
}

TEST(Layering, TheNumericalCoreSeesNoServiceLibrary) {
  const std::set<std::string> core = {"worker/device",     "worker/ops",   "worker/ops/cuda",    "worker/parallel",
                                      "worker/checkpoint", "worker/model", "worker/text",        "worker/diffusion",
                                      "worker/pipeline",   "worker/tools", "worker/tools/verify"};
  for (const Include& include : AllIncludes()) {
    if (core.count(FolderOf(include.file)) == 0) continue;
    for (const char* prefix :
         {"grpc", "google/", "wan/", "libav", "libsw", "prometheus", "sqlite3", "openssl", "CLI/"}) {
      EXPECT_NE(include.target.rfind(prefix, 0), 0u) << include.file << " includes " << include.target;
    }
  }
}

// A change of a library's version is then the work of one folder.
TEST(Layering, EachLibraryIsSeenWhereItBelongs) {
  const std::map<std::string, std::set<std::string>> homes = {
      {"libav", {"worker/media"}},
      {"libsw", {"worker/media"}},
      {"sqlite3", {"server/job"}},
      {"yaml-cpp", {"common/config"}},
      {"civetweb", {"common/metrics"}},
      {"Civet", {"common/metrics"}},
      {"openssl", {"common"}},
      {"utf8proc", {"worker/text", "client/wanctl"}},
      {"CLI/", {"server", "worker", "worker/config", "client/wanctl"}},
      {"cuda", {"worker/ops", "worker/ops/cuda", "worker/device"}},
      {"prometheus", {"common/metrics", "server", "server/metrics", "worker", "worker/ring"}},
  };
  for (const Include& include : AllIncludes()) {
    for (const auto& [prefix, folders] : homes) {
      if (include.target.rfind(prefix, 0) == 0) {
        EXPECT_EQ(folders.count(FolderOf(include.file)), 1u) << include.file << " includes " << include.target;
      }
    }
  }
}

TEST(Layering, NobodyIncludesAllOfTorch) {
  for (const Include& include : AllIncludes()) {
    EXPECT_NE(include.target, "torch/torch.h") << include.file;
    EXPECT_NE(include.target, "ATen/ATen.h") << include.file;
  }
}

}  // namespace
}  // namespace wan
