// Evidence that a log has signed two histories, as a file that anybody can check without a network
// (docs/spec/directory.md s.9).
#pragma once

#include "core/tlog/policy.h"

namespace cairn::directory {

/// A file of evidence is never larger.
constexpr std::size_t kMaxEvidenceBytes = 2 * tlog::kMaxNoteBytes + tlog::kMaxPolicyBytes + 8 * 1024;

/// What is laid before whoever checks: a claim until verify_evidence() has looked.
struct Evidence {
  std::optional<PublicKey> log_key;         ///< absent in what witnesses answer; then the one who checks must know it
  std::string policy;                       ///< text of a client's policy; empty: none
  std::string first;                        ///< signed note, of the smaller size
  std::string second;                       ///< signed note
  std::optional<tlog::PrefixProof> prefix;  ///< what the second one has at the first one's size; absent for equal sizes

  /// The file. log_key must be there (CHECKed).
  Bytes encode() const;
  /// The file, or the body of a witness's `GET /<log>/evidence`, whose notes may stand in either order. Strict;
  /// `malformed`, `over_limit`, `unsupported` for a later version.
  static Result<Evidence> decode(ByteView bytes);
  friend bool operator==(const Evidence&, const Evidence&) = default;
};

/// One of the two histories.
struct SignedHistory {
  tlog::TreeHead tree;
  std::vector<std::string> cosigners;   ///< names in the policy of those whose cosignatures verify
  std::vector<tlog::VerifierKey> keys;  ///< theirs, in the same order: a name is what the policy's writer calls them
  bool quorum = false;                  ///< they satisfy the policy
};

/// What was found to be so.
struct EvidenceFinding {
  tlog::VerifierKey log_key;  ///< signed both; its name is the origin
  SignedHistory first;
  SignedHistory second;
  Hash first_in_second;        ///< root that the second history has at the first one's size; not the first one's
  bool by_own_policy = false;  ///< the cosigners' names are those of the evidence's own policy: its maker chose them
};

/// What the evidence proves. `log_key`: whoever checks knows the log's key, and goes by no other; else that of the
/// evidence is shown for what it is. `policy`: in place of the one in the evidence.
/// Errors: `not_found` no key is known; `not_authorised` another key than `log_key`, or a note of another log;
/// `invalid_signature` the log's, or a cosigner's; `invalid_tree` the prefix proof does not give the second root;
/// `inconsistent` the two do not contradict each other; and those of parsers.
Result<EvidenceFinding> verify_evidence(const Evidence& evidence, const std::optional<PublicKey>& log_key,
                                        const tlog::ClientPolicy* policy);

/// One sentence: which key signed which two histories, and who cosigned each.
std::string evidence_sentence(const EvidenceFinding& finding);

}  // namespace cairn::directory
