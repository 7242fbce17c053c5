// Going on in a conversation in which a device cannot go on: what it asks, what members answer, and the rows of both
// (docs/spec/client.md s.15).
#pragma once

#include <optional>

#include "core/client/context.h"
#include "core/crypto/signature.h"
#include "core/mls/key_package.h"
#include "core/proto/blobs.h"

namespace cairn::client {

/// How long a request is good, by the lifetime of its key package; what came late is not answered.
constexpr std::uint64_t kRejoinLifeMs = 7 * kDayMs;
/// A device comes in by itself once in this time; whoever answers judges that, by the own clock.
constexpr std::uint64_t kRejoinEveryMs = kDayMs;
/// Answers of one member to one device in one conversation, in kRejoinEveryMs.
constexpr std::size_t kMaxRejoinAnswers = 8;

/// Body of an envelope of kind rejoin.
struct RejoinRequest {
  ChannelId channel;
  std::string name;
  DeviceId device;
  Bytes key_package;    ///< mls::KeyPackage, made for this
  Signature signature;  ///< by the device's signature key, label "rejoin", over content()

  Bytes content() const;
  void write(wire::Writer&) const;
  static Result<RejoinRequest> read(wire::Reader&);
};

/// Body of an envelope of kind rejoin_answer.
struct RejoinAnswer {
  Bytes reference;  ///< KeyPackageRef of the request that it answers
  Bytes kem_output;
  Bytes ciphertext;
  /// Where the ciphertext lies that no envelope holds; then it is empty.
  std::optional<proto::BlobRef> large = {};

  void write(wire::Writer&) const;
  static Result<RejoinAnswer> read(wire::Reader&);
};

/// What is sealed in it: all that an external commit takes.
struct LetIn {
  Bytes group_info;  ///< MLSMessage, tree and external key inside
  crypto::Ed25519Seed write_key;
};

/// HPKE, base mode, to the package's init key; bound to channel and package.
Result<RejoinAnswer> seal_answer(const ChannelId& channel, const mls::KeyPackage& package, const LetIn& content,
                                 Entropy& entropy);
/// `crypto_failed` for whatever is not sealed to this package for this channel, `malformed` for what is no LetIn.
Result<LetIn> open_answer(const ChannelId& channel, const mls::PrivateKeyPackage& package, const RejoinAnswer& answer);

/// tables::kRejoins: why this device does not write to a channel as others do. It holds secrets, as kGroups does.
struct Rejoin {
  /// The state that is here may have been used by a later one (this store was put back, or is suspected of it): nothing
  /// is encrypted with it but a commit in the open, with fresh keys. Ends when such a one was accepted.
  bool doubt = false;
  /// The state is lost, or cannot follow: somebody has to let this device in again.
  bool needed = false;
  /// It will never be in: what was offered there is refused. Of channels that are no conversation here.
  bool given_up = false;
  std::string domain;  ///< of the channel
  std::uint64_t since_ms = 0;
  std::uint64_t known_epoch = 0;  ///< of the state that is left, 0 without one: it goes on in no earlier one
  std::uint64_t ask_at_ms = 0;    ///< the next request, not before
  std::uint32_t asked = 0;        ///< requests since the last answer
  SecretBytes key_package;        ///< serialised mls::PrivateKeyPackage of the request; empty: none is made
  Bytes commit;                   ///< proto::ChannelCommit with our external commit, until it is decided; or empty
  Bytes large;                    ///< the external commit where that names a blob; else empty
  SecretBytes write_key;          ///< then: seed of the key that puts it
  SecretBytes group;              ///< serialised mls::Group that it leads to
  std::string let_in_by;          ///< whose device gave what it was made from

  /// Nothing of what was asked or made counts any more.
  void begin_anew();

  void write(wire::Writer&) const;
  static Result<Rejoin> read(wire::Reader&);
};

/// tables::kRejoinAsked.
struct AskedRejoin {
  RejoinRequest request;
  std::uint64_t answer_at_ms = 0;  ///< not before: the own devices first, the others one after the other

  void write(wire::Writer&) const;
  static Result<AskedRejoin> read(wire::Reader&);
};

/// tables::kRejoinAnswered.
struct AnsweredRejoin {
  std::uint64_t answered_ms = 0;
  std::uint64_t until_ms = 0;  ///< the package is good until then: the same request may come again

  void write(wire::Writer&) const;
  static Result<AnsweredRejoin> read(wire::Reader&);
};

std::optional<Rejoin> load_rejoin(const StoreView& store, const ChannelId& channel);
void save_rejoin(Context& context, const ChannelId& channel, const Rejoin& rejoin);
/// With the answers that were not tried.
void erase_rejoin(Context& context, const ChannelId& channel);

/// What a conversation says while its device waits to be let in.
std::string waits_to_rejoin();

/// Whether the state of this channel is in doubt, and whether it is given up for lost.
bool is_in_doubt(const StoreView& store, const ChannelId& channel);
bool needs_rejoin(const StoreView& store, const ChannelId& channel);

}  // namespace cairn::client
