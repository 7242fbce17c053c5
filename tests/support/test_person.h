// A person with devices and a recovery key, who makes statements: valid ones, unless told otherwise.
#pragma once

#include "core/directory/chain.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::testing {

/// A device and its key.
struct TestDevice {
  crypto::SigningKey key;
  directory::Device device;
};

class TestPerson {
 public:
  explicit TestPerson(std::string_view name, std::uint64_t seed = 1)
      : entropy(seed), state(*directory::Name::from(name)), secret(random_secret<directory::RecoverySecret>(entropy)) {}

  SeededEntropy entropy;
  directory::NameState state;
  std::vector<directory::Statement> statements;  ///< all that state has taken
  directory::RecoverySecret secret;
  std::uint32_t generation = 0;  ///< of the recovery key in force

  const directory::Name& name() const { return state.name(); }

  TestDevice new_device() {
    auto key = crypto::SigningKey::generate(entropy);
    directory::Device device{key.public_key(), random_value<MailboxId>(entropy), {0xf102, 1}};
    return {std::move(key), std::move(device)};
  }

  directory::RecoveryKey recovery(std::uint32_t of_generation) const {
    return directory::RecoveryKey::derive(secret, name(), of_generation);
  }
  directory::RecoveryKey recovery() const { return recovery(generation); }

  /// A content at the end of the chain.
  directory::StatementContent content(directory::StatementBody body) {
    return {name(), state.count(),  state.head(), 1'700'000'000'000, random_value<Nonce16>(entropy),
            {},     std::move(body)};
  }

  directory::Statement by_new_device(directory::StatementBody body, const TestDevice& device) {
    directory::Statement out{content(std::move(body)), {}};
    out.signatures.push_back(directory::sign_as_new_device(out.content, device.key));
    return out;
  }
  directory::Statement by_device(directory::StatementBody body, const TestDevice& device) {
    directory::Statement out{content(std::move(body)), {}};
    out.signatures.push_back(directory::sign_as_device(out.content, device.key));
    return out;
  }
  /// Commits to the generation after the one in force.
  directory::Statement by_recovery(directory::StatementBody body) {
    directory::Statement out{content(std::move(body)), {}};
    out.content.next_recovery = recovery(generation + 1).commitment();
    out.signatures.push_back(directory::sign_as_recovery(out.content, recovery()));
    return out;
  }

  directory::Statement genesis(const TestDevice& device, std::uint32_t reset_delay_s = directory::kDefaultResetDelayS) {
    return by_new_device(directory::Genesis{device.device, recovery(0).commitment(), reset_delay_s}, device);
  }
  directory::Statement add(const TestDevice& device, const TestDevice& signer) {
    auto out = by_device(directory::AddDevice{device.device}, signer);
    out.signatures.push_back(directory::sign_as_new_device(out.content, device.key));
    return out;
  }
  directory::Statement add_by_recovery(const TestDevice& device) {
    auto out = by_recovery(directory::AddDevice{device.device});
    out.signatures.push_back(directory::sign_as_new_device(out.content, device.key));
    return out;
  }
  /// A request whose new owner has the recovery key of `next_generation`.
  directory::Statement request(const TestDevice& device, std::uint32_t next_generation,
                               std::uint32_t reset_delay_s = directory::kDefaultResetDelayS) {
    return by_new_device(directory::RequestReset{device.device, recovery(next_generation).commitment(), reset_delay_s},
                         device);
  }

  /// Takes a valid statement over.
  void take(const directory::Statement& statement) {
    const auto done = state.apply(statement);
    if (!done) std::fprintf(stderr, "statement refused: %s\n", done.error().where);
    CHECK(done.has_value());
    statements.push_back(statement);
    if (statement.content.next_recovery) ++generation;
  }
};

}  // namespace cairn::testing
