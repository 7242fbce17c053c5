// People at a server under test: they register, log in, and write to channels, with no MLS inside.
#pragma once

#include <string>

#include "core/crypto/labels.h"
#include "core/directory/lookup.h"
#include "tests/support/relay_driver.h"
#include "tests/support/test_person.h"

namespace cairn::testing {

/// The body of an answer; a body that is none fails the test by CHECK.
template <class T>
T body_of(const proto::Respond& answer) {
  auto body = wire::decode<T>(answer.body);
  CHECK(body.has_value());
  return std::move(*body);
}
ErrorCode error_of(const proto::Respond& answer);

/// POST statement.
proto::Respond submit(RelayDriver& driver, const directory::Statement& statement, std::string invitation = {},
                      Bytes veto = {});

/// POST nonce, then the login as it would be sent.
proto::LoginRequest make_login(RelayDriver& driver, const directory::Name& name, const TestDevice& device);

proto::Respond log_in(RelayDriver& driver, const directory::Name& name, const TestDevice& device);

proto::Respond look_up(RelayDriver& driver, const directory::LookupRequest& request);

/// A person with one device, registered at the driver's server and logged in.
class Member {
 public:
  Member(RelayDriver& driver, std::string_view name, std::uint64_t seed);

  TestPerson person;
  TestDevice device;
  std::string token;

  void log_in(RelayDriver& driver);
  proto::Address address() const { return {std::string(person.name().domain()), device.device.mailbox}; }

  /// Uploads `count` key packages whose join tokens are random; the first package is the byte 1, and so on.
  proto::Respond upload(RelayDriver& driver, std::size_t count, bool last_resort = false);

  /// One key package of `other`.
  proto::KeyPackageAnswer fetch(RelayDriver& driver, const Member& other) const;
};

/// A channel as its members know it.
class TestChannel {
 public:
  TestChannel(RelayDriver& driver, const Member& creator, std::uint64_t seed);

  SeededEntropy entropy;
  ChannelId id;
  std::uint64_t epoch = 0;
  crypto::SigningKey key;
  std::vector<proto::Address> recipients;

  /// A commit that changes nothing but the write key; to be signed when it is complete.
  proto::ChannelCommit make_commit(const crypto::SigningKey& next_key);
  void add(proto::ChannelCommit& commit, const Member& who, const proto::JoinToken& token);
  proto::ChannelCommit signed_by(proto::ChannelCommit commit, const crypto::SigningKey& signer) const;
  /// Signs, posts, and if it is accepted moves on.
  proto::Respond commit(RelayDriver& driver, const proto::ChannelCommit& commit, crypto::SigningKey next_key,
                        std::string bearer = {});
  /// Adds a member, with a key package fetched for it.
  proto::Respond admit(RelayDriver& driver, const Member& by, const Member& who);

  proto::ChannelSend make_send(Bytes ciphertext, const crypto::SigningKey& signer, std::uint64_t of_epoch) const;
  proto::Respond send(RelayDriver& driver, std::string_view text) const;
};

}  // namespace cairn::testing
