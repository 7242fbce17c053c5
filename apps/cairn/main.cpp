// cairn: the command line. Each command is one JSON-RPC request to the client's mind.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>

#include "apps/cairn/attachment.h"
#include "apps/cairn/backup.h"
#include "apps/cairn/backup_options.h"
#include "apps/cairn/bell.h"
#include "apps/cairn/chat/chat.h"
#include "apps/cairn/completion.h"
#include "apps/cairn/daemon.h"
#include "apps/cairn/enroll.h"
#include "apps/cairn/evidence.h"
#include "apps/cairn/export.h"
#include "apps/cairn/headings.h"
#include "apps/cairn/invite.h"
#include "apps/cairn/passphrase.h"
#include "apps/cairn/pin.h"
#include "apps/cairn/qr.h"
#include "apps/cairn/recovery_page.h"
#include "apps/cairn/render.h"
#include "apps/cairn/secret.h"
#include "apps/cairn/speaker.h"
#include "apps/cairn/talk.h"
#include "apps/cairn/whole_list.h"
#include "apps/common/manual.h"
#include "core/directory/name.h"
#include "shell/os/clock.h"
#include "shell/os/data_folder.h"
#include "shell/os/file.h"

namespace {

using namespace cairn;
using apps::Exit;
using apps::Reply;
using nlohmann::json;

constexpr std::size_t kMaxPolicyFile = 64 * 1024;
constexpr std::string_view kBackup = "backup.";
constexpr std::string_view kPin = "pin.";
constexpr std::string_view kAttachment = "attachment.";
constexpr std::string_view kPassphrase = "passphrase.";
constexpr std::string_view kInvitation = "invitation.";
constexpr const char* kByPin = "recover.pin";
constexpr const char* kPrintKey = "recovery.print";
constexpr const char* kFooter =
    "Exit codes: 0 done; 1 refused or failed, the sentence says why; 2 wrong usage; 3 the server was not reached, and "
    "what\n"
    "was said is kept and sent later; 4 another process holds the data folder.\n"
    "Environment: CAIRN_PASSPHRASE_FILE names a file with the passphrase of the data folder; CAIRN_NO_BELL=1 and "
    "NO_COLOR=1\n"
    "keep a terminal silent and plain.";

constexpr const char* kAbout =
    "cairn is a messenger at the command line. One command begins a name, one writes to somebody; everything that was "
    "received waits for \"cairn read\". While \"cairn daemon\" runs, other commands of the same data folder go "
    "through it.";

struct Command {
  std::string data_folder;
  bool json_output = false;
  std::string method;
  json params = json::object();
  std::string policy_file;
  bool follow = false;
  apps::Bell bell = apps::Bell::rings;  ///< what is wanted
  bool approved = false;
  apps::EvidenceQuestion evidence;
  std::string export_file;
  apps::ExportFiles export_files = apps::ExportFiles::named;
  bool with_recovery_key = false;  ///< it is asked for
  bool by_pin = false;
  bool with_token = false;  ///< likewise, the printed one
  bool with_qr = false;
  std::string realms_file;
  std::string passphrase_file;  ///< of a new one
  std::optional<std::uint16_t> http_port;
};

void say(const std::string& text) { std::fputs(text.c_str(), stdout); }

int report(const Command& command, const std::string& method, const Reply& reply) {
  if (reply.exit != Exit::done) {
    std::fprintf(stderr, "%s\n", reply.sentence.c_str());
  } else if (command.json_output) {
    say(apps::as_json(reply.result));
  } else {
    const bool of_pin = method.starts_with(kPin) || method == kByPin;
    say(method.starts_with(kBackup)       ? apps::render_backup(method, reply.result)
        : of_pin                          ? apps::render_pin(method, reply.result)
        : method.starts_with(kAttachment) ? apps::render_attachment(method, reply.result)
        : method.starts_with(kPassphrase) ? apps::render_passphrase(reply.result)
        : method.starts_with(kInvitation) ? apps::render_invitation(method, reply.result)
                                          : apps::render(method, reply.result, apps::ink_for(STDOUT_FILENO)));
  }
  std::fflush(stdout);
  return static_cast<int>(reply.exit);
}

/// The text of a file that goes into the request under `key`; false, with a sentence, when it cannot be read.
bool read_into(Command& command, const std::string& file, const char* key) {
  if (file.empty()) return true;
  const auto text = os::read_file(file, kMaxPolicyFile);
  if (text) command.params[key] = as_text(*text);
  if (!text) std::fprintf(stderr, "%s cannot be read; check that it exists.\n", file.c_str());
  return text.has_value();
}

/// What has to be typed for this command; false when it was not.
bool ask_for_secrets(Command& command) {
  if (command.with_recovery_key) {
    command.params["recovery_key"] = apps::ask_for_secret("Type the recovery key (it is not shown): ");
  }
  if (command.with_token) command.params["token"] = apps::ask_for_secret("Type the printed token (it is not shown): ");
  const bool is_new = command.method == "pin.set" || command.method == "pin.change";
  if (!is_new && command.method != "pin.check" && command.method != kByPin) return true;
  const auto pin = apps::ask_for_pin(is_new ? apps::NewSecret::yes : apps::NewSecret::no);
  if (pin) command.params["pin"] = *pin;
  return pin.has_value();
}

/// What takes more than one request; nothing for anything else.
std::optional<Reply> run_long(apps::Speaker& speaker, const Command& command) {
  const std::string& method = command.method;
  const auto shown = command.json_output ? apps::Shown::as_json : apps::Shown::as_text;
  if (method == kByPin) return apps::recover_by_pin(speaker, command.params, shown);
  if (method == "register" || method == "reset") return apps::begin_name(speaker, method, command.params, shown);
  if (method.starts_with(kBackup) || method.starts_with(kPin)) return apps::run_backup(speaker, method, command.params);
  if (method == "attachment.send" || method == "attachment.save")
    return apps::run_transfer(speaker, method, command.params);
  if (method == "export") return apps::export_all(speaker, command.export_file, command.export_files);
  if (method == "invitation.accept") return apps::accept_invitation(speaker, command.params, command.approved);
  return std::nullopt;
}

/// What needs neither a network nor, but for a name, the client's mind.
std::optional<Reply> do_alone(Command& command) {
  if (command.method == "evidence.verify") return apps::verify_evidence(command.evidence);
  if (command.method == kPrintKey) {
    return apps::run_recovery_print(command.data_folder, command.params, command.export_file);
  }
  if (command.method.starts_with(kPassphrase)) {
    return apps::run_passphrase(command.data_folder, command.method, command.passphrase_file);
  }
  return std::nullopt;
}

/// What goes on until somebody ends it.
std::optional<Reply> serve(const Command& command) {
  if (command.method == "rpc") return apps::run_stdio(command.data_folder);
  if (command.method == "chat")
    return apps::run_chat(command.data_folder, command.params.value("conversation", ""), command.bell);
  if (command.method == "daemon") return apps::run_daemon(command.data_folder, command.http_port);
  return std::nullopt;
}

/// What another device is to see with its camera.
void draw(const Command& command, const json& result) {
  if (command.method == "link" && ::isatty(STDOUT_FILENO) != 0) say(apps::qr_code(result.value("code", "")));
  if (command.method == "invitation.create" && command.with_qr) say(apps::invitation_qr(result.value("link", "")));
}

/// Shows what comes after `shown`, which read gave, until somebody ends it.
int follow(Command& command, apps::Speaker& speaker, const json& shown,
           const std::function<void(const json&)>& on_notice) {
  command.params.erase("mark");
  command.params["since"] = shown.value("cursor", std::uint64_t{0});
  const Reply reply = speaker.ask("follow", command.params, on_notice);
  if (reply.exit != Exit::done) return report(command, "follow", reply);
  speaker.listen(on_notice);
  return 0;
}

int run(Command& command) {
  if (const auto done = do_alone(command)) return report(command, command.method, *done);
  if (!read_into(command, command.policy_file, "policy") || !read_into(command, command.realms_file, "realms")) {
    return static_cast<int>(Exit::usage);
  }
  if (const auto ended = serve(command)) {
    if (!ended->sentence.empty()) std::fprintf(stderr, "%s\n", ended->sentence.c_str());
    return static_cast<int>(ended->exit);
  }
  if (command.method == "device.approve") {
    const Reply said = apps::confirm_approval(command.params, command.approved);
    if (said.exit != Exit::done) return report(command, command.method, said);
  }
  if (!ask_for_secrets(command)) return static_cast<int>(Exit::usage);
  Reply reply;
  const auto speaker = apps::connect(command.data_folder, reply);
  if (!speaker) return report(command, command.method, reply);
  const auto bell = command.json_output ? apps::Bell::silent : apps::bell_for(STDOUT_FILENO, command.bell);
  std::optional<apps::Headings> headings;  // where several conversations may be shown
  const auto on_notice = [&command, &headings, bell](const json& notice) {
    const std::string kind = notice.value("method", "");
    if (kind == "history" && command.json_output) say(apps::as_json({{"history", notice["params"]}}));
    // Who writes just now is nothing for a list that stays; programs may want to know.
    if (kind != "message" && kind != "alarm" && !(kind == "typing" && command.json_output)) return;
    const json& what = notice["params"];
    say(command.json_output ? apps::as_json(what)
        : kind == "alarm"
            ? apps::render_alarm(what, apps::ink_for(STDOUT_FILENO))
            : (headings ? headings->before(what, apps::ink_for(STDOUT_FILENO)) : "") +
                  apps::render_message(what, apps::ink_for(STDOUT_FILENO)) + apps::bell_behind(bell, what));
    std::fflush(stdout);
  };
  if (apps::shows_news(command.method)) apps::fetch_news(*speaker, on_notice);
  if (const auto done = run_long(*speaker, command)) return report(command, command.method, *done);
  json asked = apps::without_restore(command.method, command.params);
  // Whoever shows messages to a person says so; --peek has said no.
  if (command.method == "read" && !asked.contains("mark")) asked["mark"] = true;
  reply = apps::ask_whole(*speaker, command.method, asked, on_notice);
  if (command.method == "recover") apps::tell_of_no_directory(reply, command.params);
  if (command.method == "status" && reply.exit == Exit::done) {
    reply.result["key"] = apps::where_key_lies(command.data_folder);
    reply.result["daemon"] = speaker->is_daemon();
  }
  if (reply.exit == Exit::done && command.method == "evidence.export") {
    reply = apps::save_evidence(reply.result, command.export_file);
  }
  if (reply.exit == Exit::done && !command.json_output) draw(command, reply.result);
  int code = static_cast<int>(reply.exit);
  if (code == 0 && command.method == "read" && !command.json_output && !command.params.contains("conversation")) {
    headings.emplace(*speaker, reply.result);
    say(apps::render_under(*headings, reply.result, apps::ink_for(STDOUT_FILENO)));
    std::fflush(stdout);
  } else {
    code = report(command, command.method, reply);
  }
  if (code == 0 && command.method == "link") {
    code = report(command, "link.wait", speaker->ask("link.wait", json::object(), on_notice));
  }
  if (code == 0 && command.method == "recover") {
    const Reply restored = apps::restore_after_recovery(*speaker, command.params);
    if (restored.code != "not_found") return report(command, "backup.restore", restored);
    std::fprintf(stderr, "There is no backup to restore.\n");
  }
  return code == 0 && command.follow ? follow(command, *speaker, reply.result, on_notice) : code;
}

/// A string option that goes into the request under `key`.
CLI::Option* text(CLI::App* app, Command& command, const std::string& flag, const char* key, const std::string& help) {
  return apps::text(app, {command.method, command.params}, flag, key, help);
}

/// Likewise, of a number without a sign.
CLI::Option* number(CLI::App* app, Command& command, const std::string& flag, const char* key,
                    const std::string& help) {
  return app->add_option_function<std::uint64_t>(
      flag, [&command, key](const std::uint64_t& value) { command.params[key] = value; }, help);
}

/// "domain", the own domain's server, or a folder.
CLI::Option* folder(CLI::App* app, Command& command, const std::string& flag, const char* key,
                    const std::string& help) {
  const auto missing = std::string_view(key) == "to" ? apps::Missing::make : apps::Missing::keep;
  return app
      ->add_option_function<std::string>(
          flag,
          [&command, key, missing](const std::string& value) {
            command.params[key] = value == "domain" ? value : apps::folder_url(value, missing);
          },
          help)
      ->check(apps::utf8_alone);
}

void add_identity_commands(CLI::App& app, Command& command) {
  CLI::App* enroll = app.add_subcommand("register", "begin a name, with this as its first device");
  CLI::App* link = app.add_subcommand("link", "make this a further device of a name: shows a code for another device");
  CLI::App* recover = app.add_subcommand(
      "recover", "take a name back with its recovery key, which is asked for: adds this device to it");
  CLI::App* reset = app.add_subcommand(
      "reset",
      "ask for a name whose devices and recovery key are lost, where its owner has allowed that: this device "
      "has it when the delay is over and nobody has vetoed");
  for (CLI::App* one : {enroll, link, recover, reset}) {
    text(one, command, "name", "name", "name@domain")->required();
    text(one, command, "--server", "server_url", "address of the domain's server; by default https://DOMAIN");
    one->add_option("--policy", command.policy_file, "whose word is needed: C2SP tlog-policy")->required();
  }
  for (CLI::App* one : {enroll, reset}) {
    text(one, command, "--invitation", "invitation", "a code, where the domain asks for one");
  }
  number(enroll, command, "--reset-delay", "reset_delay_days",
         "days that a reset of this name takes, 3 to 60, if devices and recovery key are lost; 0: never (the default)");
  reset->callback([&command] { command.method = "reset"; });
  enroll->callback([&command] { command.method = "register"; });
  link->callback([&command] { command.method = "link"; });
  recover->add_flag_function(
      "--remove-others", [&command](std::int64_t) { command.params["remove_others"] = true; },
      "shut all other devices of the name out: they were lost or stolen");
  folder(recover, command, "--from", "from", "a folder in which its backup lies; by default the domain's server");
  CLI::Option* by_pin = recover->add_flag(
      "--pin", command.by_pin, "open its backup with the PIN instead, at once; the name is then asked for by a reset");
  recover->add_option("--realms", command.realms_file, "with --pin: who holds it, as pin set was given them")
      ->needs(by_pin);
  text(recover, command, "--invitation", "invitation", "with --pin: a code, where the domain asks for one")
      ->needs(by_pin);
  number(recover, command, "--number", "number", "with --pin: if pin set was given one")->needs(by_pin);
  number(recover, command, "--snapshot", "snapshot", "with --pin: this one, and not the newest of each device")
      ->needs(by_pin);
  recover->add_flag("--token", command.with_token, "the printed one is asked for: restores without realms")
      ->excludes(by_pin);
  recover
      ->add_flag_function(
          "--accept-removed", [&command](std::int64_t) { command.params["accept_removed"] = true; },
          "with --pin: also what a device wrote that is no longer one of the name's")
      ->needs(by_pin);
  recover->callback([&command] {
    command.method = command.by_pin ? kByPin : "recover";
    command.with_recovery_key = !command.by_pin;
  });

  CLI::App* device = app.add_subcommand("device", "this name's devices")->require_subcommand(1);
  CLI::App* approve = device->add_subcommand("approve", "let in a device that shows this code");
  text(approve, command, "code", "code", "as the new device shows it")->required();
  approve->add_flag("--yes", command.approved, "you know that it will read everything");
  approve->callback([&command] { command.method = "device.approve"; });
  for (CLI::App* one : {link, approve}) {
    one->add_flag_function(
        "--no-history", [&command](std::int64_t) { command.params["no_history"] = true; },
        "what was said before stays where it is; settings come");
  }
  device->add_subcommand("list", "all devices, ever")->callback([&command] { command.method = "device.list"; });
  CLI::App* name = device->add_subcommand("name", "what you call a device; only this device knows it");
  text(name, command, "device", "device", "its id, as list shows it, or the first 8 digits")->required();
  text(name, command, "name", "name", "at most 64 bytes; without it the device has no name any more");
  name->callback([&command] { command.method = "device.name"; });
  CLI::App* remove = device->add_subcommand("remove", "shut a device out");
  text(remove, command, "device", "device", "its id, as list shows it, or the first 8 digits")->required();
  remove->callback([&command] { command.method = "device.remove"; });
}

void add_recovery_commands(CLI::App& app, Command& command) {
  CLI::App* recovery = app.add_subcommand("recovery", "the recovery key")->require_subcommand(1);
  CLI::App* print = recovery->add_subcommand(
      "print", "make a page of it to be printed: the key is asked for, checked, and kept nowhere else");
  print->add_option("file", command.export_file, "FILE.svg; nothing is replaced")->required();
  CLI::Option* name = text(print, command, "--name", "name", "whose it is; by default this device's");
  CLI::Option* token = print->add_flag_callback(
      "--token", [&command] { command.params["token"] = true; },
      "with what restores the backup without its realms, which are asked for it: then that cannot be deleted for "
      "certain");
  token->excludes(name);
  folder(print, command, "--from", "from", "with --token: domain or a folder, where there is more than one backup")
      ->needs(token);
  print->callback([&command] { command.method = kPrintKey; });
}

void add_backup_commands(CLI::App& app, Command& command) {
  CLI::App* backup = app.add_subcommand("backup", "what this device has, encrypted to its owner's keys alone");
  backup->require_subcommand(1);
  constexpr std::pair<const char*, const char*> kVerbs[] = {
      {"create", "set up the first time, with the recovery key; then store what is new"},
      {"list", "the snapshots that there are, and where"},
      {"verify", "read all that restore would take, and say what is damaged"},
      {"restore", "take the newest snapshot of each device in, to be read"},
      {"prune", "remove what no snapshot needs any more; backup create does that too"},
      {"delete", "all of it, or one generation: for ever where realms hold its key, else as far as the storage goes"}};
  for (const auto& [verb, meaning] : kVerbs) {
    const std::string method = std::string(kBackup) + verb;
    CLI::App* one = backup->add_subcommand(verb, meaning);
    const bool creates = std::string_view(verb) == "create";
    folder(one, command, creates ? "--to" : "--from", creates ? "to" : "from",
           "domain, its server, or a folder; needed where there is more than one backup");
    one->add_flag("--recovery-key", command.with_recovery_key, "it is asked for; needed once on each device");
    one->callback([&command, method] { command.method = method; });
  }
  CLI::App* create = backup->get_subcommand("create");
  create->add_option("--realms", command.realms_file, "who holds parts of the key from here on: lines realm VKEY URL");
  create->add_flag_function(
      "--print-token", [&command](std::int64_t) { command.params["print_token"] = true; },
      "show what restores it without realms, to be kept on paper");
  for (const char* verb : {"restore", "verify", "prune"}) {
    backup->get_subcommand(verb)->add_flag("--token", command.with_token,
                                           "the printed one is asked for: needs no realms");
  }
  apps::add_backup_options(*backup, command.method, command.params);
  backup->get_subcommand("delete")->add_flag_function(
      "--cancel", [&command](std::int64_t) { command.params["cancel"] = true; },
      "call off what a device has asked for");
  backup->add_subcommand("receipts", "which realms have erased their part of a key, in their words")
      ->callback([&command] { command.method = "backup.receipts"; });
  CLI::App* realms =
      backup->add_subcommand("realms", "to whom parts of its key are given, and what other devices propose");
  realms
      ->add_option_function<std::string>(
          "--confirm", [&command](const std::string& digest) { command.params["confirm"] = digest; },
          "take what is proposed and was shown with this number: you, on that device, have named them")
      ->type_name("NUMBER");
  realms->callback([&command] { command.method = "backup.realms"; });
  backup->get_subcommand("restore")->add_flag_function(
      "--accept-removed", [&command](std::int64_t) { command.params["accept_removed"] = true; },
      "also of a device that is no longer one of the name's");
  CLI::App* schedule = backup->add_subcommand("schedule", "whether the daemon backs up every day");
  schedule
      ->add_option_function<std::string>(
          "when", [&command](const std::string& when) { command.params["daily"] = when == "daily"; }, "daily or off")
      ->check(CLI::IsMember({"daily", "off"}))
      ->required();
  folder(schedule, command, "--to", "to", "domain, or a folder; needed where there is more than one backup");
  schedule->callback([&command] { command.method = "backup.schedule"; });
  CLI::App* leave = app.add_subcommand("export", "write all that can be read here as pages and JSON, not encrypted");
  leave->add_option("folder", command.export_file, "is made if it is missing")->required();
  leave->add_flag_callback(
      "--attachments", [&command] { command.export_files = apps::ExportFiles::saved; }, "save files of messages, too");
  leave->callback([&command] { command.method = "export"; });
  number(backup->get_subcommand("delete"), command, "--generation", "generation", "this one alone; list shows them");
}

void add_pin_commands(CLI::App& app, Command& command) {
  CLI::App* pin =
      app.add_subcommand("pin", "what opens the backup from an empty machine, held by realms that cannot try it");
  pin->require_subcommand(1);
  constexpr std::pair<const char*, const char*> kVerbs[] = {
      {"set", "choose one, which is asked for, and give it to the realms"},
      {"change", "another one takes its place"},
      {"check", "see whether you still know it; the right one costs no guess"},
      {"unlock", "after ten wrong guesses: nothing is lost"},
      {"remove", "from the realms, and from what is backed up from here on"},
      {"status", "which realms hold it, how many guesses are left, and when the last one was"}};
  for (const auto& [verb, meaning] : kVerbs) {
    const std::string method = std::string(kPin) + verb;
    pin->add_subcommand(verb, meaning)->callback([&command, method] { command.method = method; });
  }
  for (const char* verb : {"set", "change"}) {
    CLI::App* one = pin->get_subcommand(verb);
    one->add_option("--realms", command.realms_file,
                    "a file with lines realm VKEY URL, and perhaps threshold N; by default as before");
    one->add_flag("--recovery-key", command.with_recovery_key, "it is asked for: where no backup is set up here yet");
    folder(one, command, "--to", "to", "a folder for the backup; by default as it was set up, or the domain's server");
    number(one, command, "--number", "number",
           "of the registration, 0 to 255: another one when the key of the last is lost (0)");
  }
  pin->get_subcommand("status")->add_flag_function(
      "--seen", [&command](std::int64_t) { command.params["seen"] = true; }, "you know of all guesses so far");
}

void add_reset_commands(CLI::App& app, Command& command) {
  CLI::App* veto = app.add_subcommand("veto", "say no to a reset of this name that somebody has asked for");
  veto->add_flag("--recovery-key", command.with_recovery_key, "by the recovery key, which is asked for");
  veto->callback([&command] { command.method = "veto"; });
  CLI::App* delay = app.add_subcommand(
      "reset-delay", "how many days a reset of this name takes; by its recovery key, which is asked for");
  number(delay, command, "days", "days", "3 to 60; 0: no reset is ever valid")->required();
  delay->callback([&command] {
    command.method = "reset.delay";
    command.with_recovery_key = true;
  });
}

void add_conversation_commands(CLI::App& app, Command& command) {
  CLI::App* send = app.add_subcommand("send", "say something");
  text(send, command, "to", "to", "a name, a group's title, or the beginning of an id")->required();
  text(send, command, "text", "text", "what to say; with --attach it may be left out");
  send->add_flag_function(
      "--fresh", [&command](std::int64_t) { command.params["fresh"] = true; }, "look them up again first");
  send->add_option_function<double>(
          "--wait",
          [&command](double seconds) { command.params["wait_ms"] = static_cast<std::uint64_t>(seconds * 1000); },
          "seconds until the message counts as kept for later (20)")
      ->check(CLI::Range(0.0, 600.0));
  send->callback([&command] {
    const bool has_file = command.params.contains("file");
    if (!has_file && !command.params.contains("text")) throw CLI::RequiredError("text");
    command.method = has_file ? "attachment.send" : "send";
  });

  CLI::App* read = app.add_subcommand("read", "show messages");
  text(read, command, "conversation", "conversation", "a name, a title or an id; all when left out");
  read->add_flag("--follow", command.follow, "go on showing what comes; at a terminal its bell rings");
  read->callback([&command] { command.method = "read"; });

  CLI::App* chat =
      app.add_subcommand("chat", "talk with somebody in this terminal; /help there lists what can be done");
  text(chat, command, "conversation", "conversation", "a name, a group's title, or the beginning of an id")->required();
  chat->callback([&command] { command.method = "chat"; });

  for (CLI::App* one : {read, chat}) {
    one->add_flag_callback(
        "--no-bell", [&command] { command.bell = apps::Bell::silent; },
        "make no sound for what comes; so does CAIRN_NO_BELL=1");
  }
  CLI::App* list = app.add_subcommand("conversations", "list them: pinned ones first, then the latest");
  list->add_flag_callback(
      "--archived", [&command] { command.params["archived"] = true; }, "those that are archived, too; they come last");
  list->callback([&command] { command.method = "conversations"; });

  CLI::App* group = app.add_subcommand("group", "conversations of several")->require_subcommand(1);
  CLI::App* create = group->add_subcommand("create", "begin one");
  text(create, command, "title", "title", "what it is called")->required();
  create
      ->add_option_function<std::vector<std::string>>(
          "names", [&command](const std::vector<std::string>& names) { command.params["names"] = names; },
          "who is in it")
      ->check(apps::utf8_alone)
      ->required();
  create->callback([&command] { command.method = "group.create"; });
  CLI::App* add = group->add_subcommand("add", "add somebody");
  text(add, command, "conversation", "conversation", "its title or id")->required();
  text(add, command, "name", "name", "whom")->required();
  add->callback([&command] { command.method = "group.add"; });

  CLI::App* contact = app.add_subcommand("contact", "what is known of a name")->require_subcommand(1);
  constexpr std::pair<const char*, const char*> kVerbs[] = {
      {"show", "what was verified, when, and by whom"},
      {"verify", "look it up again now"},
      {"accept", "write to it again although it was reset: it is still theirs"}};
  for (const auto& [verb, meaning] : kVerbs) {
    const std::string method = std::string("contact.") + verb;
    CLI::App* one = contact->add_subcommand(verb, meaning);
    text(one, command, "name", "name", "name@domain")->required();
    one->callback([&command, method] { command.method = method; });
  }
}

/// Commands for programs: shells, man(1), and whatever speaks JSON-RPC.
void add_program_commands(CLI::App& app, Command& command) {
  app.add_subcommand("rpc", "JSON-RPC on standard input and output, for programs")->callback([&command] {
    command.method = "rpc";
  });
  CLI::App* completion = app.add_subcommand("completion", "print what teaches a shell to complete with the TAB key");
  text(completion, command, "shell", "shell", "bash, zsh or fish")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->required();
  completion->callback([&command] { command.method = "completion"; });
  CLI::App* complete = app.add_subcommand("complete", "asked by that script")->group("");
  text(complete, command, "line", "line", "the command line up to the cursor")->required();
  complete->callback([&command] { command.method = "complete"; });
  app.add_subcommand("manual", "print the page for man(1)")->group("")->callback([&command] {
    command.method = "manual";
  });
}

/// The commands that neither need nor open a data folder; false when it is another one.
bool run_program_command(const Command& command, const CLI::App& app) {
  if (command.method == "manual") {
    say(apps::manual_page(app, "cairn", CAIRN_VERSION, kAbout));
  } else if (command.method == "completion") {
    say(apps::completion_script(command.params.value("shell", "")));
  } else if (command.method == "complete") {
    const auto words = apps::words_of_line(command.params.value("line", ""));
    const auto data = std::ranges::find(words, "--data");
    const bool named = data != words.end() && data + 1 != words.end();
    for (const apps::Candidate& one :
         apps::complete(app, words, apps::people_known(named ? *(data + 1) : command.data_folder))) {
      say(one.word + "\t" + one.help + "\n");
    }
  } else {
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Command command;
  command.data_folder = os::default_data_folder("cairn").value_or("cairn-data");
  CLI::App app{
      "cairn: type a name and write. Nobody compares fingerprints; keys that their owner did not authorise are "
      "refused."};
  app.require_subcommand(1);
  app.footer(kFooter);
  app.set_version_flag("--version", CAIRN_VERSION);
  app.add_option("--data", command.data_folder, "folder of this device")->capture_default_str();
  std::string authority;
  app.add_option("--ca", authority, "PEM file: an authority whose servers this device believes from now on");
  app.add_flag("--json", command.json_output, "answers as JSON, one a line");
  add_identity_commands(app, command);
  add_recovery_commands(app, command);
  add_backup_commands(app, command);
  add_pin_commands(app, command);
  add_reset_commands(app, command);
  add_conversation_commands(app, command);
  apps::add_talk_commands(app, {command.method, command.params});
  apps::add_attachment_commands(app, {command.method, command.params});
  apps::add_evidence_commands(app, {command.method, command.params}, command.evidence, command.export_file);
  apps::add_invitation_commands(app, {command.method, command.params}, {command.approved, command.with_qr});
  add_program_commands(app, command);
  app.add_subcommand("status", "who this device is, and whether it is connected")->callback([&command] {
    command.method = "status";
  });
  apps::add_daemon_command(app, {command.method, command.params}, command.http_port);
  apps::add_passphrase_commands(app, {command.method, command.params}, command.passphrase_file);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(Exit::usage);
  }
  if (run_program_command(command, app)) return 0;
  if (!authority.empty()) {
    const Reply kept = apps::keep_authority(command.data_folder, authority);
    if (kept.exit != Exit::done) return report(command, command.method, kept);
  }
  return run(command);
}
