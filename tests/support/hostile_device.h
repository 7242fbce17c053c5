// A device that keeps to no rule but MLS's own, in league with the server: it makes groups and commits as it likes and
// lays them into whose mailbox it likes.
#pragma once

#include "core/client/gatekeeper.h"
#include "core/client/identity.h"
#include "core/client/key_packages.h"
#include "core/client/reconciler.h"
#include "core/client/tables.h"
#include "core/crypto/labels.h"
#include "tests/support/client_village.h"

namespace cairn::testing {

/// Accepts everybody and everything.
class NoRules final : public mls::Authenticator, public mls::Membership {
 public:
  Status authenticate(const mls::LeafNode&) override { return ok(); }
  Status check_commit(const mls::CommitSummary&) override { return ok(); }
  Status check_join(const mls::GroupSummary&) override { return ok(); }

  mls::Rules rules() { return {*this, *this, psks_}; }

 private:
  mls::NoPsks psks_;
};

class HostileDevice {
 public:
  enum class Login { yes, no };
  /// With these keys, and `name` as its own. Only what is in the name's chain can log in.
  HostileDevice(ClientVillage& village, const std::string& name, const TestDevice& keys, Login login = Login::yes,
                std::uint64_t seed = 1000)
      : village_(village),
        entropy_(seed),
        name_(*directory::Name::from(name)),
        key_(keys.key.clone()),
        device_(keys.device) {
    if (login == Login::yes) log_in();
  }
  /// With the keys of a client of the village, and whatever that has stored.
  static HostileDevice like(ClientVillage& village, const std::string& client) {
    const auto account = client::load_account(village.device(client).store());
    CHECK(account.has_value());
    return HostileDevice(village, account->name.text(), {account->signing_key.clone(), account->device()});
  }

  const directory::Device& device() const { return device_; }
  mls::Rules rules() { return no_rules_.rules(); }
  SeededEntropy& entropy() { return entropy_; }

  /// A group of its own that says of itself what `info` says.
  mls::Group begin(const client::ConversationInfo& info) {
    mls::GroupParameters parameters;
    parameters.group_id = {to_bytes(info.channel.view())};
    parameters.extensions.set(client::ConversationInfo::kExtensionType, wire::encode(info));
    auto group = mls::Group::create(parameters, identity(), leaf_options(), entropy_);
    CHECK(group.has_value());
    return std::move(*group);
  }
  /// The group that a client of the village has stored.
  mls::Group group_of(const std::string& client, const ChannelId& channel) {
    const auto row = village_.device(client).store().get(client::tables::kGroups, channel);
    CHECK(row.has_value());
    auto group = mls::Group::restore(*row);
    CHECK(group.has_value());
    return std::move(*group);
  }

  mls::KeyPackage key_package_of(const std::string& name, const DeviceId& device) {
    proto::Call call;
    call.method = proto::Method::post;
    call.url = "https://example.org" + std::string(proto::kPathKeyPackageFetch);
    call.bearer = token_;
    call.body = wire::encode(proto::KeyPackageFetch{name, {device}});
    const auto reply = village_.server.answer(call);
    const auto answer = wire::decode<proto::KeyPackageAnswer>(reply->body);
    CHECK(answer.has_value() && answer->items.size() == 1);
    auto package = wire::decode<mls::KeyPackage>(answer->items[0].key_package);
    CHECK(package.has_value());
    return std::move(*package);
  }
  /// Lets others begin conversations with it.
  void offer_key_package() {
    proto::KeyPackageUpload upload;
    upload.items.push_back({wire::encode(key_package()), random_value<proto::JoinToken>(entropy_)});
    call(proto::kPathKeyPackageUpload, wire::encode(upload));
  }
  /// One of its own.
  mls::KeyPackage key_package() {
    const auto package = mls::PrivateKeyPackage::create(mls::kDefaultSuite, identity(), leaf_options(), entropy_);
    CHECK(package.has_value());
    return package->package();
  }

  const mls::PendingCommit& stage(mls::Group& group, const mls::CommitRequest& request) {
    const auto staged = group.stage_commit(request, rules(), village_.now, entropy_);
    if (!staged) std::fprintf(stderr, "not staged: %s\n", staged.error().where);
    CHECK(staged.has_value());
    return **staged;
  }
  /// Adds one device and gives the Welcome.
  Bytes add(mls::Group& group, const mls::KeyPackage& package) {
    mls::CommitRequest request;
    request.adds.push_back(package);
    Bytes welcome = stage(group, request).welcomes().front().message;
    CHECK(group.merge_pending().has_value());
    return welcome;
  }

  /// Lays an envelope into somebody's mailbox, as a server can.
  void deliver(const MailboxId& to, proto::EnvelopeKind kind, const ChannelId& channel, std::uint64_t epoch, Bytes body,
               std::string domain = "example.org") {
    auto& mailbox = village_.server.post.mailboxes[to];
    mailbox.envelopes.push_back(
        {mailbox.next++, kind, std::move(domain), channel, epoch, village_.now.ms, std::move(body)});
    village_.settle();
  }

  void call(std::string_view path, Bytes body) {
    proto::Call call;
    call.method = proto::Method::post;
    call.url = "https://example.org" + std::string(path);
    call.bearer = token_;
    call.body = std::move(body);
    const auto reply = village_.server.answer(call);
    CHECK(reply.has_value() && reply->status < 300);
  }

  mls::SigningIdentity identity() const {
    auto out = mls::SigningIdentity::from(crypto::SignatureAlgorithm::ed25519,
                                          mls::Credential::basic(client::identity_of(name_, device_.id())),
                                          crypto::SignaturePrivateKey(key_.seed().expose()));
    CHECK(out.has_value());
    return std::move(*out);
  }

 private:
  void log_in() {
    proto::LoginRequest request;
    request.domain = "example.org";
    request.name = name_.text();
    request.device = device_.id();
    request.expires_ms = village_.now.ms + proto::kNonceLifeMs;
    request.signature = crypto::sign_labelled(key_, crypto::kSignLogin, request.content());
    proto::Call call;
    call.method = proto::Method::post;
    call.url = "https://example.org" + std::string(proto::kPathLogin);
    call.body = wire::encode(request);
    const auto reply = village_.server.answer(call);
    const auto login = wire::decode<proto::LoginAnswer>(reply->body);
    CHECK(login.has_value());
    token_ = login->token;
  }

  mls::LeafOptions leaf_options() const { return client::leaf_options(village_.now, kDayMs); }

  ClientVillage& village_;
  SeededEntropy entropy_;
  directory::Name name_;
  crypto::SigningKey key_;
  directory::Device device_;
  NoRules no_rules_;
  std::string token_;
};

}  // namespace cairn::testing
