#include "client/wanctl/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/wanctl/help_text.h"
#include "tests/client/wanctl/test_console.h"

namespace wan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class CommandLineTest : public testing::Test {
 protected:
  Invocation Parse(const std::vector<std::string>& arguments) {
    const auto parsed = ParseCommandLine(arguments, console_.Make());
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    return parsed.ok() ? std::get<Invocation>(*parsed) : Invocation();
  }

  std::string ErrorOf(const std::vector<std::string>& arguments) {
    const auto parsed = ParseCommandLine(arguments, console_.Make());
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(parsed.status().message());
  }

  TestConsole console_;
};

TEST_F(CommandLineTest, FlagBeatsVariableBeatsDefault) {
  EXPECT_EQ(Parse({"list"}).server, "127.0.0.1:50051");
  console_.variables["WANCTL_SERVER"] = "a:1";
  EXPECT_EQ(Parse({"list"}).server, "a:1");
  EXPECT_FALSE(Parse({"list"}).server_is_flag);
  EXPECT_EQ(Parse({"list", "--server", "b:2"}).server, "b:2");
  EXPECT_TRUE(Parse({"list", "--server", "b:2"}).server_is_flag);
  console_.variables["WANCTL_SERVER"] = "";
  EXPECT_EQ(Parse({"list"}).server, "127.0.0.1:50051");
}

TEST_F(CommandLineTest, GenerationFlagBeatsItsVariableAndKeepsItsSource) {
  console_.variables["WANCTL_STEPS"] = "4";
  console_.variables["WANCTL_SEED"] = "1";
  const GenerationFlags flags = Parse({"submit", "--prompt", "x", "--seed", "2"}).generation;
  EXPECT_EQ(flags.steps->text, "4");
  EXPECT_EQ(flags.steps->source, "WANCTL_STEPS");
  EXPECT_EQ(flags.seed->text, "2");
  EXPECT_EQ(flags.seed->source, "--seed");
  EXPECT_FALSE(flags.width.has_value());
}

TEST_F(CommandLineTest, ProgramAndCommandTakeTheCommonFlags) {
  EXPECT_EQ(Parse({"-o", "json", "list"}).format, OutputFormat::kJson);
  EXPECT_EQ(Parse({"list", "-o", "json"}).format, OutputFormat::kJson);
  EXPECT_EQ(Parse({"list", "-ojson"}).format, OutputFormat::kJson);
  console_.variables["WANCTL_FORMAT"] = "json";
  EXPECT_EQ(Parse({"list"}).format, OutputFormat::kJson);
  EXPECT_EQ(Parse({"list", "-o", "table"}).format, OutputFormat::kTable);
  console_.variables["WANCTL_FORMAT"] = "yaml";
  EXPECT_THAT(ErrorOf({"list"}), HasSubstr("WANCTL_FORMAT: \"yaml\" is neither table nor json"));
}

TEST_F(CommandLineTest, FormatAndOutputFileAreTwoFlags) {
  const Invocation invocation = Parse({"generate", "--prompt", "x", "-o", "json", "--output", "clip.mp4"});
  EXPECT_EQ(invocation.format, OutputFormat::kJson);
  EXPECT_EQ(invocation.output, "clip.mp4");
}

// Texts that argument libraries like to interpret.
TEST_F(CommandLineTest, PromptsArriveUnchanged) {
  for (const char* prompt : {"", "[red, ball]", "{}", "'quoted'", "\"quoted\"", "a=b", "%%", "a\nb", "ends in \\", "-",
                             "\xe8\xb5\xa4\xe3\x81\x84", "\xff"}) {
    const auto flags = Parse({"submit", "--prompt", prompt, "--negative", prompt}).generation;
    ASSERT_TRUE(flags.prompt.has_value()) << prompt;
    EXPECT_EQ(flags.prompt->text, prompt);
    ASSERT_TRUE(flags.negative.has_value()) << prompt;
    EXPECT_EQ(flags.negative->text, prompt);
  }
  EXPECT_EQ(Parse({"submit", "--prompt=--dashes"}).generation.prompt->text, "--dashes");
}

TEST_F(CommandLineTest, NegativeNumbersAreValues) {
  EXPECT_EQ(Parse({"submit", "--prompt", "x", "--seed", "-2"}).generation.seed->text, "-2");
  EXPECT_EQ(Parse({"submit", "--prompt", "x", "--seed=-2"}).generation.seed->text, "-2");
}

TEST_F(CommandLineTest, JobIndexLimitAndStatesAreRead) {
  const Invocation download = Parse({"download", "job-7", "--index", "2"});
  EXPECT_EQ(download.job_id, "job-7");
  EXPECT_EQ(download.index, 2);
  const Invocation list = Parse({"list", "--state", "queued", "--state", "Running", "--limit", "3"});
  EXPECT_THAT(list.states, ElementsAre(v1::JOB_STATE_QUEUED, v1::JOB_STATE_RUNNING));
  EXPECT_EQ(list.limit, 3);
}

TEST_F(CommandLineTest, RefusesWhatItDoesNotUnderstand) {
  EXPECT_THAT(ErrorOf({}), HasSubstr("wanctl --help"));
  EXPECT_THAT(ErrorOf({"genrate"}), HasSubstr("unknown command \"genrate\"; did you mean generate?"));
  EXPECT_THAT(ErrorOf({"submit", "--widht", "3"}), HasSubstr("unknown flag \"--widht\"; did you mean --width?"));
  EXPECT_THAT(ErrorOf({"submit", "--seed"}), HasSubstr("--seed"));
  EXPECT_THAT(ErrorOf({"submit", "--seed", "1", "--seed", "2"}), HasSubstr("--seed"));
  EXPECT_THAT(ErrorOf({"get"}), HasSubstr("JOB"));
  EXPECT_THAT(ErrorOf({"get", "a", "b"}), HasSubstr("b"));
  EXPECT_THAT(ErrorOf({"get", ""}), HasSubstr("JOB: the id is empty"));
  EXPECT_THAT(ErrorOf({"get", "\xff"}), HasSubstr("UTF-8"));
  EXPECT_THAT(ErrorOf({"list", "--limit", "0"}), HasSubstr("--limit: \"0\""));
  EXPECT_THAT(ErrorOf({"list", "--state", "done"}), HasSubstr("--state: \"done\""));
  EXPECT_THAT(ErrorOf({"download", "a", "--index", "-1"}), HasSubstr("--index: \"-1\""));
  EXPECT_THAT(ErrorOf({"list", "--retry-seconds", "soon"}), HasSubstr("--retry-seconds: \"soon\""));
}

TEST_F(CommandLineTest, EveryCommandHasHelpWithAnExample) {
  for (const CommandHelp& command : AllCommandHelp()) {
    const auto parsed = ParseCommandLine({command.name, "--help"}, console_.Make());
    ASSERT_TRUE(parsed.ok()) << command.name;
    const std::string& text = std::get<HelpText>(*parsed).text;
    EXPECT_THAT(text, HasSubstr(std::string("\n  wanctl ") + command.name)) << command.name;
    EXPECT_THAT(text, HasSubstr("WANCTL_SERVER")) << command.name;
  }
  const auto program = ParseCommandLine({"--help"}, console_.Make());
  ASSERT_TRUE(program.ok());
  for (const CommandHelp& command : AllCommandHelp()) {
    EXPECT_THAT(std::get<HelpText>(*program).text, HasSubstr(std::string("\n  ") + command.name));
  }
  EXPECT_THAT(std::get<HelpText>(*program).text, HasSubstr("130 interrupted"));
}

}  // namespace
}  // namespace wan
