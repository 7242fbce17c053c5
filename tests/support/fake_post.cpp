#include "tests/support/fake_post.h"

#include <algorithm>

#include "core/base/encoding.h"
#include "core/crypto/hash.h"
#include "core/proto/federation.h"
#include "core/proto/labels.h"

namespace cairn::testing {

std::optional<proto::CallReply> FakePost::answer(const std::string& path, const proto::Call& call) {
  if (path == proto::kPathNonce) return good(proto::NonceAnswer{{}, now_ms + proto::kNonceLifeMs});
  if (path == proto::kPathLogin) return taking<proto::LoginRequest>(call, &FakePost::login);
  if (path == proto::kPathKeyPackageUpload) return taking<proto::KeyPackageUpload>(call, &FakePost::upload);
  if (path == proto::kPathKeyPackageFetch) return taking<proto::KeyPackageFetch>(call, &FakePost::fetch);
  if (path == proto::kPathChannelCreate) return taking<proto::ChannelCreate>(call, &FakePost::create);
  if (path == proto::kPathChannelCommit) return taking<proto::ChannelCommit>(call, &FakePost::commit);
  if (path == proto::kPathChannelSend) return taking<proto::ChannelSend>(call, &FakePost::send);
  if (path == proto::kPathChannelSignal) return taking<proto::ChannelSignal>(call, &FakePost::signal);
  if (path == proto::kPathPassport) return passport(call);
  if (path == proto::kPathRejoin) return taking<proto::ChannelRejoin>(call, &FakePost::rejoin);
  if (path == proto::kPathRejoinAnswer) return taking<proto::ChannelRejoinAnswer>(call, &FakePost::answer_rejoin);
  return std::nullopt;
}

std::optional<MailboxId> FakePost::mailbox_of(const std::string& token) const {
  const directory::Device* device = logged_in(token);
  return device == nullptr ? std::nullopt : std::optional(device->mailbox);
}

proto::CallReply FakePost::refusal(ErrorCode code, std::string sentence) {
  return {proto::status_of(code), wire::encode(proto::ErrorAnswer{code, std::move(sentence)}), {}};
}

const directory::Device* FakePost::logged_in(const std::string& token) const {
  const auto login = logins_.find(token);
  return login == logins_.end() || login->second.expires_ms <= now_ms ? nullptr : &login->second.device;
}

std::optional<proto::Address> FakePost::visitor(const std::string& bearer) const {
  if (neighbour == nullptr) return std::nullopt;
  const auto passport = proto::Passport::from_text(bearer);
  const bool is_good = passport && passport->issuer == neighbour->domain_ && passport->audience == domain_ &&
                       passport->expires_ms > now_ms;
  return is_good ? std::optional(proto::Address{passport->issuer, passport->mailbox}) : std::nullopt;
}

std::optional<proto::CallReply> FakePost::passport(const proto::Call& call) const {
  if (neighbour == nullptr) return std::nullopt;
  const directory::Device* device = logged_in(call.bearer);
  const auto wanted = wire::decode<proto::PassportRequest>(call.body);
  if (device == nullptr) return refusal(ErrorCode::unauthenticated, "Log in first.");
  if (!wanted || wanted->audience != neighbour->domain_) {
    return refusal(ErrorCode::not_authorised, "The server of your domain does not speak to that one.");
  }
  const std::uint64_t until_ms = now_ms + proto::kPassportLifeMs;
  const proto::Passport out{domain_, wanted->audience, "", device->id(), device->mailbox, until_ms, {}};
  return good(proto::PassportAnswer{out.to_text(), until_ms});
}

proto::CallReply FakePost::login(const std::string&, const proto::LoginRequest& request) {
  if (request.expires_ms <= now_ms) return refusal(ErrorCode::unauthenticated, "The nonce has run out.");
  const directory::NameState* chain = chain_(request.name);
  if (chain == nullptr || !chain->is_active(request.device))
    return refusal(ErrorCode::not_authorised, "No such device.");
  const directory::Device& device = chain->find(request.device)->device;
  if (!crypto::verify_labelled(device.signature_key, crypto::kSignLogin, request.content(), request.signature)) {
    return refusal(ErrorCode::invalid_signature, "The signature is not the device's.");
  }
  const std::string token = as_text(request.device) + request.name + " " + std::to_string(++last_token_);
  logins_.insert_or_assign(token, Login{device, now_ms + proto::kTokenLifeMs});
  return good(proto::LoginAnswer{token, now_ms + proto::kTokenLifeMs,
                                 static_cast<std::uint32_t>(packages_[request.device].size())});
}

proto::CallReply FakePost::upload(const std::string& token, const proto::KeyPackageUpload& request) {
  const directory::Device* device = logged_in(token);
  if (device == nullptr) return refusal(ErrorCode::unauthenticated, "Log in first.");
  if (!takes_key_packages) return refusal(ErrorCode::storage_full, "The disk of this server is full.");
  auto& mine = packages_[device->id()];
  mine.insert(mine.end(), request.items.begin(), request.items.end());
  while (mine.size() > proto::kMaxKeyPackages) mine.pop_front();
  if (!request.last_resort.empty()) last_resort_[device->id()] = request.last_resort.front();
  return good();
}

proto::CallReply FakePost::fetch(const std::string& token, const proto::KeyPackageFetch& request) {
  if (logged_in(token) == nullptr && !visitor(token)) return refusal(ErrorCode::unauthenticated, "Log in first.");
  proto::KeyPackageAnswer answer;
  for (const DeviceId& device : request.devices) {
    auto& stock = packages_[device];
    if (!stock.empty()) {
      answer.items.push_back({device, stock.front().key_package, stock.front().join_token});
      stock.pop_front();
    } else if (last_resort_.contains(device)) {
      answer.items.push_back({device, last_resort_[device].key_package, last_resort_[device].join_token});
    }
  }
  return good(answer);
}

proto::CallReply FakePost::create(const std::string& token, const proto::ChannelCreate& request) {
  if (logged_in(token) == nullptr) return refusal(ErrorCode::unauthenticated, "Log in first.");
  channels_.try_emplace(request.channel,
                        Channel{request.epoch, {request.write_key, {{domain_, request.mailbox}}}, {}, {}});
  return good();
}

proto::CallReply FakePost::commit(const std::string& token, const proto::ChannelCommit& request) {
  const auto found = channels_.find(request.channel);
  if (found == channels_.end()) return refusal(ErrorCode::not_found, "No such channel.");
  Channel& channel = found->second;
  if (!request.welcomes.empty() && logged_in(token) == nullptr && !visitor(token))
    return refusal(ErrorCode::unauthenticated, "Log in first.");
  if (request.epoch != channel.epoch) {
    const bool just_ended = request.epoch + 1 == channel.epoch;
    return {409, wire::encode(proto::CommitAnswer{channel.epoch, just_ended ? channel.commit : Bytes()}), {}};
  }
  if (!crypto::verify_labelled(channel.now.write_key, crypto::kSignChannelCommit, request.content(),
                               request.signature)) {
    return refusal(ErrorCode::invalid_signature, "The signature is not a member's.");
  }
  for (const proto::Address& next : request.next_recipients) {
    const auto is_next = [&](const proto::WelcomeFor& welcome) { return welcome.to == next; };
    const auto& before = channel.now.recipients;
    if (std::find(before.begin(), before.end(), next) == before.end() &&
        std::none_of(request.welcomes.begin(), request.welcomes.end(), is_next))
      return refusal(ErrorCode::not_authorised, "A new recipient needs a welcome.");
  }
  const auto is_there = [this](proto::Carriage carriage, ByteView body) {
    if (carriage == proto::Carriage::inside) return true;
    const auto ref = wire::decode<proto::BlobRef>(body);
    return ref && has_blob(*ref);
  };
  bool all_there = is_there(request.carriage, request.commit);
  for (const proto::WelcomeFor& welcome : request.welcomes) {
    all_there = all_there && is_there(welcome.carriage, welcome.welcome);
  }
  if (!all_there) return refusal(ErrorCode::not_found, "The blob of a commit or welcome is not here; put it first.");
  channel.commit = request.commit;
  const auto kind = [](proto::Carriage carriage, proto::EnvelopeKind inside, proto::EnvelopeKind blob) {
    return carriage == proto::Carriage::inside ? inside : blob;
  };
  deliver(channel.now.recipients, kind(request.carriage, proto::EnvelopeKind::commit, proto::EnvelopeKind::commit_blob),
          request.channel, request.epoch, request.commit);
  for (const proto::WelcomeFor& welcome : request.welcomes) {
    deliver({welcome.to}, kind(welcome.carriage, proto::EnvelopeKind::welcome, proto::EnvelopeKind::welcome_blob),
            request.channel, request.epoch + 1, welcome.welcome);
  }
  channel.before = request.revoke == proto::Revoke::yes ? std::nullopt : std::optional(channel.now);
  channel.now = {request.next_write_key, request.next_recipients};
  ++channel.epoch;
  return good(proto::CommitAnswer{channel.epoch, {}});
}

const FakePost::Epoch* FakePost::epoch_of(const Channel& channel, std::uint64_t number) {
  if (number == channel.epoch) return &channel.now;
  return channel.before && number + 1 == channel.epoch ? &*channel.before : nullptr;
}

Status FakePost::check_put(const proto::Call& call) const {
  const auto request = TRY(wire::decode<proto::BlobPut>(call.body));
  REQUIRE(request.writer, ErrorCode::not_found, "There is nothing here.");
  const auto found = channels_.find(request.writer->channel);
  REQUIRE(found != channels_.end(), ErrorCode::not_found, "No such channel.");
  const Epoch* epoch = epoch_of(found->second, request.writer->epoch);
  REQUIRE(epoch != nullptr, ErrorCode::wrong_epoch, "The channel has moved on.");
  REQUIRE(request.size <= proto::kMaxHandshakeBlob, ErrorCode::over_limit, "So large a blob is put with a login.");
  return crypto::verify_labelled(epoch->write_key, crypto::kSignBlobOfChannel,
                                 request.content_of_channel(crypto::sha256(request.data)), request.writer->signature);
}

proto::CallReply FakePost::send(const std::string&, const proto::ChannelSend& request) {
  const auto found = channels_.find(request.channel);
  if (found == channels_.end()) return refusal(ErrorCode::not_found, "No such channel.");
  const Epoch* epoch = epoch_of(found->second, request.epoch);
  if (epoch == nullptr) return refusal(ErrorCode::wrong_epoch, "The channel has moved on.");
  if (!crypto::verify_labelled(epoch->write_key, crypto::kSignChannelSend, request.content(), request.signature)) {
    return refusal(ErrorCode::invalid_signature, "The signature is not a member's.");
  }
  deliver(epoch->recipients, proto::EnvelopeKind::message, request.channel, request.epoch, request.ciphertext);
  ++sends;
  return good();
}

proto::CallReply FakePost::signal(const std::string&, const proto::ChannelSignal& request) {
  const auto found = channels_.find(request.channel);
  if (found == channels_.end()) return refusal(ErrorCode::not_found, "No such channel.");
  const Channel& channel = found->second;
  if (request.epoch != channel.epoch) return refusal(ErrorCode::wrong_epoch, "The channel has moved on.");
  if (!crypto::verify_labelled(channel.now.write_key, proto::kSignChannelSignal, request.content(), request.signature))
    return refusal(ErrorCode::invalid_signature, "The signature is not a member's.");
  const Bytes push = wire::encode(proto::SignalPush{domain_, request.channel, request.epoch, request.ciphertext});
  for (const proto::Address& address : channel.now.recipients) mailboxes[address.mailbox].signals.push_back(push);
  ++signals;
  last_signal = push;
  return good();
}

proto::CallReply FakePost::rejoin(const std::string& token, const proto::ChannelRejoin& request) {
  const auto own = mailbox_of(token);
  auto who = own ? std::optional(proto::Address{domain_, *own}) : std::nullopt;
  if (!who && takes_rejoins_of_visitors) who = visitor(token);
  if (!who) return refusal(ErrorCode::unauthenticated, "Log in first.");
  const auto found = channels_.find(request.channel);
  if (found == channels_.end()) return refusal(ErrorCode::not_found, "No such channel.");
  std::vector<proto::Address> others = found->second.now.recipients;
  if (std::erase(others, *who) == 0) {
    return refusal(ErrorCode::not_authorised, "This device is not in that conversation any more.");
  }
  deliver(others, proto::EnvelopeKind::rejoin, request.channel, found->second.epoch, request.request);
  ++rejoins;
  return good(proto::RejoinAsked{static_cast<std::uint32_t>(others.size())});
}

proto::CallReply FakePost::answer_rejoin(const std::string&, const proto::ChannelRejoinAnswer& request) {
  const auto found = channels_.find(request.channel);
  if (found == channels_.end()) return refusal(ErrorCode::not_found, "No such channel.");
  const Channel& channel = found->second;
  if (request.epoch != channel.epoch) return refusal(ErrorCode::wrong_epoch, "The channel has moved on.");
  if (!crypto::verify_labelled(channel.now.write_key, crypto::kSignRejoinAnswer, request.content(),
                               request.signature)) {
    return refusal(ErrorCode::invalid_signature, "The signature is not a member's.");
  }
  if (std::ranges::find(channel.now.recipients, request.to) == channel.now.recipients.end()) {
    return refusal(ErrorCode::not_authorised, "Not a recipient.");
  }
  deliver({request.to}, proto::EnvelopeKind::rejoin_answer, request.channel, request.epoch, request.answer);
  return good();
}

void FakePost::deliver(const std::vector<proto::Address>& to, proto::EnvelopeKind kind, const ChannelId& channel,
                       std::uint64_t epoch, const Bytes& body) {
  for (const proto::Address& address : to) {
    const bool is_elsewhere = neighbour != nullptr && address.domain == neighbour->domain_;
    Mailbox& mailbox = (is_elsewhere ? neighbour->mailboxes : mailboxes)[address.mailbox];
    mailbox.envelopes.push_back({mailbox.next++, kind, domain_, channel, epoch, now_ms, body});
  }
}

}  // namespace cairn::testing
