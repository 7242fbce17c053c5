#include "apps/cairn/backup_options.h"

#include <cstdint>

namespace cairn::apps {
namespace {

constexpr std::uint64_t kFilesMib = 1024;
constexpr std::size_t kMostDigits = 7;  ///< of a number of MiB; the mind knows the limit

std::string mib_trouble(const std::string& text) {
  const bool is_number = text.find_first_not_of("0123456789") == std::string::npos && text.size() <= kMostDigits;
  return is_number ? std::string() : "That is no number of MiB.";
}

}  // namespace

void add_backup_options(CLI::App& backup, std::string& method, nlohmann::json& params) {
  const auto number = [&params](CLI::App* app, const char* flag, const char* key, const char* help) {
    app->add_option_function<std::uint64_t>(
        flag, [&params, key](const std::uint64_t& value) { params[key] = value; }, help);
  };
  for (const char* verb : {"restore", "verify"}) {
    CLI::App* one = backup.get_subcommand(verb);
    one->add_option_function<std::string>(
           "--device", [&params](const std::string& digits) { params["device"] = digits; },
           "of this one alone: the first digits of its id, list shows them")
        ->check([](const std::string& digits) {
          const bool is_hex = digits.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
          return is_hex ? std::string() : "These are not digits of a device's id.";
        })
        ->type_name("DIGITS");
    number(one, "--snapshot", "snapshot", "this one, and not the newest of each device");
    number(one, "--generation", "generation", "in this one alone");
  }
  backup.get_subcommand("create")
      ->add_option_function<std::string>(
          "--files",
          [&params](const std::string& mib) { params["files"] = mib.empty() ? kFilesMib : std::stoull(mib); },
          "files of messages too, so many MiB at most (1024; 0 for none any more), from here on also every day")
      ->expected(0, 1)
      ->type_name("[MIB]")
      ->check(mib_trouble);
  backup.get_subcommand("restore")->add_flag_function(
      "--without-files", [&params](std::int64_t) { params["without_files"] = true; },
      "leave the files of messages where they are");
  CLI::App* read = backup.add_subcommand(
      "read",
      "where no directory answers: write what the recovery key opens in a folder as pages and JSON, not encrypted, and "
      "by nobody checked");
  const auto text = [&params, read](const char* option, const char* key, const char* help) {
    read->add_option_function<std::string>(
            option, [&params, key](const std::string& typed) { params[key] = typed; }, help)
        ->required();
  };
  text("backup", "from", "the folder in which it lies");
  text("folder", "to", "an empty one, or one that is not there: it is made");
  text("--name", "name", "whose it is: name@domain");
  read->add_flag_function(
      "--token", [&params](std::int64_t) { params["with_token"] = true; },
      "the printed one is asked for: opens what realms hold parts of");
  read->callback([&method] { method = "backup.read"; });
  backup.add_subcommand("stop", "end what is under way; what was stored stays, and create goes on there")
      ->callback([&method] { method = "backup.stop"; });
  backup.add_subcommand("seen", "alarms about backups that failed are known, and need not be shown any more")
      ->callback([&method] { method = "backup.seen"; });
}

}  // namespace cairn::apps
