// Whether what MLS itself does with secrets, between the calls into libraries, takes the same path for each of them:
// the key schedule, PSKs, the secret tree and its ratchets, reuse guards, tags. Secrets are marked as undefined
// memory, so that valgrind complains at a branch or an index that depends on one. Given the word `leak`, it branches on
// a secret on purpose: then valgrind must complain.
#include <valgrind/memcheck.h>

#include <cstdio>
#include <string_view>

#include "core/mls/internal/key_schedule.h"
#include "core/mls/internal/message_protection.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::mls::internal {
namespace {

testing::SeededEntropy entropy(21);

void make_public(ByteView bytes) { VALGRIND_MAKE_MEM_DEFINED(bytes.data(), bytes.size()); }

template <class SecretType>
SecretType some_secret(const CipherSuite& suite) {
  SecretType out(suite.hash_size());
  entropy.fill(out.expose_mutable());
  VALGRIND_MAKE_MEM_UNDEFINED(out.expose().data(), out.size());
  return out;
}

Psk some_psk(std::size_t size) {
  Bytes bytes(size);
  entropy.fill(bytes);
  VALGRIND_MAKE_MEM_UNDEFINED(bytes.data(), bytes.size());
  return Psk(std::move(bytes));
}

PskSecret mixed_psks(const CipherSuite& suite) {
  std::vector<PskInput> psks;
  for (const std::size_t size : {std::size_t{1}, suite.hash_size(), std::size_t{300}}) {
    psks.push_back({{ExternalPsk{{to_bytes("id")}}, Bytes(suite.hash_size(), 1)}, some_psk(size)});
  }
  return derive_psk_secret(suite, psks);
}

// From the secrets of a commit to those of its epoch, and what is made of them.
void advance_an_epoch(const CipherSuite& suite) {
  const Bytes context(100, 4);
  JoinerSecret joiner = derive_joiner(suite, some_secret<InitSecret>(suite), some_secret<CommitSecret>(suite), context);
  MemberSecret member = derive_member(suite, std::move(joiner), mixed_psks(suite));
  derive_welcome_key(suite, derive_welcome(suite, member));
  const EpochSecrets secrets = derive_epoch_secrets(suite, derive_epoch(suite, std::move(member), context));
  export_secret(suite, secrets.exporter, "label", context, 100);
  derive_sender_data_key(suite, secrets.sender_data, context);

  const ConfirmedTranscriptHash hash{Digest(suite.hash_size())};
  ConfirmationTag tag = confirmation_tag(suite, secrets.confirmation, hash);
  make_public(tag);  // it is sent
  CHECK(check_confirmation_tag(suite, secrets.confirmation, hash, tag).has_value());
  tag.digest.mutable_view()[3] ^= 1;
  CHECK(!check_confirmation_tag(suite, secrets.confirmation, hash, tag).has_value());
}

// Keys of the own ratchet, and of another member's out of order.
void walk_the_secret_tree(const CipherSuite& suite) {
  SecretTree tree(suite, some_secret<EncryptionSecret>(suite), TreeSize::holding({7}));
  for (const RatchetKind kind : {RatchetKind::handshake, RatchetKind::application}) {
    CHECK(tree.next_key({2}, kind).has_value());
    CHECK(tree.next_key({2}, kind).has_value());
    for (const std::uint32_t generation : {5u, 3u, 6u, 0u}) {
      auto incoming = tree.find_key({5}, kind, generation);
      CHECK(incoming.has_value());
      tree.accept(std::move(*incoming));
    }
    CHECK(!tree.find_key({5}, kind, 3).has_value());
  }
  tree.drop_handshake();
}

void leak(const CipherSuite& suite) {
  const auto secret = some_secret<InitSecret>(suite);
  std::puts(equal(secret.expose(), Bytes(suite.hash_size())) ? "zero" : "not zero");
}

}  // namespace
}  // namespace cairn::mls::internal

int main(int argc, char** argv) {
  using namespace cairn::mls;
  if (argc == 2 && std::string_view(argv[1]) == "leak") {
    internal::leak(cipher_suite(kDefaultSuite));
    return 0;
  }
  for (const CipherSuite& suite : cipher_suites()) {
    internal::advance_an_epoch(suite);
    internal::walk_the_secret_tree(suite);
  }
  return 0;
}
