// Whose word is enough: C2SP tlog-policy, and what this project demands of a client's policy beyond it.
//
//   witness w1 <vkey>                  # cosigners by name
//   witness a1 <vkey>
//   witness a2 <vkey>
//   group witnesses any w1             # any, all or k of those named
//   group auditors 2 a1 a2
//   group all all witnesses auditors   # a group called "all", of which all must sign
//   quorum all
#pragma once

#include "core/base/environment.h"
#include "core/tlog/cosignature.h"

namespace cairn::tlog {

constexpr std::size_t kMaxPolicyBytes = 64 * 1024;
constexpr std::size_t kMaxPolicyLogs = 64;
constexpr std::size_t kMaxPolicyWitnesses = 64;
constexpr std::size_t kMaxPolicyGroups = 64;
/// A client leaves out cosignatures that are further ahead of its clock than this.
constexpr std::uint64_t kMaxCosignatureAheadMs = 5 * kMinuteMs;

/// Who signed, and when: what a policy is evaluated on.
struct CosignatureTime {
  PublicKey cosigner;
  std::uint64_t time_s = 0;
};

/// A policy text, parsed.
class Policy {
 public:
  struct Log {
    VerifierKey key;
    std::string url;  ///< empty when there is none
  };
  struct Witness {
    std::string name;
    VerifierKey key;
    std::string url;  ///< empty when there is none
  };

  /// The whole of tlog-policy. `malformed` or `over_limit` otherwise; `unsupported` for keys of a type that we do not
  /// have (logs sign with ed25519, witnesses with cosignature_v1).
  static Result<Policy> parse(std::string_view text);

  const std::vector<Log>& logs() const { return logs_; }
  const std::vector<Witness>& witnesses() const { return witnesses_; }
  /// The keys of witnesses(), in their order.
  std::vector<VerifierKey> cosigners() const;
  /// Whether the text says `quorum none`.
  bool accepts_anything() const { return !quorum_; }

  /// Whether these cosigners are a quorum.
  bool satisfied(std::span<const PublicKey> cosigners) const;

  /// The greatest t such that the cosignatures with time >= t are a quorum; nothing when all together are none.
  /// With `quorum none` there is no such time either.
  std::optional<std::uint64_t> latest_time_s(std::span<const CosignatureTime> cosignatures) const;

 private:
  friend class PolicyParser;
  friend class ClientPolicy;
  /// A witness or a group, by its place in witnesses_ or groups_.
  struct Member {
    bool is_group = false;
    std::size_t index = 0;
  };
  struct Group {
    std::string name;
    std::size_t threshold = 1;
    std::vector<Member> members;
  };

  bool holds(Member member, const std::vector<bool>& witnesses, const std::vector<bool>& groups) const;

  std::vector<Log> logs_;
  std::vector<Witness> witnesses_;
  std::vector<Group> groups_;  ///< each after its members
  std::optional<Member> quorum_;
};

/// A policy as a client of ours may have it: no log lines (logs follow from checkpoints), a quorum, and in it the group
/// `auditors`, m of q witnesses with 2m > q, that no quorum can do without: it is the quorum, or stands in it
/// through groups of which all must sign.
class ClientPolicy {
 public:
  /// `not_authorised` for a policy that is well formed but too weak to be one.
  static Result<ClientPolicy> parse(std::string_view text);

  const Policy& policy() const { return policy_; }
  std::size_t auditors_needed() const { return needed_; }  ///< m
  std::size_t auditors_named() const { return named_; }    ///< q
  /// 2m - q: how many auditors must lie for a fork that nobody can see.
  std::size_t strength() const { return 2 * needed_ - named_; }
  /// Whether this key is one of the group `auditors`.
  bool is_auditor(const PublicKey& key) const;

 private:
  ClientPolicy(Policy policy, std::vector<PublicKey> auditors, std::size_t needed)
      : policy_(std::move(policy)), auditors_(std::move(auditors)), needed_(needed), named_(auditors_.size()) {}
  Policy policy_;
  std::vector<PublicKey> auditors_;
  std::size_t needed_;
  std::size_t named_;
};

/// A checkpoint that a client's quorum cosigned. Says nothing of the log's own signature.
class CosignedCheckpoint {
 public:
  /// `no_quorum` unless the policy is satisfied by cosignatures at most kMaxCosignatureAheadMs ahead of `now`;
  /// `invalid_signature` when a line that names a cosigner of the policy does not verify.
  static Result<CosignedCheckpoint> verify(const SignedCheckpoint& checkpoint, const ClientPolicy& policy, Time now,
                                           crypto::Verified* verified = nullptr);

  const std::string& origin() const { return checkpoint_.claim().origin; }
  const TreeHead& tree() const { return checkpoint_.claim().tree; }
  /// latest_time_s of its cosignatures: how fresh it is.
  std::uint64_t time_s() const { return time_s_; }
  const std::vector<VerifiedCosignature>& cosignatures() const { return cosignatures_; }
  const SignedCheckpoint& as_signed() const { return checkpoint_; }

 private:
  CosignedCheckpoint(const SignedCheckpoint& checkpoint, std::vector<VerifiedCosignature> cosignatures,
                     std::uint64_t time_s)
      : checkpoint_(checkpoint), cosignatures_(std::move(cosignatures)), time_s_(time_s) {}
  SignedCheckpoint checkpoint_;
  std::vector<VerifiedCosignature> cosignatures_;
  std::uint64_t time_s_;
};

}  // namespace cairn::tlog
