// Logins, key packages, channels and mailboxes of a fake server (docs/spec/relay.md): the rules that clients can tell
// apart, in the fewest words. The real ones are in core/relay.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>

#include "core/crypto/labels.h"
#include "core/crypto/signature.h"
#include "core/directory/chain.h"
#include "core/proto/api.h"
#include "core/proto/blobs.h"
#include "core/proto/rejoin.h"
#include "core/proto/signals.h"
#include "core/proto/transport.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::testing {

class FakePost {
 public:
  /// The chain of a name, as the server has it; nullptr for an unknown one.
  using Chain = std::function<const directory::NameState*(const std::string& name)>;

  FakePost(std::string domain, Chain chain) : domain_(std::move(domain)), chain_(std::move(chain)) {}

  struct Mailbox {
    std::uint64_t next = 1;
    std::deque<proto::Envelope> envelopes;  ///< not acknowledged
    std::uint64_t pushed = 0;               ///< up to this sequence, on the present connection
    std::vector<Bytes> signals = {};        ///< for the present connection; gone with it
  };

  std::map<MailboxId, Mailbox> mailboxes;
  std::uint64_t now_ms = 0;
  std::size_t sends = 0;    ///< accepted ones
  std::size_t signals = 0;  ///< likewise
  Bytes last_signal;        ///< as it was pushed
  bool takes_key_packages = true;
  /// The server of the one other domain that this one speaks to: what is for its mailboxes is there at once.
  FakePost* neighbour = nullptr;
  bool takes_rejoins_of_visitors = true;  ///< else it wants a login, as older builds do
  std::size_t rejoins = 0;                ///< requests that were laid into mailboxes

  std::optional<proto::CallReply> answer(const std::string& path, const proto::Call& call);

  /// Whether what a commit or welcome names lies at the server, whole.
  std::function<bool(const proto::BlobRef&)> has_blob = [](const proto::BlobRef&) { return false; };
  /// Why a part of a blob is not taken: by the write key of the epoch that it names. What is put with a login this
  /// server does not know: tests that want it bring FakeBlobs of their own.
  Status check_put(const proto::Call& call) const;

  /// The mailbox that a token opens.
  std::optional<MailboxId> mailbox_of(const std::string& token) const;

  /// The commit that this channel accepted last.
  Bytes last_commit(const ChannelId& channel) const { return channels_.at(channel).commit; }

  /// Every token has run out: nobody is logged in.
  void forget_tokens() { logins_.clear(); }

  static proto::CallReply refusal(ErrorCode code, std::string sentence);

 private:
  struct Epoch {
    PublicKey write_key;
    std::vector<proto::Address> recipients;
  };
  struct Channel {
    std::uint64_t epoch = 0;
    Epoch now;
    std::optional<Epoch> before;
    Bytes commit = {};  ///< that ended the epoch before
  };

  template <class T>
  static proto::CallReply good(const T& body) {
    return {200, wire::encode(body), {}};
  }
  static proto::CallReply good() { return {200, {}, {}}; }

  template <class Request>
  proto::CallReply taking(const proto::Call& call,
                          proto::CallReply (FakePost::*handler)(const std::string&, const Request&)) {
    const auto request = wire::decode<Request>(call.body);
    if (!request) return refusal(ErrorCode::malformed, "That cannot be read.");
    return (this->*handler)(call.bearer, *request);
  }

  struct Login {
    directory::Device device;
    std::uint64_t expires_ms = 0;
  };
  /// The epoch in which one may still write; nullptr: not any more.
  static const Epoch* epoch_of(const Channel& channel, std::uint64_t number);
  /// Nothing when the token is none of ours, or has run out.
  const directory::Device* logged_in(const std::string& token) const;

  /// Whose mailbox a passport of the neighbour's names.
  std::optional<proto::Address> visitor(const std::string& bearer) const;
  std::optional<proto::CallReply> passport(const proto::Call& call) const;

  proto::CallReply login(const std::string&, const proto::LoginRequest& request);

  proto::CallReply upload(const std::string& token, const proto::KeyPackageUpload& request);

  proto::CallReply fetch(const std::string& token, const proto::KeyPackageFetch& request);

  proto::CallReply create(const std::string& token, const proto::ChannelCreate& request);

  proto::CallReply commit(const std::string& token, const proto::ChannelCommit& request);

  proto::CallReply send(const std::string&, const proto::ChannelSend& request);

  proto::CallReply signal(const std::string&, const proto::ChannelSignal& request);
  proto::CallReply rejoin(const std::string& token, const proto::ChannelRejoin& request);

  proto::CallReply answer_rejoin(const std::string&, const proto::ChannelRejoinAnswer& request);

  void deliver(const std::vector<proto::Address>& to, proto::EnvelopeKind kind, const ChannelId& channel,
               std::uint64_t epoch, const Bytes& body);

  std::string domain_;
  Chain chain_;
  std::map<std::string, Login> logins_;  // by token
  std::uint64_t last_token_ = 0;
  std::map<DeviceId, std::deque<proto::KeyPackageUpload::Item>> packages_;
  std::map<DeviceId, proto::KeyPackageUpload::Item> last_resort_;
  std::map<ChannelId, Channel> channels_;
};

}  // namespace cairn::testing
