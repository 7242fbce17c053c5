// cairn-lying-server: cairnd with a liar in it, who reads in a file which lie to tell just now.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>

#include "apps/common/server.h"
#include "tests/lying/colluder.h"
#include "tests/lying/lying_relay.h"
#include "tests/support/seeded_entropy.h"

namespace {

using namespace cairn;

/// Honest while the file is not there or names no lie. With colluders all answers have their cosignatures; they show
/// another history while the file says "split". An answer to a word that ends in "-but-one" is one that one of them has
/// not signed; "false-epoch" shows the one that was put into the log.
class ToldByFile final : public relay::LookupHook {
 public:
  enum class Colluders : std::uint8_t { none, all };
  ToldByFile(directory::Name victim, std::string file, Entropy& entropy, Colluders colluders)
      : liar_(std::move(victim), entropy), colluder_(entropy), file_(std::move(file)), colluders_(colluders) {
    if (colluders == Colluders::all) liar_.set_fit(lying::Fit::all);
  }

  void set_own_name(directory::Name name) { liar_.set_own_name(std::move(name)); }
  /// A file with the key of a removed device of the victim's, once it is there.
  void set_key_file(std::string file) { key_file_ = std::move(file); }
  const lying::Colluder& colluder() const { return colluder_; }
  lying::Liar& liar() { return liar_; }
  /// What cosigners have said, for false epochs.
  void set_relay(const lying::LyingRelay* relay) { relay_ = relay; }
  std::string word() const {
    std::string out = "none";
    std::ifstream(file_) >> out;
    return out;
  }

  Bytes answer(ByteView request, Bytes honest, const StoreView& store, Time now) override {
    constexpr std::string_view kButOne = "-but-one";
    std::string told = word();
    if (told == "false-epoch") {
      return lying::show_false_epoch(request, std::move(honest), liar_.victim(), store,
                                     relay_->lines(lying::false_size(store)));
    }
    const bool but_one = told.ends_with(kButOne);
    if (but_one) told.resize(told.size() - kButOne.size());
    const lying::Lie lie = lying::lie_named(told);
    liar_.tell(lie);
    take_key();
    Bytes said = liar_.answer(request, std::move(honest), store, now);
    if (colluders_ == Colluders::none) return said;
    const bool splits = told == "split";
    const bool lies = wire::decode<directory::LookupRequest>(request)->name == liar_.victim();
    colluder_.show(splits ? lying::History::second : lying::History::first,
                   but_one && (lies || splits) ? lying::Missing::the_last : lying::Missing::nobody);
    return colluder_.answer(request, std::move(said), store, lies ? lying::cosigned_at(lie, now) : now);
  }

 private:
  void take_key() {
    std::ifstream in(key_file_, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    if (auto seed = crypto::Ed25519Seed::from(as_bytes(bytes))) {
      liar_.set_removed_key(crypto::SigningKey::from_seed(std::move(*seed)));
    }
  }

  lying::Liar liar_;
  lying::Colluder colluder_;
  const lying::LyingRelay* relay_ = nullptr;
  std::string file_, key_file_;
  Colluders colluders_;
};

}  // namespace

int main(int argc, char** argv) {
  apps::ServerOptions server;
  server.application_id = 0x63726e64;  // cairnd's: it takes over an honest server's folder
  std::string listen, domain, policy_file, sign_up, about, accomplice, lie_file, colluders, key_file;
  CLI::App app{"A server that lies about one name, for tests and the demonstration."};
  app.add_option("--data", server.data_folder)->required();
  CLI::App* serve = app.add_subcommand("serve");
  serve->add_option("--listen", listen)->required();
  serve->add_option("--domain", domain)->required();
  serve->add_option("--policy", policy_file)->required();
  serve->add_option("--sign-up", sign_up);
  serve->add_option("--about", about, "the name it lies about")->required();
  serve->add_option("--accomplice", accomplice, "the attacker's own name, for the lie another-name");
  serve->add_option("--lie-file", lie_file, "the lie to tell, read at each answer")->required();
  serve->add_option("--removed-key", key_file, "file of the 32 bytes of a removed device's key, which helps");
  serve->add_option("--colluders", colluders,
                    "file for the policy of clients whose cosigners all collude: they cosign every answer");
  CLI11_PARSE(app, argc, argv);

  std::string policy;
  const auto victim = directory::Name::from(about);
  if (!victim || !apps::parse_listen(listen, server) || !apps::read_text(policy_file, policy)) return 2;
  auto parsed = tlog::Policy::parse(policy);
  if (!parsed) return 2;
  relay::RelayConfig config;
  config.domain = domain;
  config.sign_up = relay::SignUp::open;
  config.policy = std::move(*parsed);
  config.auditors = relay::auditors_of(policy);
  testing::SeededEntropy entropy(lying::kAttackersSeed);
  ToldByFile hook(*victim, lie_file, entropy,
                  colluders.empty() ? ToldByFile::Colluders::none : ToldByFile::Colluders::all);
  hook.set_key_file(key_file);
  if (const auto own = directory::Name::from(accomplice)) hook.set_own_name(*own);
  if (!colluders.empty()) std::ofstream(colluders) << hook.colluder().policy_text();
  return apps::serve(server, [&] {
    auto mind = std::make_unique<lying::LyingRelay>(config, hook, hook.liar(), [&] { return hook.word(); });
    hook.set_relay(mind.get());
    return mind;
  });
}
