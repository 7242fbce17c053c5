#include "tests/vectors/mls_client_vectors.h"

#include "core/mls/group.h"
#include "core/mls/message.h"
#include "tests/vectors/mls_suite.h"

namespace cairn::testing {
namespace {

using nlohmann::json;
using namespace mls;

class AcceptEverybody final : public Authenticator {
 public:
  Status authenticate(const LeafNode&) override { return ok(); }
  Status authenticate_successor(const LeafNode&, const LeafNode&) override { return ok(); }
};

class AllowEverything final : public Membership {
 public:
  Status check_commit(const CommitSummary&) override { return ok(); }
  Status check_join(const GroupSummary&) override { return ok(); }
  Status check_external_commit(const CommitSummary&) override { return ok(); }
  Status check_outside_proposal(const OutsideProposal&) override { return ok(); }
};

class GivenPsks final : public PskSource {
 public:
  explicit GivenPsks(const json& psks) : psks_(psks) {}
  Result<Psk> external(const PskId& id) const override {
    for (const json& psk : psks_) {
      if (equal(hex_bytes(psk.at("psk_id")), id)) return Psk(hex_bytes(psk.at("psk")));
    }
    return fail(ErrorCode::not_found, "psk of a vector");
  }
  Result<Psk> resumption(const ResumptionPsk&) const override {
    return fail(ErrorCode::not_found, "resumption psk of a vector");
  }

 private:
  const json& psks_;
};

Result<PrivateKeyPackage> key_package_of(const json& c) {
  MlsMessage message = TRY(MlsMessage::decode(hex_bytes(c.at("key_package"))));
  auto* package = std::get_if<KeyPackage>(&message.body);
  REQUIRE(package != nullptr, kWrong, "key package");
  return PrivateKeyPackage::from(std::move(*package), crypto::KemPrivateKey(hex_bytes(c.at("init_priv"))),
                                 crypto::KemPrivateKey(hex_bytes(c.at("encryption_priv"))),
                                 crypto::SignaturePrivateKey(hex_bytes(c.at("signature_priv"))));
}

// One epoch, with the state written and read back in between: what is stored must be all there is.
Status follow(Group& group, const json& epoch, const Rules& rules) {
  for (const json& proposal : epoch.at("proposals")) {
    Received received = TRY(group.process(hex_bytes(proposal), rules));
    REQUIRE(std::holds_alternative<ProposalReceived>(received), kWrong, "a proposal was expected");
  }
  const SecretBytes stored = group.serialise();
  group = TRY(Group::restore(stored.expose()));
  REQUIRE(equal(group.serialise().expose(), stored.expose()), kWrong, "state changed in the store");
  Received received = TRY(group.process(hex_bytes(epoch.at("commit")), rules));
  auto* commit = std::get_if<ReceivedCommit>(&received);
  REQUIRE(commit != nullptr, kWrong, "a commit was expected");
  TRY(group.merge(std::move(*commit)));
  REQUIRE(group.epoch_authenticator() == hex_bytes(epoch.at("epoch_authenticator")), kWrong, "epoch authenticator");
  return ok();
}

Status passive_client_case(const json& c) {
  TRY(suite_of(c));
  AcceptEverybody authenticator;
  AllowEverything membership;
  const GivenPsks psks(c.at("external_psks"));
  const Rules rules{authenticator, membership, psks};
  const PrivateKeyPackage package = TRY(key_package_of(c));
  const Bytes welcome = hex_bytes(c.at("welcome"));
  Bytes tree;
  std::optional<ByteView> beside;
  if (c.contains("ratchet_tree") && !c.at("ratchet_tree").is_null()) beside = tree = hex_bytes(c.at("ratchet_tree"));
  Group group = TRY(Group::join({welcome, package, beside}, rules));
  REQUIRE(group.epoch_authenticator() == hex_bytes(c.at("initial_epoch_authenticator")), kWrong,
          "initial epoch authenticator");
  for (const json& epoch : c.at("epochs")) TRY(follow(group, epoch, rules));
  return ok();
}

}  // namespace

VectorCount run_passive_client(const json& cases) { return run_cases(cases, passive_client_case); }

}  // namespace cairn::testing
