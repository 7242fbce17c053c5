// cairn-lying-server: cairnd with a liar in it, who reads in a file which lie to tell just now.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>

#include "apps/common/server.h"
#include "core/relay/relay.h"
#include "tests/lying/colluder.h"
#include "tests/lying/liar.h"
#include "tests/support/seeded_entropy.h"

namespace {

using namespace cairn;

/// Honest while the file is not there or names no lie.
class ToldByFile final : public relay::LookupHook {
 public:
  ToldByFile(directory::Name victim, std::string file, Entropy& entropy)
      : liar_(std::move(victim), entropy), file_(std::move(file)) {}

  void set_own_name(directory::Name name) { liar_.set_own_name(std::move(name)); }

  Bytes answer(ByteView request, Bytes honest, const StoreView& store, Time now) override {
    std::string word;
    std::ifstream(file_) >> word;
    liar_.tell(lying::lie_named(word));
    return liar_.answer(request, std::move(honest), store, now);
  }

 private:
  lying::Liar liar_;
  std::string file_;
};

/// Shows the other history while the file says "split"; "split-but-one": with one cosignature less than all.
class ColluderToldByFile final : public relay::LookupHook {
 public:
  ColluderToldByFile(std::string file, Entropy& entropy) : colluder_(entropy), file_(std::move(file)) {}

  const lying::Colluder& colluder() const { return colluder_; }

  Bytes answer(ByteView request, Bytes honest, const StoreView& store, Time now) override {
    std::string word;
    std::ifstream(file_) >> word;
    colluder_.show(word == "split"           ? lying::History::second
                   : word == "split-but-one" ? lying::History::second_lacking_one
                                             : lying::History::first);
    return colluder_.answer(request, std::move(honest), store, now);
  }

 private:
  lying::Colluder colluder_;
  std::string file_;
};

}  // namespace

int main(int argc, char** argv) {
  apps::ServerOptions server;
  server.application_id = 0x63726e64;  // cairnd's: it takes over an honest server's folder
  std::string listen, domain, policy_file, sign_up, about, accomplice, lie_file, colluders;
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
  serve->add_option("--colluders", colluders, "show two histories; the policy of clients whose cosigners all collude");
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
  testing::SeededEntropy entropy(2014);
  ToldByFile hook(*victim, lie_file, entropy);
  if (const auto own = directory::Name::from(accomplice)) hook.set_own_name(*own);
  ColluderToldByFile collusion(lie_file, entropy);
  if (!colluders.empty()) std::ofstream(colluders) << collusion.colluder().policy_text();
  relay::LookupHook* lies = colluders.empty() ? static_cast<relay::LookupHook*>(&hook) : &collusion;
  return apps::serve(server, [&] { return std::make_unique<relay::Relay>(config, lies); });
}
