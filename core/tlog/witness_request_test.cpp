#include "core/tlog/witness_request.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "core/tlog/cosignature.h"
#include "tests/support/naive_log.h"
#include "tests/support/seeded_entropy.h"
#include "tests/support/vectors.h"

namespace cairn::tlog {
namespace {

using testing::NaiveLog;

/// The log of the recorded exchange, as its file describes it.
struct RecordedLog {
  explicit RecordedLog(const nlohmann::json& vectors)
      : origin(vectors["log_origin"]),
        signing(crypto::SigningKey::from_seed(
            *crypto::Ed25519Seed::from(testing::hex_bytes(vectors["log_ed25519_seed_hex"])))),
        key(*VerifierKey::parse(vectors["log_vkey"].get<std::string>())),
        witness(*VerifierKey::parse(vectors["witness_vkey"].get<std::string>())),
        log(1501) {
    log.entries[1000] = to_bytes("y");
    log.entries[1500] = to_bytes("z");
  }

  std::string request(std::uint64_t old_size, std::uint64_t size, ConsistencyProof proof,
                      std::vector<std::string> extensions = {}) const {
    const Checkpoint claim{origin, log.head(size), std::move(extensions)};
    return AddCheckpoint{old_size, std::move(proof), SignedCheckpoint::sign(claim, signing)}.encode();
  }
  std::string request(std::uint64_t old_size, std::uint64_t size, std::vector<std::string> extensions = {}) const {
    return request(old_size, size, *prove_consistency(log, old_size, size), std::move(extensions));
  }

  std::string origin;
  crypto::SigningKey signing;
  VerifierKey key;
  VerifierKey witness;
  NaiveLog log;
};

/// The recorded call of this name; ends the program when there is none.
nlohmann::json call(const nlohmann::json& vectors, std::string_view name) {
  for (const auto& one : vectors["cases"]) {
    if (one["name"] == name) return one;
  }
  std::abort();
}

TEST(RecordedExchange, HasTheRequestsThatWeBuild) {
  CAIRN_VECTORS_OR_SKIP(vectors, "c2sp/litewitness-0.9.0-add-checkpoint.json");
  const RecordedLog recorded(vectors);
  EXPECT_EQ(recorded.key.key(), recorded.signing.public_key());
  const std::pair<const char*, std::string> cases[] = {
      {"grow 1001->1002", recorded.request(1001, 1002)},
      {"grow 1002->1024", recorded.request(1002, 1024)},
      {"grow 1024->1025", recorded.request(1024, 1025)},
      {"grow 1025->1500", recorded.request(1025, 1500)},
      {"resubmit same size", recorded.request(1500, 1500)},
      {"stale old size -> 409", recorded.request(1024, 1500)},
      {"shrink (old > size) -> 400", recorded.request(1500, 900, ConsistencyProof{})},
      {"missing proof -> 422", recorded.request(1500, 1501, ConsistencyProof{})},
      {"extension line accepted by this witness", recorded.request(1500, 1501, {"ext 1"})},
  };
  for (const auto& [name, request] : cases) EXPECT_EQ(request, call(vectors, name)["request"]) << name;
}

TEST(RecordedExchange, IsReadAndWrittenBackByteForByte) {
  CAIRN_VECTORS_OR_SKIP(vectors, "c2sp/litewitness-0.9.0-add-checkpoint.json");
  ASSERT_EQ(vectors["cases"].size(), 13u);
  for (const auto& one : vectors["cases"]) {
    const auto body = one["request"].get<std::string>();
    const auto request = AddCheckpoint::parse(body, ExtensionLines::tolerate);
    ASSERT_TRUE(request) << one["name"];
    EXPECT_EQ(request->encode(), body);
    const bool extended = !request->checkpoint.claim().extensions.empty();
    EXPECT_EQ(AddCheckpoint::parse(body, ExtensionLines::refuse).has_value(), !extended) << one["name"];
    EXPECT_EQ(extended, one["name"] == "extension line accepted by this witness");
  }
}

TEST(RecordedExchange, HasCosignaturesThatVerify) {
  CAIRN_VECTORS_OR_SKIP(vectors, "c2sp/litewitness-0.9.0-add-checkpoint.json");
  const RecordedLog recorded(vectors);
  int cosigned = 0;
  for (const auto& one : vectors["cases"]) {
    const auto answer = parse_answer(one["status"].get<int>(), one["response"].get<std::string>());
    ASSERT_TRUE(answer) << one["name"];
    if (one["status"] == 409) {
      EXPECT_EQ(std::get<StaleSize>(*answer).size, 1500u);
    }
    if (one["status"] != 200) {
      EXPECT_FALSE(std::holds_alternative<SignatureLines>(*answer));
      continue;
    }
    const auto& lines = std::get<SignatureLines>(*answer);
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0].line(), one["response"]);
    const auto body = one["request"].get<std::string>();
    SignedCheckpoint checkpoint = AddCheckpoint::parse(body, ExtensionLines::tolerate)->checkpoint;
    EXPECT_EQ(checkpoint.note().text, one["cosigned_note_text"]);
    ASSERT_TRUE(checkpoint.add(lines[0]));
    EXPECT_TRUE(VerifiedCheckpoint::verify(checkpoint, recorded.key));
    const auto verified = verify_cosignatures(checkpoint.note(), {{recorded.witness}});
    ASSERT_TRUE(verified) << one["name"];
    ASSERT_EQ(verified->size(), 1u);
    EXPECT_EQ((*verified)[0].time_s, 0x6b050e96u);
    ++cosigned;
  }
  EXPECT_EQ(cosigned, 6);
}

/// What our own checks say to each recorded request, given the state that the witness was in.
TEST(RecordedExchange, IsJudgedAsTheWitnessDid) {
  CAIRN_VECTORS_OR_SKIP(vectors, "c2sp/litewitness-0.9.0-add-checkpoint.json");
  const RecordedLog recorded(vectors);
  std::uint64_t size = 1001;
  for (const auto& one : vectors["cases"]) {
    const AddCheckpoint request = *AddCheckpoint::parse(one["request"].get<std::string>(), ExtensionLines::tolerate);
    const Checkpoint& claim = request.checkpoint.claim();
    int status = 200;
    const auto verified = VerifiedCheckpoint::verify(request.checkpoint, recorded.key);
    if (claim.origin != recorded.origin)
      status = 404;
    else if (!verified)
      status = 403;
    else if (request.old_size > claim.tree.size)
      status = 400;
    else if (request.old_size != size)
      status = 409;
    else if (!verify_consistency(request.proof, recorded.log.head(size), claim.tree))
      status = 422;
    EXPECT_EQ(status, one["status"]) << one["name"];
    if (status == 200) size = claim.tree.size;
  }
}

std::string small_request(std::string_view head) {
  return std::string(head) + "\no\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— o AAAAAAA=\n";
}

TEST(AddCheckpoint, RefusesEveryOtherSpelling) {
  const std::string hash = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  EXPECT_TRUE(AddCheckpoint::parse(small_request("old 0\n"), ExtensionLines::refuse));
  EXPECT_TRUE(AddCheckpoint::parse(small_request("old 1\n" + hash), ExtensionLines::refuse));
  const std::string cases[] = {"",
                               "0\n",
                               "old\n",
                               "old \n",
                               "old  0\n",
                               "old 00\n",
                               "old 01\n",
                               "old -1\n",
                               "old 0 \n",
                               "old 0\r\n",
                               "Old 0\n",
                               "old 0",
                               " old 0\n",
                               "old 1\n ",
                               "old 1\n" + hash + "\n",
                               "old 1\nAAAA\n",
                               "old 1\n " + hash,
                               "old 1\n" + hash.substr(0, 44) + " \n"};
  for (const std::string& head : cases) {
    EXPECT_EQ(AddCheckpoint::parse(small_request(head), ExtensionLines::refuse).error().code, ErrorCode::malformed)
        << head;
  }
}

TEST(AddCheckpoint, HasAtMostSixtyThreeProofLines) {
  std::string head = "old 1\n";
  for (std::size_t i = 0; i < kMaxRequestProofLines; ++i) head += "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  EXPECT_TRUE(AddCheckpoint::parse(small_request(head), ExtensionLines::refuse));
  head += "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  EXPECT_EQ(AddCheckpoint::parse(small_request(head), ExtensionLines::refuse).error().code, ErrorCode::over_limit);
  const std::string huge(kMaxAddCheckpointBytes + 1, 'x');
  EXPECT_EQ(AddCheckpoint::parse(huge, ExtensionLines::refuse).error().code, ErrorCode::over_limit);
}

TEST(AddCheckpoint, RefusesEveryPrefix) {
  const std::string request = small_request("old 0\n");
  for (std::size_t size = 0; size < request.size(); ++size) {
    EXPECT_FALSE(AddCheckpoint::parse(request.substr(0, size), ExtensionLines::tolerate));
  }
}

TEST(WitnessReply, IsReadBack) {
  const NoteSignature line{*KeyName::from("w"), 9, Bytes(72)};
  const WitnessReply cosigned = reply_cosigned({{line}});
  EXPECT_EQ(std::get<SignatureLines>(*parse_answer(200, cosigned.body)), std::vector<NoteSignature>{line});
  const WitnessReply conflict = reply_conflict(42);
  EXPECT_EQ(conflict.content_type, "text/x.tlog.size");
  EXPECT_EQ(std::get<StaleSize>(*parse_answer(static_cast<int>(conflict.status), conflict.body)).size, 42u);
  for (int status : {400, 403, 404, 422, 503}) {
    const WitnessReply refused = reply_refused(static_cast<WitnessStatus>(status), "why");
    EXPECT_EQ(refused.body, "why\n");
    EXPECT_EQ(static_cast<int>(std::get<WitnessStatus>(*parse_answer(status, refused.body))), status);
  }
}

TEST(WitnessReply, OfAnotherShapeIsRefused) {
  for (const char* body : {"", "\n", "— w AAAAAAA=", "— w AAAAAAA=\n\n", "w AAAAAAA=\n", "ok\n"}) {
    EXPECT_EQ(parse_answer(200, body).error().code, ErrorCode::malformed) << body;
  }
  for (const char* body : {"", "42", "042\n", "42\n\n", " 42\n", "stale\n"}) {
    EXPECT_EQ(parse_answer(409, body).error().code, ErrorCode::malformed) << body;
  }
  for (int status : {0, 100, 201, 204, 301, 401, 429, 500, 502}) {
    EXPECT_EQ(parse_answer(status, "").error().code, ErrorCode::unsupported);
  }
}

// tlog-witness, "Monitor Retrieval Mechanism".
TEST(WitnessReply, ServesACheckpointUnderTheHashOfItsOrigin) {
  EXPECT_EQ(checkpoint_path(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855/checkpoint");
}

}  // namespace
}  // namespace cairn::tlog
