// Resets made public: what the directory tells auditors and owners about them (docs/spec/directory.md s.5).
#pragma once

#include <variant>

#include "core/directory/chain.h"
#include "core/directory/leaf.h"

namespace cairn::directory {

/// A reset was requested. Auditors hold the directory to its times, and take vetoes by its keys.
struct ResetNotice {
  Hash key;  ///< of the name in the map
  std::uint64_t request_sequence = 0;
  std::uint64_t requested_ms = 0;    ///< time of the record
  std::uint64_t matures_ms = 0;      ///< the completion comes no sooner
  std::vector<PublicKey> veto_keys;  ///< ascending, at most kMaxVetoHolders
  Hash veto_recovery;                ///< the recovery commitment in force
  std::optional<Hash> after;         ///< R of the vetoed request whose mark this one replaces

  /// R = H(0x06 || ResetNotice).
  Hash hash() const;
  /// matures - requested; 0 when it is none.
  std::uint64_t delay_ms() const { return matures_ms > requested_ms ? matures_ms - requested_ms : 0; }

  void write(wire::Writer& writer) const;
  static Result<ResetNotice> read(wire::Reader& reader);
  friend bool operator==(const ResetNotice&, const ResetNotice&) = default;
};

struct RequestNotice {
  ResetNotice request;
  std::optional<ResetNotice> vetoed;  ///< the notice behind request.after; present iff that is

  void write(wire::Writer& writer) const;
  static Result<RequestNotice> read(wire::Reader& reader);
  friend bool operator==(const RequestNotice&, const RequestNotice&) = default;
};

/// The owner's no. Travels alone too: to auditors' veto mailboxes and inside conversations.
struct VetoNotice {
  ResetNotice request;
  PublicKey key;
  std::optional<Hash> kem_hash;  ///< present iff a recovery key vetoes
  Signature signature;

  /// The signature, by one of veto_keys or by the key that veto_recovery commits to; `not_authorised` for another key,
  /// `invalid_signature`.
  Status verify() const;
  void write(wire::Writer& writer) const;
  static Result<VetoNotice> read(wire::Reader& reader);
  friend bool operator==(const VetoNotice&, const VetoNotice&) = default;
};

struct CompleteNotice {
  ResetNotice request;

  void write(wire::Writer& writer) const;
  static Result<CompleteNotice> read(wire::Reader& reader);
  friend bool operator==(const CompleteNotice&, const CompleteNotice&) = default;
};

struct Notice {
  std::variant<RequestNotice, VetoNotice, CompleteNotice> body;

  const ResetNotice& request() const;
  const Hash& key() const { return request().key; }
  void write(wire::Writer& writer) const;
  static Result<Notice> read(wire::Reader& reader);
  friend bool operator==(const Notice&, const Notice&) = default;
};

VetoNotice veto_as_device(const ResetNotice& request, const crypto::SigningKey& key);
VetoNotice veto_as_recovery(const ResetNotice& request, const RecoveryKey& key);

/// H(0x0A || Notice<V>).
Hash notices_hash(const std::vector<Notice>& notices);

/// The mark of a vetoed request: H(0x09 || R).
Hash veto_mark(const Hash& request);
/// resets' = H(0x07 || resets || R).
Hash extend_resets(const Hash& resets, const Hash& request);

/// The notice of a request that `before` is about to take, for a record of `record_time_ms`. `vetoed`: the notice
/// behind the mark in the name's leaf, if there is one. The delay is the chain's, or the directory's if that is longer.
RequestNotice make_request_notice(const NameState& before, const Hash& key, std::uint64_t record_time_ms,
                                  std::uint32_t min_reset_delay_s, std::optional<ResetNotice> vetoed);

}  // namespace cairn::directory
