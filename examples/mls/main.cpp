// Two devices and a group: all that a program writes to talk through cairn::mls.
#include <sys/random.h>

#include <cstdio>
#include <ctime>

#include "core/mls/group.h"

using namespace cairn;

struct KernelEntropy : Entropy {
  void fill(MutableByteView out) override {
    for (std::size_t i = 0; i < out.size(); i += 256) CHECK(getentropy(&out[i], std::min(out.size() - i, 256ul)) == 0);
  }
};
struct Contacts : mls::Authenticator {  // whose key it is: your directory knows
  Status authenticate(const mls::LeafNode&) override { return ok(); }
};
struct Doors : mls::Membership {  // who may come in: your people know
  Status check_commit(const mls::CommitSummary&) override { return ok(); }
  Status check_join(const mls::GroupSummary&) override { return ok(); }
};

Status talk(mls::SuiteId suite, Entropy& entropy, Time now, const mls::Rules& rules) {
  const auto identity = [&](std::string_view name) {
    auto pair = crypto::generate_signature_key(mls::cipher_suite(suite).signature, entropy);
    return mls::SigningIdentity::from(mls::cipher_suite(suite).signature, mls::Credential::basic(to_bytes(name)),
                                      std::move(pair.private_key));
  };
  const std::uint64_t second = now.ms / kSecondMs;
  const auto leaf = mls::LeafOptions::basic(suite, {second - 3600, second + 28 * 86400});
  const mls::SigningIdentity alice = TRY(identity("alice"));
  const mls::SigningIdentity bob = TRY(identity("bob"));

  // Bob leaves a key package with a server. Alice adds him to a group of hers, and merges once that is accepted.
  const auto package = TRY(mls::PrivateKeyPackage::create(suite, bob, leaf, entropy));
  mls::Group hers = TRY(mls::Group::create({suite, {to_bytes("a random id")}, {}}, alice, leaf, entropy));
  const mls::PendingCommit* pending = TRY(hers.stage_commit({.adds = {package.package()}}, rules, now, entropy));
  const Bytes welcome = pending->welcomes()[0].message;
  TRY(hers.merge_pending());
  mls::Group his = TRY(mls::Group::join({welcome, package, {}}, rules));

  const Bytes message = TRY(hers.protect(as_bytes("hello, bob"), {}, entropy));
  const mls::Received received = TRY(his.process(message, rules));
  const auto& said = std::get<mls::ApplicationMessage>(received);
  const Bytes name = to_bytes(TRY(said.sender.node->credential.identity()));
  std::printf("%s: %s\n", as_text(name).c_str(), as_text(said.plaintext.expose()).c_str());
  return ok();
}

int main() {
  KernelEntropy entropy;
  Contacts contacts;
  Doors doors;
  const mls::NoPsks no_psks;
  const Time now{static_cast<std::uint64_t>(std::time(nullptr)) * kSecondMs};
  const Status status = talk(mls::kDefaultSuite, entropy, now, {contacts, doors, no_psks});
  if (!status) std::fprintf(stderr, "%s: %s\n", to_string(status.error().code), status.error().where);
  return status ? 0 : 1;
}
