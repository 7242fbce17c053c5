#include "core/directory/evidence.h"

#include "core/base/encoding.h"

namespace cairn::directory {
namespace {

// 0xCA can begin no <V>: so a file is never what a witness answers.
constexpr std::uint8_t kMagic[] = {0xca, 'e', 'v', 'i', 'd', 'e', 'n', 'c', 'e'};
constexpr std::uint8_t kVersion = 1;

Result<tlog::SignedCheckpoint> parse_note(const std::string& note) {
  return tlog::SignedCheckpoint::parse(note, tlog::ExtensionLines::tolerate);
}

/// The log's signature, and every cosigner of the policy that is there.
Result<SignedHistory> examine(const tlog::SignedCheckpoint& note, const tlog::VerifierKey& log_key,
                              const tlog::ClientPolicy* policy) {
  REQUIRE(note.claim().origin == log_key.name().text(), ErrorCode::not_authorised, "a note is of another log");
  const auto signed_by_log = tlog::VerifiedCheckpoint::verify(note, log_key);
  REQUIRE(signed_by_log.has_value(), ErrorCode::invalid_signature, "a note is not signed by the log's key");
  SignedHistory out{note.claim().tree, {}, {}, false};
  if (policy == nullptr) return out;
  std::vector<PublicKey> keys;
  for (const auto& witness : policy->policy().witnesses()) {
    const auto lines = tlog::verify_cosignatures(note.note(), {&witness.key, 1});
    REQUIRE(lines.has_value(), ErrorCode::invalid_signature, "a cosigner's line in a note does not verify");
    if (lines->empty()) continue;
    out.cosigners.push_back(witness.name);
    out.keys.push_back(witness.key);
    keys.push_back(witness.key.key());
  }
  out.quorum = policy->policy().satisfied(keys);
  return out;
}

std::string history_words(const SignedHistory& history, bool by_own_policy) {
  std::string out = "one of " + std::to_string(history.tree.size) + " epochs with the root " +
                    to_base64(history.tree.root) + ", cosigned by ";
  std::string names;
  for (const std::string& name : history.cosigners) names += (names.empty() ? "" : ", ") + name;
  if (names.empty()) return out + "nobody whose key is known here";
  const std::string policy = by_own_policy ? "its policy)" : "the policy)";
  return out + (by_own_policy ? "whom the file itself calls " : "") + names +
         (history.quorum ? " (a quorum of " : " (no quorum of ") + policy;
}

}  // namespace

Bytes Evidence::encode() const {
  CHECK(log_key.has_value());
  wire::Writer writer;
  writer.raw(kMagic);
  writer.u8(kVersion);
  writer.raw(*log_key);
  writer.opaque(policy);
  writer.opaque(first);
  writer.opaque(second);
  writer.optional(prefix);
  return writer.take();
}

Result<Evidence> Evidence::decode(ByteView bytes) {
  REQUIRE(bytes.size() <= kMaxEvidenceBytes, ErrorCode::over_limit, "evidence: size");
  wire::Reader reader(bytes);
  Evidence out;
  const bool is_file = bytes.size() >= sizeof kMagic && equal(bytes.first(sizeof kMagic), kMagic);
  if (is_file) {
    TRY(reader.raw(sizeof kMagic));
    REQUIRE(TRY(reader.u8()) == kVersion, ErrorCode::unsupported, "evidence: version");
    out.log_key = TRY(reader.fixed<PublicKey>());
    out.policy = TRY(reader.opaque_text(tlog::kMaxPolicyBytes));
  }
  out.first = TRY(reader.opaque_text(tlog::kMaxNoteBytes));
  out.second = TRY(reader.opaque_text(tlog::kMaxNoteBytes));
  if (is_file) out.prefix = TRY(reader.optional<tlog::PrefixProof>());
  TRY(reader.finish());
  const auto first = TRY(parse_note(out.first));
  const auto second = TRY(parse_note(out.second));
  if (!is_file && first.claim().tree.size > second.claim().tree.size) std::swap(out.first, out.second);
  if (!is_file) return out;
  REQUIRE(first.claim().tree.size <= second.claim().tree.size, ErrorCode::malformed, "evidence: order of the notes");
  const bool grew = first.claim().tree.size != second.claim().tree.size;
  REQUIRE(out.prefix.has_value() == grew, ErrorCode::malformed,
          "evidence: a proof where none belongs, or none where one does");
  return out;
}

Result<EvidenceFinding> verify_evidence(const Evidence& evidence, const std::optional<PublicKey>& log_key,
                                        const tlog::ClientPolicy* policy) {
  const auto first = TRY(parse_note(evidence.first));
  const auto second = TRY(parse_note(evidence.second));
  REQUIRE(log_key || evidence.log_key, ErrorCode::not_found, "the log's key is needed");
  REQUIRE(!log_key || !evidence.log_key || *log_key == *evidence.log_key, ErrorCode::not_authorised,
          "the evidence is of another key");
  const auto name = TRY(tlog::KeyName::from(first.claim().origin));
  const tlog::VerifierKey key(name, tlog::SignatureType::ed25519, log_key ? *log_key : *evidence.log_key);

  std::optional<tlog::ClientPolicy> enclosed;
  if (policy == nullptr && !evidence.policy.empty()) {
    enclosed = TRY(tlog::ClientPolicy::parse(evidence.policy));
    policy = &*enclosed;
  }
  const SignedHistory older = TRY(examine(first, key, policy));
  const SignedHistory newer = TRY(examine(second, key, policy));
  EvidenceFinding out{key, older, newer, {}, enclosed.has_value()};
  const tlog::TreeHead& smaller = out.first.tree;
  const tlog::TreeHead& larger = out.second.tree;
  out.first_in_second = larger.root;
  if (smaller.size != larger.size) {
    REQUIRE(evidence.prefix, ErrorCode::inconsistent, "two sizes, and no proof that they contradict each other");
    const auto roots = TRY(tlog::prefix_roots(*evidence.prefix, smaller.size, larger.size));
    REQUIRE(roots.newer == larger.root, ErrorCode::invalid_tree, "the proof does not give the larger tree's root");
    out.first_in_second = roots.older;
  }
  REQUIRE(out.first_in_second != smaller.root, ErrorCode::inconsistent, "the two notes do not contradict each other");
  return out;
}

std::string evidence_sentence(const EvidenceFinding& finding) {
  std::string out = "The key " + finding.log_key.to_text() + " signed two histories of " +
                    finding.log_key.name().text() + ": " + history_words(finding.first, finding.by_own_policy) +
                    ", and " + history_words(finding.second, finding.by_own_policy);
  if (finding.first.tree.size != finding.second.tree.size) {
    out += ", whose first " + std::to_string(finding.first.tree.size) + " epochs have the root " +
           to_base64(finding.first_in_second);
  }
  return out + ": who has that key lied to those who were shown one of them.";
}

}  // namespace cairn::directory
