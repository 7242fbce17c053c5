// cairnd: the server of a domain.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>

#include "apps/cairnd/options.h"
#include "apps/common/manual.h"
#include "core/relay/admin.h"
#include "core/relay/invitation.h"
#include "shell/os/data_folder.h"

namespace {

using namespace cairn;

struct Commands {
  CLI::App* serve;
  CLI::App* init;
  CLI::App* invite;
  CLI::App* user;
  CLI::App* user_list;
  std::map<CLI::App*, std::string> user_verbs;  ///< that change one
  CLI::App* backup;
  CLI::App* verify;
  CLI::App* restore;
  CLI::App* doctor;
  CLI::App* settings;
};

struct Arguments {
  std::uint32_t uses = 1;
  std::uint32_t days = 14;
  std::string name;
  std::string file;
  bool skip_cosigners = false;
};

void add_user_commands(CLI::App& app, Commands& commands, Arguments& arguments) {
  commands.user = app.add_subcommand("user", "names of this domain; the server may run meanwhile");
  commands.user->require_subcommand(1);
  commands.user_list = commands.user->add_subcommand("list", "every name, its devices, and whether it may log in");
  const std::pair<const char*, const char*> verbs[] = {
      {"block", "let none of its devices log in, until it is unblocked"},
      {"unblock", "take that back"},
      {"remove", "for ever, with all that the server keeps for it; its place in the log stays"}};
  for (const auto& [verb, description] : verbs) {
    CLI::App* command = commands.user->add_subcommand(verb, description);
    command->add_option("name", arguments.name, "as in alice@example.org")->required();
    commands.user_verbs[command] = verb;
  }
}

void add_copy_commands(CLI::App& app, Commands& commands, Arguments& arguments) {
  commands.backup = app.add_subcommand("backup", "copy everything to a file; the server may run meanwhile");
  commands.verify =
      app.add_subcommand("verify", "see whether a backup is whole, and compute every hash of its log anew");
  commands.restore = app.add_subcommand("restore", "put a backup into an empty data folder");
  for (CLI::App* command : {commands.backup, commands.verify, commands.restore}) {
    command->add_option("file", arguments.file, "the backup")->required();
  }
  commands.restore->add_flag("--skip-cosigners", arguments.skip_cosigners,
                             "sign new epochs without asking: only if none came after the backup");
}

Commands add_commands(CLI::App& app, apps::Settings& settings, Arguments& arguments) {
  Commands commands{};
  commands.serve = app.add_subcommand("serve", "take requests until SIGTERM");
  settings.add_to(*commands.serve);
  commands.init = app.add_subcommand("init", "write a file of settings, make the log's key, and tell it");
  settings.add_to(*commands.init);
  commands.invite = app.add_subcommand("invite", "make an invitation code; the server may run meanwhile");
  commands.invite->add_option("--uses", arguments.uses, "how many may use it")
      ->check(CLI::Range(1u, relay::kMaxInvitationUses))
      ->capture_default_str();
  commands.invite->add_option("--days", arguments.days, "how long it is good")
      ->check(CLI::Range(1u, relay::kMaxInvitationDays))
      ->capture_default_str();
  add_user_commands(app, commands, arguments);
  add_copy_commands(app, commands, arguments);
  commands.doctor = app.add_subcommand("doctor",
                                       "say what is wrong with folder, settings, clock, disk, log and cosigners; give "
                                       "it the flags that serve has, or the same --config");
  settings.add_to(*commands.doctor);
  commands.settings = app.add_subcommand("settings", "print every setting as a file of settings would have it");
  settings.add_to(*commands.settings);
  return commands;
}

int run(const Commands& commands, cairnd::Options& options, const apps::Settings& settings,
        const Arguments& arguments) {
  if (commands.serve->parsed()) return cairnd::serve(options);
  if (commands.init->parsed()) return cairnd::init(options, settings);
  if (commands.settings->parsed()) return std::fputs(settings.commented("data").c_str(), stdout) < 0 ? 1 : 0;
  if (commands.doctor->parsed()) return cairnd::doctor(options);
  if (commands.backup->parsed()) return cairnd::backup(options, arguments.file);
  if (commands.verify->parsed()) return cairnd::verify(arguments.file);
  if (commands.restore->parsed()) {
    return cairnd::restore(options, arguments.file,
                           arguments.skip_cosigners ? relay::AskCosigners::skip : relay::AskCosigners::yes);
  }
  if (commands.user_list->parsed()) return cairnd::list_users(options);
  for (const auto& [command, verb] : commands.user_verbs) {
    if (command->parsed()) return cairnd::administer(options, "user " + verb + " " + arguments.name);
  }
  return cairnd::administer(options, "invite " + std::to_string(arguments.uses) + " " + std::to_string(arguments.days));
}

constexpr const char* kAbout =
    "cairnd keeps one domain: its directory, its channels, its mailboxes and its vaults, in one data "
    "folder. docs/operating tells how to begin, watch, back up and upgrade one.";

}  // namespace

int main(int argc, char** argv) {
  cairnd::Options options;
  options.server.application_id = cairnd::kApplicationId;
  options.server.local_target = relay::kPathAdmin;
  options.server.data_folder = os::default_data_folder("cairnd").value_or("cairnd-data");
  apps::Settings settings("cairnd");
  cairnd::declare(settings, options);
  Arguments arguments;

  CLI::App app{"cairnd: the server of a Cairn domain. It orders and keeps messages, and cannot read them."};
  app.require_subcommand(1);
  settings.add_to(app, {"data"});
  settings.add_config_to(app);
  const Commands commands = add_commands(app, settings, arguments);
  app.set_version_flag("--version", CAIRN_VERSION);
  const CLI::App* manual = app.add_subcommand("manual", "print the page for man(1)")->group("");
  app.footer(apps::kServerFooter);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (manual->parsed()) {
    return std::fputs(apps::manual_page(app, "cairnd", CAIRN_VERSION, kAbout).c_str(), stdout) < 0 ? 1 : 0;
  }
  if (const apps::Complaint complaint = settings.load(environ, options.server.data_folder)) {
    std::fprintf(stderr, "%s\n", complaint->c_str());
    return 2;
  }
  return run(commands, options, settings, arguments);
}
