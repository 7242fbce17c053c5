#include "apps/cairn/talk.h"

#include <optional>

#include "core/base/encoding.h"
#include "core/base/utf8.h"
#include "shell/os/file.h"

namespace cairn::apps {
std::string utf8_alone(const std::string& word) { return is_utf8(word) ? std::string() : "This is not UTF-8 text."; }

CLI::Option* text(CLI::App* app, Question question, const std::string& flag, const char* key, const std::string& help) {
  return app
      ->add_option_function<std::string>(
          flag, [question, key](const std::string& value) { question.params[key] = value; }, help)
      ->check(utf8_alone);
}

namespace {

constexpr std::size_t kMaxPictureFile = 8 * 1024;
constexpr std::size_t kMaxDomainPolicyFile = 64 * 1024;

/// A command of one method, with one word that says about what.
CLI::App* about(CLI::App* app, Question question, const std::string& verb, const std::string& help,
                const std::string& method, const char* key, const std::string& what) {
  CLI::App* out = app->add_subcommand(verb, help);
  if (key != nullptr) text(out, question, key, key, what)->required();
  out->callback([question, method] { question.method = method; });
  return out;
}

void add_message_commands(CLI::App& app, Question question) {
  constexpr const char* kWhich = "the first digits of its id, as read shows it";
  CLI::App* react = about(&app, question, "react", "react to a message", "message.react", "message", kWhich);
  text(react, question, "text", "text", "an emoji, or a short word")->required();
  react->add_flag_function(
      "--remove", [question](std::int64_t) { question.params["remove"] = true; }, "take the reaction back");
  CLI::App* edit = about(&app, question, "edit", "say something else in its place", "message.edit", "message", kWhich);
  text(edit, question, "text", "text", "what to say")->required();
  about(&app, question, "unsend", "take a message of yours back, everywhere", "message.unsend", "message", kWhich);
  about(&app, question, "history", "what a message said before it was changed", "message.history", "message", kWhich);
  CLI::App* search = app.add_subcommand("search", "find words in what was said, names of files, and conversations");
  search
      ->add_option_function<std::vector<std::string>>(
          "words",
          [question](const std::vector<std::string>& words) {
            std::string all;
            for (const std::string& word : words) all += (all.empty() ? "" : " ") + word;
            question.params["words"] = all;
          },
          "all of them must be in it")
      ->check(utf8_alone)
      ->required();
  search->callback([question] { question.method = "search"; });
  text(app.get_subcommand("send"), question, "--reply", "reply", "the message that it answers, by its id");
  app.get_subcommand("send")
      ->add_option_function<std::vector<std::string>>(
          "--mention", [question](const std::vector<std::string>& names) { question.params["mentions"] = names; },
          "a member whose @NAME in the text means them")
      ->check(utf8_alone)
      ->allow_extra_args(false);
}

void add_request_commands(CLI::App& app, Question question) {
  constexpr const char* kWhich = "a name, a title or an id";
  about(&app, question, "requests", "who wrote here for the first time", "request.list", nullptr, "");
  about(&app, question, "delete", "delete a request; they are not told", "request.delete", "conversation", kWhich);
  about(&app, question, "block", "hear nothing more of a name", "contact.block", "name", "name@domain");
  about(&app, question, "unblock", "hear a name again", "contact.unblock", "name", "name@domain");
  about(&app, question, "blocked", "who is blocked", "contact.blocked", nullptr, "");
  CLI::App* contact = app.get_subcommand("contact");
  CLI::App* name = about(contact, question, "name", "call them as you like", "contact.set", "name", "name@domain");
  text(name, question, "petname", "petname", "what you call them; empty: as they call themselves")->required();
  CLI::App* receipts =
      about(contact, question, "receipts", "whether they hear what was read", "contact.set", "name", "name@domain");
  receipts
      ->add_option_function<std::string>(
          "when", [question](const std::string& when) { question.params["receipts"] = when == "on"; }, "on or off")
      ->check(CLI::IsMember({"on", "off"}))
      ->required();
}

void add_setting_commands(CLI::App& app, Question question) {
  constexpr const char* kWhich = "a name, a title or an id";
  CLI::App* conversation = app.add_subcommand("conversation", "what holds for one conversation");
  conversation->require_subcommand(1);
  CLI::App* expire = about(conversation, question, "expire", "let messages disappear some time after they are read",
                           "conversation.expire", "conversation", kWhich);
  expire
      ->add_option_function<std::string>(
          "after",
          [question](const std::string& words) {
            const auto seconds = parse_duration(words);
            if (!seconds) throw CLI::ValidationError("after", "Write a time like 30m, 12h, 1d or 2w, or off.");
            question.params["seconds"] = *seconds;
          },
          "30m, 12h, 1d, 2w, or off")
      ->required();
  struct Switch {
    const char* verb;
    const char* key;
    bool value;
    const char* help;
  };
  constexpr Switch kSwitches[] = {
      {"mute", "muted", true, "no bell and no news in other chats for what comes"},
      {"unmute", "muted", false, "as before mute"},
      {"archive", "archived", true, "out of the list, and without a bell, until you write there"},
      {"unarchive", "archived", false, "as before archive"},
      {"pin", "pinned", true, "before all others in the list"},
      {"unpin", "pinned", false, "as before pin"}};
  for (const Switch& one : kSwitches) {
    CLI::App* command = about(conversation, question, one.verb, one.help, "conversation.set", "conversation", kWhich);
    command->preparse_callback([question, one](std::size_t) { question.params[one.key] = one.value; });
  }
  CLI::App* receipts = about(conversation, question, "receipts", "whether they hear what arrived and was read",
                             "conversation.set", "conversation", kWhich);
  receipts
      ->add_option_function<std::string>(
          "when", [question](const std::string& when) { question.params["receipts"] = when == "on"; }, "on or off")
      ->check(CLI::IsMember({"on", "off"}))
      ->required();
  CLI::App* typing = app.add_subcommand("typing", "whether others see that you are writing");
  typing
      ->add_option_function<std::string>(
          "when", [question](const std::string& when) { question.params["on"] = when == "on"; }, "on or off")
      ->check(CLI::IsMember({"on", "off"}))
      ->required();
  text(typing, question, "conversation", "conversation", "in this one; by default in all");
  typing->callback([question] { question.method = "typing.set"; });
  CLI::App* draft =
      about(conversation, question, "draft", "keep a text for later", "conversation.set", "conversation", kWhich);
  text(draft, question, "text", "draft", "what to keep; empty: nothing")->required();
  app.get_subcommand("read")->add_flag_function(
      "--peek", [question](std::int64_t) { question.params["mark"] = false; }, "leave it unread");
}

void add_group_commands(CLI::App& app, Question question) {
  constexpr const char* kWhich = "its title or id";
  CLI::App* group = app.get_subcommand("group");
  about(group, question, "show", "who is in it, and who its admins are", "group.show", "conversation", kWhich);
  about(group, question, "leave", "be taken out of it", "group.leave", "conversation", kWhich);
  CLI::App* remove = about(group, question, "remove", "take somebody out", "group.remove", "conversation", kWhich);
  text(remove, question, "name", "name", "whom")->required();
  CLI::App* rename = about(group, question, "rename", "give it another title", "group.change", "conversation", kWhich);
  text(rename, question, "title", "title", "what it is called")->required();
  for (const char* role : {"admin", "member"}) {
    CLI::App* command = about(
        group, question, role,
        std::string_view(role) == "admin" ? "let somebody change the group" : "let somebody no longer change the group",
        "group.change", "conversation", kWhich);
    text(command, question, "name", role, "whom")->required();
  }
  CLI::App* picture =
      about(group, question, "picture", "give it a small picture", "group.change", "conversation", kWhich);
  picture
      ->add_option_function<std::string>(
          "file",
          [question](const std::string& file) {
            const auto bytes = os::read_file(file, kMaxPictureFile);
            if (!bytes) throw CLI::ValidationError("file", file + " cannot be read, or has more than 8192 bytes.");
            question.params["picture"] = to_base64(*bytes);
          },
          "an image of at most 8192 bytes; an empty file removes it")
      ->required();
}

void add_domain_commands(CLI::App& app, Question question) {
  CLI::App* domain =
      app.add_subcommand("domain", "other domains: how they are judged, where they are, and where the own one is");
  domain->require_subcommand(1);
  CLI::App* add = about(domain, question, "add", "say so of one, in the place of what was said before", "domain.add",
                        "domain", "as behind the @ of its names");
  add->add_option_function<std::string>(
      "--policy",
      [question](const std::string& file) {
        const auto policy = os::read_file(file, kMaxDomainPolicyFile);
        if (!policy) throw CLI::ValidationError("--policy", file + " cannot be read; check that it exists.");
        question.params["policy"] = as_text(*policy);
      },
      "file: its witnesses and auditors; by default those of the own domain");
  text(add, question, "--server", "server_url", "address of its server; by default https://DOMAIN");
  about(domain, question, "list", "those of which something was said", "domain.list", nullptr, "");
  about(domain, question, "remove", "forget what was said of one", "domain.remove", "domain", "which");
  CLI::App* confirm = about(domain, question, "confirm", "take what another device of yours says of one",
                            "domain.confirm", "domain", "which");
  text(confirm, question, "number", "digest", "of what domain list shows to be decided")->required();
  CLI::App* server = about(domain, question, "server", "say where the server of your own domain is from now on",
                           "domain.server", nullptr, "");
  text(server, question, "address", "server_url", "https://HOST, perhaps with :PORT; without it https://DOMAIN");
  about(domain, question, "keep", "stay with what counts on this device", "domain.keep", "domain", "which");
}

}  // namespace

void add_talk_commands(CLI::App& app, Question question) {
  add_message_commands(app, question);
  add_request_commands(app, question);
  add_setting_commands(app, question);
  add_group_commands(app, question);
  add_domain_commands(app, question);
}

std::optional<std::uint32_t> parse_duration(const std::string& text) {
  if (text == "off") return 0;
  std::uint64_t value = 0;
  std::size_t at = 0;
  for (; at < text.size() && at < 9 && text[at] >= '0' && text[at] <= '9'; ++at) {
    value = value * 10 + static_cast<std::uint64_t>(text[at] - '0');
  }
  if (at == 0) return std::nullopt;
  const std::string unit = text.substr(at);
  std::uint64_t size = 0;
  if (unit.empty() || unit == "s") size = 1;
  if (unit == "m") size = 60;
  if (unit == "h") size = 3'600;
  if (unit == "d") size = 86'400;
  if (unit == "w") size = 604'800;
  if (size == 0 || value * size > 0xffff'ffff) return std::nullopt;
  return static_cast<std::uint32_t>(value * size);
}

}  // namespace cairn::apps
