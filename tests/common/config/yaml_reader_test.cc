#include "common/config/yaml_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace wan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

YamlReader Read(const std::string& yaml) {
  auto reader = YamlReader::Parse(yaml, "test.yaml");
  EXPECT_TRUE(reader.ok()) << reader.status();
  return *std::move(reader);
}

std::string ParseError(const std::string& yaml) {
  return std::string(YamlReader::Parse(yaml, "test.yaml").status().message());
}

std::string Faults(const YamlReader& reader) { return std::string(reader.Finish().message()); }

TEST(YamlReader, ReadsEachType) {
  const YamlReader root =
      Read("a: text\nb: -9223372036854775808\nc: 0.5\nd: true\ne: [x, y]\nf: {g: 1}\nh: [{i: 1}, {i: 2}]\n");
  EXPECT_EQ(root.String("a"), "text");
  EXPECT_EQ(root.Int("b", 0), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(root.Double("c", 0), 0.5);
  EXPECT_TRUE(root.Bool("d", false));
  EXPECT_THAT(root.Strings("e"), ElementsAre("x", "y"));
  EXPECT_EQ(root.Section("f").Int("g", 0), 1);
  const std::vector<YamlReader> list = root.List("h");
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].Int("i", 0), 1);
  EXPECT_EQ(list[1].Int("i", 0), 2);
  EXPECT_TRUE(root.Finish().ok()) << root.Finish();
}

TEST(YamlReader, AbsentKeysGiveFallbacks) {
  const YamlReader root = Read("");
  EXPECT_EQ(root.String("a", "x"), "x");
  EXPECT_EQ(root.Section("s").Section("t").Int("b", 7), 7);
  EXPECT_THAT(root.Strings("c", {"d"}), ElementsAre("d"));
  EXPECT_TRUE(root.List("l").empty());
  EXPECT_FALSE(root.Has("a"));
  EXPECT_TRUE(root.Finish().ok()) << root.Finish();
}

TEST(YamlReader, SeedOf64BitsIsReadUnchanged) {
  const YamlReader root = Read("seed: 6687881544318117707\n");
  EXPECT_EQ(root.Int("seed", 0), 6687881544318117707);
}

TEST(YamlReader, UnknownKeyIsRefusedWithPathLineAndNearestName) {
  const YamlReader root = Read("limits:\n  max_stepz: 5\n");
  root.Section("limits").Int("max_steps", 0);
  EXPECT_EQ(Faults(root), "test.yaml:2: limits.max_stepz: unknown key; did you mean max_steps?");
}

TEST(YamlReader, UnknownKeyNearNothingListsTheKnownOnes) {
  const YamlReader root = Read("zebra: 5\n");
  root.Int("width", 0);
  root.Int("height", 0);
  EXPECT_EQ(Faults(root), "test.yaml:1: zebra: unknown key; known here: height, width");
}

TEST(YamlReader, UnknownKeyInAListElementHasItsIndex) {
  const YamlReader root = Read("rings:\n  - {name: a}\n  - {nam: b}\n");
  for (const YamlReader& ring : root.List("rings")) ring.String("name", "");
  EXPECT_THAT(Faults(root), HasSubstr("test.yaml:3: rings[1].nam: unknown key; did you mean name?"));
}

TEST(YamlReader, UnreadSectionIsUnknown) {
  EXPECT_THAT(Faults(Read("store: {path: x}\n")), HasSubstr("store: unknown key"));
}

TEST(YamlReader, AllFaultsComeAtOnce) {
  const YamlReader root = Read("a: x\nb: 12\nc: maybe\nd: .nan\ne: hevc\nf: 5\ng: [1]\nh: {}\n");
  EXPECT_EQ(root.Int("a", 3), 3);
  EXPECT_EQ(root.Int("b", 3, {.min = 0, .max = 10}), 3);
  EXPECT_TRUE(root.Bool("c", true));
  EXPECT_EQ(root.Double("d", 1.5), 1.5);
  EXPECT_EQ(root.Choice("e", "h264", {"h264", "ffv1"}), "h264");
  root.Section("f");
  EXPECT_EQ(root.String("g", "z"), "z");
  root.List("h");
  root.String("required");
  const std::string faults = Faults(root);
  for (const char* fault : {"test.yaml:1: a: \"x\" is not a whole number", "b: \"12\" must be from 0 to 10",
                            "c: \"maybe\" must be true or false", "d: \".nan\" is not a finite number",
                            "e: \"hevc\" must be one of h264, ffv1", "f: must be a mapping, not a single value",
                            "g: must be a single value, not a list", "h: must be a list of mappings, not a mapping",
                            "required: is required"}) {
    EXPECT_THAT(faults, HasSubstr(fault));
  }
}

TEST(YamlReader, FractionsAndHugeNumbersAreNoIntegers) {
  const YamlReader root = Read("a: 1.5\nb: 9223372036854775808\n");
  root.Int("a", 0);
  root.Int("b", 0);
  EXPECT_THAT(Faults(root), HasSubstr("a: \"1.5\" is not a whole number"));
  EXPECT_THAT(Faults(root), HasSubstr("b: \"9223372036854775808\" is not a whole number of 64 bits"));
}

TEST(YamlReader, RangesHoldTheirBordersAndNameWhatIsAllowed) {
  const YamlReader root = Read("a: 0\nb: 10\nc: -1\nd: -1\ne: 11\n");
  EXPECT_EQ(root.Int("a", 5, {.min = 0, .max = 10}), 0);
  EXPECT_EQ(root.Int("b", 5, {.min = 0, .max = 10}), 10);
  EXPECT_EQ(root.Int("c", 5, {.min = 0, .max = 10}), 5);
  EXPECT_EQ(root.Int("d", 5, {.min = 0}), 5);
  EXPECT_EQ(root.Int("e", 5, {.max = 10}), 5);
  EXPECT_EQ(Faults(root),
            "test.yaml:3: c: \"-1\" must be from 0 to 10; test.yaml:4: d: \"-1\" must be at least 0; "
            "test.yaml:5: e: \"11\" must be at most 10");
}

TEST(YamlReader, ScalarWithoutValueIsAFaultAndSectionWithoutContentIsNot) {
  const YamlReader root = Read("a:\ns:\n");
  root.Int("a", 0);
  root.Section("s").Int("b", 0);
  EXPECT_EQ(Faults(root), "test.yaml:1: a: has no value");
}

TEST(YamlReader, CallersFaultHasThePath) {
  const YamlReader root = Read("parallel: {layout: {ulysses: 16}}\n");
  const YamlReader layout = root.Section("parallel").Section("layout");
  layout.Int("ulysses", 1);
  EXPECT_EQ(layout.PathOf("ulysses"), "parallel.layout.ulysses");
  layout.Fault("ulysses", "16 is more than 12 heads");
  EXPECT_EQ(Faults(root), "test.yaml:1: parallel.layout.ulysses: 16 is more than 12 heads");
}

TEST(YamlReader, SectionReadInTwoPlacesKnowsBothKeys) {
  const YamlReader root = Read("s: {a: 1, b: 2}\n");
  root.Section("s").Int("a", 0);
  root.Section("s").Int("b", 0);
  EXPECT_TRUE(root.Finish().ok()) << root.Finish();
}

TEST(YamlReader, ScalarsComeFromTheEnvironment) {
  ::setenv("WAN_TEST_PORT", "9464", 1);
  ::unsetenv("WAN_TEST_UNSET");
  const YamlReader root =
      Read("a: ${WAN_TEST_PORT}\nb: \"${WAN_TEST_UNSET:-7}\"\nc: ${WAN_TEST_UNSET}\nd: [\"${WAN_TEST_PORT}\"]\n");
  EXPECT_EQ(root.Int("a", 0), 9464);
  EXPECT_EQ(root.Int("b", 0), 7);
  EXPECT_EQ(root.String("c", "x"), "x");
  EXPECT_THAT(root.Strings("d"), ElementsAre("9464"));
  EXPECT_EQ(Faults(root), "test.yaml:3: c: environment variable WAN_TEST_UNSET is not set");
}

TEST(YamlReader, BadValueFromTheEnvironmentIsNotShown) {
  ::setenv("WAN_TEST_SECRET", "hunter2", 1);
  const YamlReader root = Read("a: ${WAN_TEST_SECRET}\n");
  root.Int("a", 0);
  EXPECT_THAT(Faults(root), HasSubstr("${WAN_TEST_SECRET}"));
  EXPECT_THAT(Faults(root), Not(HasSubstr("hunter2")));
}

TEST(YamlReader, DuplicateKeyIsRefusedAtAnyDepth) {
  const YamlReader root = Read("a:\n  b: 1\n  c: 2\n  b: 3\n");
  root.Section("a").Int("b", 0);
  root.Section("a").Int("c", 0);
  EXPECT_EQ(Faults(root), "test.yaml:4: a.b: given twice, first in line 2");
}

TEST(YamlReader, BrokenDocumentsAreRefusedWithTheirPlace) {
  EXPECT_THAT(ParseError("a: [1\nb: 2\n"), HasSubstr("test.yaml:2: column"));
  EXPECT_THAT(ParseError("- a\n- b\n"), HasSubstr("must be a mapping of keys, not a list"));
  EXPECT_THAT(ParseError("a: 1\n---\nb: 2\n"), HasSubstr("holds 2 documents"));
  EXPECT_THAT(ParseError("a: \xFF\n"), HasSubstr("byte 3 is not valid UTF-8"));
}

TEST(YamlReader, ExponentialAndEndlessDocumentsAreRefused) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string ref = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 9; ++j) bomb += ref + (j < 8 ? ", " : "]\n");
  }
  EXPECT_THAT(ParseError(bomb), HasSubstr("too many values"));
  EXPECT_THAT(ParseError("a: &a [*a]\n"), HasSubstr("deep"));
}

TEST(YamlReader, MissingFileIsNamed) {
  const absl::Status status = YamlReader::Load("/nonexistent/server.yaml").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/nonexistent/server.yaml: No such file"));
  EXPECT_FALSE(YamlReader::Load("/").ok());
}

}  // namespace
}  // namespace wan
