// cairn-witness: an independent party that cosigns logs, as witness or as auditor.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "apps/common/server.h"
#include "core/witness/witness.h"
#include "shell/os/data_folder.h"

namespace {

using namespace cairn;

constexpr std::uint32_t kApplicationId = 0x63726e77;  // "crnw"

struct Options {
  apps::ServerOptions server;
  std::string listen = "127.0.0.1:8450";
  std::string role = "witness";
  std::string name;
  std::string logs_file;
};

int serve(Options& options) {
  if (!apps::parse_listen(options.listen, options.server)) {
    std::fprintf(stderr, "--listen %s is not ADDRESS:PORT.\n", options.listen.c_str());
    return 2;
  }
  std::string list;
  if (!options.logs_file.empty() && !apps::read_text(options.logs_file, list)) return 1;
  auto logs = witness::LogList::parse(list);
  if (!logs) {
    std::fprintf(stderr, "%s is no list of logs (%s); see docs/spec/witness.md.\n", options.logs_file.c_str(),
                 logs.error().where);
    return 1;
  }
  auto name = tlog::KeyName::from(options.name.empty() ? "localhost/" + options.role : options.name);
  if (!name) {
    std::fprintf(stderr, "--name %s is no name for a key: no spaces, no plus sign.\n", options.name.c_str());
    return 2;
  }
  const auto role = options.role == "auditor" ? witness::Role::auditor : witness::Role::witness;
  witness::WitnessConfig config{role, std::move(*name), std::move(*logs)};
  return apps::serve(options.server, [&config] { return std::make_unique<witness::Witness>(config); });
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  options.server.application_id = kApplicationId;
  options.server.data_folder = os::default_data_folder("cairn-witness").value_or("cairn-witness-data");

  CLI::App app{
      "cairn-witness: cosigns transparency logs that only ever grew; as an auditor, directories whose every change it "
      "has checked."};
  app.require_subcommand(1);
  app.add_option("--data", options.server.data_folder, "folder for everything it keeps")->capture_default_str();
  CLI::App* serve_command = app.add_subcommand("serve", "take requests until SIGTERM");
  serve_command->add_option("--listen", options.listen, "ADDRESS:PORT; port 0 takes a free one")->capture_default_str();
  serve_command->add_option("--role", options.role, "what its signature says")
      ->check(CLI::IsMember({"witness", "auditor"}))
      ->capture_default_str();
  serve_command->add_option("--name", options.name, "name of its key, best a URL without scheme");
  serve_command->add_option("--logs", options.logs_file, "the logs that it cosigns (docs/spec/witness.md s.1)");
  CLI11_PARSE(app, argc, argv);
  return serve(options);
}
