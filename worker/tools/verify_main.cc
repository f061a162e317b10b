// wan_verify: runs golden cases of the reference on this machine, device and dtype, and says how far off each stage is.
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include "common/log.h"
#include "worker/tools/verify/verify.h"

namespace {

constexpr char kUsage[] =
    R"(Usage: wan_verify CASE_DIR... [--model DIR] [--dtype f32|bf16] [--device NAME] [--threads N] [--json]

Runs cases of the reference implementation stage by stage, each stage fed with the reference's own input, and again end
to end, and compares every stage with the tolerance that the case states. Use it to check a GPU, a driver or a dtype.

  CASE_DIR       folder with case.json and tensors.safetensors; kinds: pipeline, bf16_forward, scheduler, vae, text
  --model DIR    checkpoint in Diffusers layout; default: model/ inside the case, or ../../models/NAME
  --dtype TYPE   compute in this dtype; default: the case's. Tolerances are those of the case: a case made in float32
                 shows in bf16 how much bf16 costs, and fails
  --device NAME  cpu (default), cuda, cuda:1, …
  --threads N    threads on the CPU; default: what the machine grants
  --json         one JSON document on stdout instead of a table

Exit code: 0 all passed, 1 a stage was outside its tolerance, 2 a case cannot be run by this build, or bad usage.
Example: wan_verify tests/golden/cases/wan_shapes
)";

struct Arguments {
  std::vector<std::string> cases;
  wan::VerifyOptions options;
  bool json = false;
  bool help = false;
};

// Empty on success, else what is wrong.
std::string Parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag.rfind("--", 0) != 0) {
      arguments.cases.push_back(flag);
      continue;
    }
    if (flag == "--json") {
      arguments.json = true;
      continue;
    }
    if (flag == "--help") {
      arguments.help = true;
      continue;
    }
    if (flag != "--model" && flag != "--dtype" && flag != "--device" && flag != "--threads") {
      return "unknown flag " + flag;
    }
    if (++i == argc) return flag + " needs a value";
    const std::string value = argv[i];
    if (flag == "--model") arguments.options.model = value;
    if (flag == "--device") arguments.options.device = value;
    if (flag == "--dtype") {
      if (value != "f32" && value != "bf16") return "--dtype: '" + value + "' is not allowed, allowed are f32, bf16";
      arguments.options.dtype = value;
    }
    if (flag == "--threads") {
      char* end = nullptr;
      arguments.options.threads = std::strtoll(value.c_str(), &end, 10);
      if (end == value.c_str() || *end != '\0' || arguments.options.threads < 1) {
        return "--threads: '" + value + "' is not a whole number from 1";
      }
    }
  }
  if (arguments.cases.empty() && !arguments.help) return "no case given";
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (const std::string fault = Parse(argc, argv, arguments); !fault.empty()) {
    std::cerr << "wan_verify: " << fault << "\n" << kUsage;
    return 2;
  }
  if (arguments.help) {
    std::cout << kUsage;
    return 0;
  }
  wan::InitLog({.minimum = wan::LogLevel::WARNING, .format = wan::LogFormat::kText, .process = "wan_verify"});
  bool all_passed = true, all_supported = true;
  nlohmann::ordered_json document = {{"cases", nlohmann::ordered_json::array()}};
  for (const std::string& folder : arguments.cases) {
    const wan::CaseReport report = wan::VerifyCase(folder, arguments.options);
    all_passed = all_passed && (report.passed() || !report.unsupported.empty());
    all_supported = all_supported && report.unsupported.empty();
    if (arguments.json) {
      document["cases"].push_back(wan::ToJson(report));
    } else {
      wan::PrintTable(report, std::cout);
    }
  }
  if (arguments.json) {
    document["passed"] = all_passed && all_supported;
    std::cout << document.dump(2) << "\n";
  }
  return !all_passed ? 1 : all_supported ? 0 : 2;
}
