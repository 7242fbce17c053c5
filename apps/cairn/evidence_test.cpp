#include "apps/cairn/evidence.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "apps/cairn/render.h"
#include "core/base/encoding.h"
#include "core/base/utf8.h"
#include "core/directory/evidence.h"
#include "shell/os/file.h"
#include "tests/support/scratch_folder.h"
#include "tests/support/test_domain.h"

namespace cairn::apps {
namespace {

class EvidenceFile : public ::testing::Test {
 protected:
  std::string write(const std::string& name, ByteView content) {
    const std::string path = folder.file(name);
    EXPECT_TRUE(os::write_file(path, content));
    return path;
  }
  std::string note(const tlog::TreeHead& head) const {
    return domain.cosign(tlog::SignedCheckpoint::sign({domain.config.origin, head, {}}, domain.log_key));
  }
  std::string vkey() const {
    return tlog::VerifierKey(*tlog::KeyName::from(domain.config.origin), tlog::SignatureType::ed25519,
                             domain.config.log_key)
        .to_text();
  }

  testing::ScratchFolder folder;
  testing::TestDomain domain;
  testing::NaiveLog log{9};
  directory::Evidence good{domain.config.log_key, domain.policy_text, note({5, Hash{}}), note(log.head(9)),
                           *tlog::prove_prefix(log, 5, 9)};
};

TEST_F(EvidenceFile, ThatProvesSomethingSaysWhat) {
  const Reply reply = verify_evidence({write("evidence", good.encode()), {}, {}});
  ASSERT_EQ(reply.exit, Exit::done) << reply.sentence;
  EXPECT_EQ(reply.result["origin"], "example.org/cairn");
  EXPECT_EQ(reply.result["log_key"], vkey());
  EXPECT_EQ(reply.result["first"]["size"], 5);
  EXPECT_EQ(reply.result["second"]["cosigners"].size(), 4u);
  EXPECT_EQ(reply.result["second"]["quorum"], true);
  EXPECT_NE(reply.result["sentence"].get<std::string>().find("signed two histories"), std::string::npos);
}

TEST_F(EvidenceFile, ThatProvesNothingIsRefusedInOneSentence) {
  good.first = note(log.head(5));
  const Reply one_history = verify_evidence({write("one", good.encode()), {}, {}});
  EXPECT_EQ(one_history.exit, Exit::refused);
  EXPECT_NE(one_history.sentence.find("do not contradict"), std::string::npos) << one_history.sentence;
  EXPECT_EQ(verify_evidence({write("noise", to_bytes("noise")), {}, {}}).exit, Exit::refused);
  EXPECT_EQ(verify_evidence({write("large", Bytes(directory::kMaxEvidenceBytes + 1)), {}, {}}).exit, Exit::refused);
  EXPECT_EQ(verify_evidence({folder.file("absent"), {}, {}}).exit, Exit::usage);
}

TEST_F(EvidenceFile, IsHeldToTheKeyAndPolicyOfWhoeverChecks) {
  const std::string file = write("evidence", good.encode());
  const testing::TestDomain other("example.org", 9);
  EXPECT_EQ(verify_evidence({file, {}, vkey()}).exit, Exit::done);
  const std::string others_key =
      tlog::VerifierKey(*tlog::KeyName::from("example.org/cairn"), tlog::SignatureType::ed25519, other.config.log_key)
          .to_text();
  EXPECT_EQ(verify_evidence({file, {}, others_key}).exit, Exit::refused);
  EXPECT_EQ(verify_evidence({file, {}, "no key"}).exit, Exit::usage);
  const Reply by_others = verify_evidence({file, write("policy", to_bytes(other.policy_text)), {}});
  ASSERT_EQ(by_others.exit, Exit::done) << by_others.sentence;
  EXPECT_TRUE(by_others.result["first"]["cosigners"].empty());
  EXPECT_EQ(verify_evidence({file, write("weak", to_bytes("quorum none\n")), {}}).exit, Exit::usage);
}

TEST_F(EvidenceFile, NamesCosignersAsItsMakerDoesAndGivesTheirKeys) {
  const std::string file = write("evidence", good.encode());
  const Reply by_itself = verify_evidence({file, {}, {}});
  ASSERT_EQ(by_itself.exit, Exit::done) << by_itself.sentence;
  EXPECT_EQ(by_itself.result["names_by"], "evidence");
  EXPECT_NE(by_itself.result["sentence"].get<std::string>().find("whom the file itself calls witness"),
            std::string::npos);
  const auto policy = tlog::ClientPolicy::parse(domain.policy_text);
  ASSERT_TRUE(policy);
  nlohmann::json keys = nlohmann::json::array();
  for (const auto& witness : policy->policy().witnesses()) keys.push_back(witness.key.to_text());
  EXPECT_EQ(by_itself.result["first"]["cosigner_keys"], keys);
  const Reply by_policy = verify_evidence({file, write("policy", to_bytes(domain.policy_text)), {}});
  ASSERT_EQ(by_policy.exit, Exit::done) << by_policy.sentence;
  EXPECT_EQ(by_policy.result["names_by"], "policy");
  EXPECT_EQ(by_policy.result["sentence"].get<std::string>().find("itself calls"), std::string::npos);
}

TEST_F(EvidenceFile, IsOfTheLogThatTheKeyNames) {
  const std::string file = write("evidence", good.encode());
  const auto vkey_of = [&](const char* origin, tlog::SignatureType type) {
    return tlog::VerifierKey(*tlog::KeyName::from(origin), type, domain.config.log_key).to_text();
  };
  EXPECT_EQ(verify_evidence({file, {}, vkey_of("other.example/cairn", tlog::SignatureType::ed25519)}).exit,
            Exit::refused);
  EXPECT_EQ(verify_evidence({file, {}, vkey_of("example.org/cairn", tlog::SignatureType::cosignature_v1)}).exit,
            Exit::usage);
}

TEST_F(EvidenceFile, WhosePolicyHasNamesThatAreNoTextIsShownAsJsonAllTheSame) {
  const std::string name = "auditor1";
  for (std::size_t at = 0; (at = good.policy.find(name, at)) != std::string::npos; at += name.size()) {
    const bool is_alias = good.policy[at + name.size()] != '.' && good.policy[at + name.size()] != '+';
    if (is_alias) good.policy[at] = static_cast<char>(0xff);
  }
  const Reply reply = verify_evidence({write("evidence", good.encode()), {}, {}});
  ASSERT_EQ(reply.exit, Exit::done) << reply.sentence;
  EXPECT_FALSE(is_utf8(reply.result["first"]["cosigners"][1].get<std::string>()));
  EXPECT_TRUE(is_utf8(as_json(reply.result)));
}

TEST_F(EvidenceFile, OfAWitnessNeedsTheLogsKey) {
  wire::Writer body;
  body.opaque(note(log.head(9)));
  body.opaque(note({9, Hash{}}));
  const std::string file = write("body", body.view());
  EXPECT_EQ(verify_evidence({file, {}, {}}).exit, Exit::usage);
  EXPECT_EQ(verify_evidence({file, {}, vkey()}).exit, Exit::done);
}

}  // namespace
}  // namespace cairn::apps
