// That the official files are all run: none passes because its cases were left out.
#include "tests/vectors/mls_formats.h"

#include <gtest/gtest.h>

#include "tests/support/vectors.h"

namespace cairn::testing {
namespace {

constexpr const char* kOfficialFiles[] = {"tree-math",
                                          "deserialization",
                                          "crypto-basics",
                                          "secret-tree",
                                          "message-protection",
                                          "key-schedule",
                                          "psk_secret",
                                          "transcript-hashes",
                                          "welcome",
                                          "tree-operations",
                                          "tree-validation",
                                          "treekem",
                                          "messages",
                                          "passive-client-random",
                                          "passive-client-welcome",
                                          "passive-client-handling-commit"};

TEST(MlsVectors, HoldInEveryOfficialFileForEveryCaseOfTheSuitesHere) {
  for (const std::string name : kOfficialFiles) {
    const auto loaded = load_vectors("mls/" + name + ".json");
    if (!loaded) GTEST_SKIP() << "SKIPPED: no vectors here";
    const nlohmann::json& cases = *loaded;
    std::size_t ours = 0;
    for (const nlohmann::json& c : cases) {
      ours += !c.contains("cipher_suite") || c.at("cipher_suite").get<int>() <= 3 ? 1 : 0;
    }
    const MlsFormat* format = recognise_mls_format(cases);
    ASSERT_NE(format, nullptr) << name;
    const VectorCount count = format->run(cases);
    EXPECT_EQ(count.failed, 0u) << name << "\n" << count.failures;
    EXPECT_EQ(count.passed, ours) << name;
    EXPECT_EQ(count.skipped, cases.size() - ours) << name;
    EXPECT_GT(count.passed, 0u) << name;
  }
}

// A case with anything changed is seen to fail.
TEST(MlsVectors, FailWhenAValueIsAnother) {
  CAIRN_VECTORS_OR_SKIP(cases, "mls/key-schedule.json");
  nlohmann::json changed = cases;
  auto& secret = changed[0]["epochs"][1]["exporter"]["secret"].get_ref<std::string&>();
  secret[0] = secret[0] == '0' ? '1' : '0';
  const VectorCount count = recognise_mls_format(changed)->run(changed);
  EXPECT_EQ(count.failed, 1u);
  EXPECT_NE(count.failures.find("exporter"), std::string::npos);
}

}  // namespace
}  // namespace cairn::testing
