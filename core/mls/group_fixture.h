// Groups of devices that talk to each other in memory: for tests, fuzzers and benchmarks.
#pragma once

#include <string>

#include "core/mls/group.h"
#include "core/mls/internal/tree_fixture.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::mls::fixture {

using internal::must;

/// Accepts whom it is told to accept; everybody at first.
class TestAuthenticator final : public Authenticator {
 public:
  Status authenticate(const LeafNode& leaf) override {
    ++asked;
    if (refused && leaf.credential == *refused) return fail(code, "test authenticator");
    return ok();
  }
  std::optional<Credential> refused;
  ErrorCode code = ErrorCode::not_authorised;
  std::size_t asked = 0;
};

/// Allows members everything, and outsiders what `outside` says; remembers the last commit that it was asked about.
class TestMembership final : public Membership {
 public:
  Status check_commit(const CommitSummary& commit) override {
    last = commit;
    return answer;
  }
  Status check_join(const GroupSummary&) override { return answer; }
  Status check_external_commit(const CommitSummary& commit) override {
    last = commit;
    return outside ? answer : Membership::check_external_commit(commit);
  }
  Status check_outside_proposal(const OutsideProposal& proposal) override {
    return outside ? answer : Membership::check_outside_proposal(proposal);
  }
  Status answer = ok();
  bool outside = false;
  std::optional<CommitSummary> last;
};

/// PSKs under their ids, and of other groups.
class TestPsks final : public PskSource {
 public:
  Result<Psk> external(const PskId& id) const override {
    const auto found = keys.find(id.bytes);
    REQUIRE(found != keys.end(), ErrorCode::not_found, "test psk");
    return Psk(Bytes(found->second));
  }
  Result<Psk> resumption(const ResumptionPsk& key) const override {
    const auto found = keys.find(key.group_id.bytes);
    REQUIRE(found != keys.end(), ErrorCode::not_found, "test resumption psk");
    return Psk(Bytes(found->second));
  }
  std::map<Bytes, Bytes> keys;
};

/// What all devices of a test have in common.
struct World {
  World(SuiteId suite_id, std::uint64_t seed) : suite(suite_id), entropy(seed) {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  SuiteId suite;
  testing::SeededEntropy entropy;
  Time now{1'700'000'000'000};
  std::vector<std::uint16_t> extension_types = {};  ///< that new leaves say they support
  TestAuthenticator authenticator = {};
  TestMembership membership = {};
  TestPsks psks = {};
  Rules rules{authenticator, membership, psks};

  LeafOptions leaf_options() const {
    const std::uint64_t seconds = now.ms / kSecondMs;
    return LeafOptions::basic(suite, {seconds - 3600, seconds + 86400}, extension_types);
  }
  SigningIdentity identity(std::string_view name) {
    const auto algorithm = cipher_suite(suite).signature;
    auto pair = crypto::generate_signature_key(algorithm, entropy);
    return must(SigningIdentity::from(algorithm, Credential::basic(to_bytes(name)), std::move(pair.private_key)));
  }
  PrivateKeyPackage key_package(const SigningIdentity& who) {
    return must(PrivateKeyPackage::create(suite, who, leaf_options(), entropy));
  }
  PrivateKeyPackage key_package(std::string_view name) { return key_package(identity(name)); }

  Group create(std::string_view name, ExtensionList extensions = {}) {
    return must(
        Group::create({suite, {to_bytes("a group")}, std::move(extensions)}, identity(name), leaf_options(), entropy));
  }
  const PendingCommit& stage(Group& group, const CommitRequest& request = {}) {
    return *must(group.stage_commit(request, rules, now, entropy));
  }
  Group join(ByteView welcome, const PrivateKeyPackage& package, std::optional<ByteView> tree = std::nullopt) {
    return must(Group::join({welcome, package, tree}, rules));
  }
  Bytes protect(Group& group, std::string_view text) { return must(group.protect(as_bytes(text), {}, entropy)); }
  Result<Received> process(Group& group, ByteView message) { return group.process(message, rules); }

  /// `message` is a commit that `group` reads and merges.
  void follow(Group& group, ByteView message) {
    Received received = must(process(group, message));
    must(group.merge(std::move(std::get<ReceivedCommit>(received))));
  }
  /// What somebody said in `message`.
  std::string read(Group& group, ByteView message) {
    Received received = must(process(group, message));
    return as_text(std::get<ApplicationMessage>(received).plaintext.expose());
  }

  /// A group of `count` members; member i has leaf i.
  std::vector<Group> group_of(std::size_t count, ExtensionList extensions = {}) {
    std::vector<Group> out;
    out.push_back(create("member 0", std::move(extensions)));
    if (count == 1) return out;
    std::vector<PrivateKeyPackage> packages;
    CommitRequest request;
    for (std::size_t i = 1; i < count; ++i) {
      packages.push_back(key_package("member " + std::to_string(i)));
      request.adds.push_back(packages.back().package());
    }
    const PendingCommit& pending = stage(out[0], request);
    const std::vector<OutgoingWelcome> welcomes = pending.welcomes();
    for (std::size_t i = 1; i < count; ++i) out.push_back(join(welcomes[i - 1].message, packages[i - 1]));
    must(out[0].merge_pending());
    return out;
  }
  /// The commit of `who` is accepted by all others of `groups` that are in.
  void commit(std::vector<Group>& groups, std::size_t who, const CommitRequest& request = {}) {
    const Bytes message = stage(groups[who], request).commit();
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (i != who && groups[i].is_active()) follow(groups[i], message);
    }
    must(groups[who].merge_pending());
  }
};

/// Whether both are in one epoch, with the same secrets and the same people.
inline bool agree(const Group& a, const Group& b) {
  return a.epoch() == b.epoch() && a.epoch_authenticator() == b.epoch_authenticator() &&
         equal(a.exporter("label", {}, 32).expose(), b.exporter("label", {}, 32).expose()) &&
         a.ratchet_tree() == b.ratchet_tree();
}

inline Bytes state_of(const Group& group) { return to_bytes(group.serialise().expose()); }

/// The group as its own storage gives it back.
inline Group reopened(const Group& group) { return must(Group::restore(group.serialise().expose())); }

}  // namespace cairn::mls::fixture
