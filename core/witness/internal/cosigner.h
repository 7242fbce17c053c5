// Decides what is cosigned: POST add-checkpoint (C2SP tlog-witness), for both roles.
#pragma once

#include "core/crypto/signature.h"
#include "core/directory/closing.h"
#include "core/witness/config.h"
#include "core/witness/internal/log.h"

namespace cairn::witness {

/// How long an auditor holds a request while it reads what the log has just published.
constexpr std::uint64_t kHoldMs = 5000;

class Cosigner {
 public:
  Cosigner(Role role, tlog::KeyName name, crypto::SigningKey key);

  const tlog::VerifierKey& key() const { return verifier_; }
  directory::Closed sign_closed(const directory::CloseRequest& request) const {
    return directory::sign_closed(request, signing_);
  }
  directory::NotYet sign_not_yet(const directory::CloseRequest& request) const {
    return directory::sign_not_yet(request, signing_);
  }

  /// Answers, now or once the log's replay is as far.
  void add_checkpoint(Turn& turn, Logs& logs, proto::RequestId id, ByteView body) const;
  /// The replay of this log moved: answers what is held when it is far enough. `moved` is an error when it failed.
  void go_on(Turn& turn, Log& log, const Status& moved) const;
  /// Gives up on a request that was held too long.
  void expire(Turn& turn, Log& log) const;

 private:
  std::optional<tlog::WitnessReply> check(Turn& turn, Log& log, const tlog::AddCheckpoint& request) const;
  std::optional<tlog::WitnessReply> check_replay(Turn& turn, Log& log, const tlog::AddCheckpoint& request) const;
  void decide(Turn& turn, Log& log, proto::RequestId id, tlog::AddCheckpoint request) const;
  tlog::WitnessReply cosign(Turn& turn, Log& log, const tlog::SignedCheckpoint& checkpoint) const;
  std::optional<tlog::WitnessReply> settle(Turn& turn, Log& log, const tlog::SignedCheckpoint& checkpoint) const;
  static void keep_root(Turn& turn, const Log& log, const tlog::SignedCheckpoint& note);

  Role role_;
  tlog::KeyName name_;
  crypto::SigningKey signing_;
  tlog::VerifierKey verifier_;
};

}  // namespace cairn::witness
