#include "tests/support/relay_people.h"

namespace cairn::testing {

ErrorCode error_of(const proto::Respond& answer) { return body_of<proto::ErrorAnswer>(answer).code; }

proto::Respond submit(RelayDriver& driver, const directory::Statement& statement, std::string invitation, Bytes veto) {
  const proto::StatementRequest request{wire::encode(statement), std::move(invitation), std::move(veto)};
  return driver.post(proto::kPathStatement, wire::encode(request));
}

proto::LoginRequest make_login(RelayDriver& driver, const directory::Name& name, const TestDevice& device) {
  const auto nonce = body_of<proto::NonceAnswer>(driver.post(proto::kPathNonce));
  proto::LoginRequest login{std::string(name.domain()), name.text(), device.device.id(), nonce.nonce,
                            nonce.expires_ms,           {}};
  login.signature = crypto::sign_labelled(device.key, crypto::kSignLogin, login.content());
  return login;
}

proto::Respond log_in(RelayDriver& driver, const directory::Name& name, const TestDevice& device) {
  return driver.post(proto::kPathLogin, wire::encode(make_login(driver, name, device)));
}

proto::Respond look_up(RelayDriver& driver, const directory::LookupRequest& request) {
  return driver.post(proto::kPathLookup, wire::encode(request));
}

Member::Member(RelayDriver& driver, std::string_view name, std::uint64_t seed)
    : person(name, seed), device(person.new_device()) {
  person.take(person.genesis(device));
  CHECK(submit(driver, person.statements.back()).status == 202);
  driver.pass(1000);
  log_in(driver);
}

void Member::log_in(RelayDriver& driver) {
  token = body_of<proto::LoginAnswer>(testing::log_in(driver, person.name(), device)).token;
}

proto::Respond Member::upload(RelayDriver& driver, std::size_t count, bool last_resort) {
  proto::KeyPackageUpload upload;
  for (std::size_t i = 0; i < count; ++i) {
    upload.items.push_back({Bytes{static_cast<std::uint8_t>(i + 1)}, random_value<proto::JoinToken>(person.entropy)});
  }
  if (last_resort) upload.last_resort.push_back({Bytes{0xff}, random_value<proto::JoinToken>(person.entropy)});
  return driver.post(proto::kPathKeyPackageUpload, wire::encode(upload), token);
}

proto::KeyPackageAnswer Member::fetch(RelayDriver& driver, const Member& other) const {
  const proto::KeyPackageFetch fetch{other.person.name().text(), {other.device.device.id()}};
  return body_of<proto::KeyPackageAnswer>(driver.post(proto::kPathKeyPackageFetch, wire::encode(fetch), token));
}

TestChannel::TestChannel(RelayDriver& driver, const Member& creator, std::uint64_t seed)
    : entropy(seed), id(random_value<ChannelId>(entropy)), key(crypto::SigningKey::generate(entropy)) {
  const proto::ChannelCreate create{id, epoch, key.public_key(), creator.device.device.mailbox};
  CHECK(driver.post(proto::kPathChannelCreate, wire::encode(create), creator.token).status == 200);
  recipients = {creator.address()};
}

proto::ChannelCommit TestChannel::make_commit(const crypto::SigningKey& next_key) {
  proto::ChannelCommit commit;
  commit.channel = id;
  commit.epoch = epoch;
  commit.commit = Bytes(40);
  entropy.fill(commit.commit);
  commit.next_write_key = next_key.public_key();
  commit.next_recipients = recipients;
  return commit;
}

void TestChannel::add(proto::ChannelCommit& commit, const Member& who, const proto::JoinToken& token) {
  commit.welcomes.push_back({who.address(), token, to_bytes("welcome " + who.person.name().text())});
  commit.next_recipients.push_back(who.address());
  std::ranges::sort(commit.next_recipients);
}

proto::ChannelCommit TestChannel::signed_by(proto::ChannelCommit commit, const crypto::SigningKey& signer) const {
  commit.signature = crypto::sign_labelled(signer, crypto::kSignChannelCommit, commit.content());
  return commit;
}

proto::Respond TestChannel::commit(RelayDriver& driver, const proto::ChannelCommit& commit, crypto::SigningKey next_key,
                                   std::string bearer) {
  const auto answer = driver.post(proto::kPathChannelCommit, wire::encode(signed_by(commit, key)), std::move(bearer));
  if (answer.status == 200) {
    recipients = commit.next_recipients;
    key = std::move(next_key);
    ++epoch;
  }
  return answer;
}

proto::Respond TestChannel::admit(RelayDriver& driver, const Member& by, const Member& who) {
  const auto packages = by.fetch(driver, who);
  CHECK(packages.items.size() == 1);
  auto next_key = crypto::SigningKey::generate(entropy);
  auto request = make_commit(next_key);
  add(request, who, packages.items.front().join_token);
  return commit(driver, request, std::move(next_key), by.token);
}

proto::ChannelSend TestChannel::make_send(Bytes ciphertext, const crypto::SigningKey& signer,
                                          std::uint64_t of_epoch) const {
  proto::ChannelSend send{id, of_epoch, std::move(ciphertext), {}};
  send.signature = crypto::sign_labelled(signer, crypto::kSignChannelSend, send.content());
  return send;
}

proto::Respond TestChannel::send(RelayDriver& driver, std::string_view text) const {
  return driver.post(proto::kPathChannelSend, wire::encode(make_send(to_bytes(text), key, epoch)));
}

}  // namespace cairn::testing
