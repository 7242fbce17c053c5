// cairn-vectors as a program, on files that it is given: what its end says.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>

#include "tests/support/scratch_folder.h"

namespace cairn::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kGood = R"([{"n_leaves": 1, "n_nodes": 1, "root": 0,
    "left": [null], "right": [null], "parent": [null], "sibling": [null]}])";
constexpr const char* kWrongRoot = R"([{"n_leaves": 1, "n_nodes": 1, "root": 1,
    "left": [null], "right": [null], "parent": [null], "sibling": [null]}])";
/// Of a suite that somebody else has.
constexpr const char* kNotOurs =
    R"([{"cipher_suite": 61440, "group_id": "", "initial_init_secret": "", "epochs": []}])";

class VectorProgram : public ::testing::Test {
 protected:
  void put(const std::string& name, const std::string& text) { std::ofstream(folder_.file(name)) << text; }
  /// How it ends on this file, or on the whole folder.
  int ends(const std::string& name = {}) {
    const std::string program = (fs::read_symlink("/proc/self/exe").parent_path() / "cairn-vectors").string();
    const std::string out = folder_.path() + ".out";
    const std::string what = name.empty() ? folder_.path() : folder_.file(name);
    const int status = std::system(("'" + program + "' mls '" + what + "' > '" + out + "' 2>&1").c_str());
    std::ifstream in(out);
    said_.assign(std::istreambuf_iterator<char>(in), {});
    fs::remove(out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  bool says(const std::string& words) const { return said_.find(words) != std::string::npos; }

  ScratchFolder folder_;
  std::string said_;
};

TEST_F(VectorProgram, EndsWellWhereAllHoldsAndWhereNothingIsOurs) {
  put("tree-math.json", kGood);
  EXPECT_EQ(ends("tree-math.json"), 0) << said_;
  EXPECT_TRUE(says("1 passed, 0 failed, 0 skipped")) << said_;
  put("key-schedule.json", kNotOurs);
  EXPECT_EQ(ends("key-schedule.json"), 0) << said_;
  EXPECT_TRUE(says("0 passed, 0 failed, 1 skipped")) << said_;
}

TEST_F(VectorProgram, RunsAFolderOfSomebodyElses) {
  EXPECT_EQ(ends(), 77) << said_;
  put("README.md", "Vectors of a house that has other suites.");
  put("a.json", kGood);
  put("b.json", kNotOurs);
  EXPECT_EQ(ends(), 0) << said_;
  EXPECT_TRUE(says("a.json: 1 passed")) << said_;
  EXPECT_TRUE(says("b.json: 0 passed, 0 failed, 1 skipped")) << said_;
  EXPECT_FALSE(says("README")) << said_;
  put("c.json", kWrongRoot);
  EXPECT_EQ(ends(), 1) << said_;
}

TEST_F(VectorProgram, EndsWithOneOnAFailureAndOnWhatItCannotRead) {
  put("wrong.json", kWrongRoot);
  EXPECT_EQ(ends("wrong.json"), 1);
  EXPECT_TRUE(says("0 passed, 1 failed")) << said_;
  EXPECT_TRUE(says("root")) << said_;
  for (const char* text : {"", "{", "[]", "{}", R"([{"something": "else"}])", R"([{"n_leaves": "one"}])"}) {
    put("odd.json", text);
    EXPECT_EQ(ends("odd.json"), 1) << text;
  }
  EXPECT_EQ(ends("absent.json"), 1) << said_;
}

}  // namespace
}  // namespace cairn::testing
