// cairn-lab: the iMessage of 2014, the attacks on it, and the same attacks on Cairn.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "apps/lab/catalogue.h"
#include "apps/lab/page.h"

namespace {

using namespace cairn::lab;

struct Command {
  RunOptions run;
  bool json = false;
  bool page = false;
  std::string page_file = "lab.html";
};

void say(const std::string& text) { std::fputs(text.c_str(), stdout); }

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char out[64];
  return {out, std::strftime(out, sizeof out, "%Y-%m-%d %H:%M UTC", &utc)};
}

int run(const Command& command, const std::vector<const Attack*>& attacks) {
  const bool all = attacks.size() > 1;
  std::size_t count = 0;
  const auto reports = run_attacks(attacks, command.run, [&](const Story& story) {
    if (all) std::fprintf(stderr, "%2zu of %zu  %s\n", ++count, attacks.size(), story.id.c_str());
  });
  if (command.json) {
    nlohmann::json out = nlohmann::json::array();
    for (const Report& report : reports) out.push_back(to_json(report));
    say((all ? out : out.front()).dump(2) + "\n");
  } else {
    say(all ? to_table(reports) : to_text(reports.front()));
  }
  if (!all && !command.page) return 0;
  std::ofstream file(command.page_file);
  file << make_page(reports, {utc_now(), CAIRN_VERSION});
  file.close();
  if (!file) {
    std::fprintf(stderr, "%s could not be written; name another file with --page.\n", command.page_file.c_str());
    return 1;
  }
  std::fprintf(stderr, "The page is %s.\n", command.page_file.c_str());
  return 0;
}

/// Nothing, with a sentence, when there is no such attack.
std::vector<const Attack*> chosen(const std::string& id) {
  std::vector<const Attack*> out;
  for (const Attack& attack : catalogue()) {
    if (id == "all" || attack.story.id == id) out.push_back(&attack);
  }
  if (out.empty()) {
    std::fprintf(stderr, "There is no attack \"%s\". There are:", id.c_str());
    for (const Attack& attack : catalogue()) std::fprintf(stderr, " %s", attack.story.id.c_str());
    std::fprintf(stderr, ", and all.\n");
  }
  return out;
}

void add_options(CLI::App* app, Command& command) {
  app->add_flag("--json", command.json, "the result as JSON");
  app->add_option_function<std::string>(
      "--page",
      [&command](const std::string& file) {
        command.page = true;
        command.page_file = file;
      },
      "where to write the page; with all: lab.html");
  app->add_option("--programs", command.run.world.programs, "folder of cairnd, cairn and cairn-witness");
  app->add_option("--server", command.run.world.server, "the server's program in it, which lies when it is told to");
  app->add_option("--client", command.run.world.client, "the devices' program in it");
  app->add_option("--realm", command.run.world.realm, "the realms' program in it");
  app->add_option("--auditor", command.run.world.auditor, "the witnesses' and auditors' program in it");
  app->add_option("--weakness", command.run.world.weakness, "what a weakened program of the tests leaves out");
  app->add_flag("--with-reset", command.run.world.with_reset, "mud-puddle: reset names, too, which takes minutes");
  app->add_flag_callback(
      "--model-only", [&command] { command.run.sides = RunOptions::Sides::model; }, "leave Cairn's side out");
  app->add_flag_callback(
      "--cairn-only", [&command] { command.run.sides = RunOptions::Sides::cairn; }, "leave the model's side out");
  app->add_option("--factor-bits", command.run.model.factor_bits, "weak-rsa: how large a modulus is factored")
      ->check(CLI::Range(216, 320));
  app->add_option("--tag-bits", command.run.model.tag_bits, "forge-2016: of the tag's 40 bits")
      ->check(CLI::Range(1, 16));
}

}  // namespace

int main(int argc, char** argv) {
  Command command;
  command.run.world.programs = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
  CLI::App app{"The iMessage of 2014 and the attacks on it, run for real, beside the same attacks on Cairn."};
  app.require_subcommand(1);
  std::string id;
  CLI::App* run_app = app.add_subcommand("run", "run one attack, or all: the table and the page");
  run_app->add_option("attack", id, "its name, or all")->required();
  add_options(run_app, command);
  CLI::App* explain_app = app.add_subcommand("explain", "an attack in plain words, with sources");
  explain_app->add_option("attack", id, "its name")->required();
  app.add_subcommand("list", "the attacks, one a line");
  for (const Attack& attack : catalogue()) {
    CLI::App* one = app.add_subcommand(attack.story.id, attack.story.title);
    add_options(one, command);
    one->callback([&id, &attack] { id = attack.story.id; });
  }
  CLI11_PARSE(app, argc, argv);
  if (app.got_subcommand("list")) {
    for (const Attack& attack : catalogue()) say(attack.story.id + "\n");
    return 0;
  }
  const auto attacks = chosen(id);
  if (attacks.empty()) return 2;
  if (app.got_subcommand(explain_app)) {
    for (const Attack* attack : attacks) say(explain(attack->story));
    return 0;
  }
  try {
    return run(command, attacks);
  } catch (const CannotPrepare& failed) {
    std::fprintf(stderr, "%s\n", failed.what());
    return 1;
  }
}
