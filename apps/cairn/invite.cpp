#include "apps/cairn/invite.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <iterator>

#include "apps/cairn/backup.h"
#include "apps/cairn/qr.h"
#include "apps/cairn/render.h"
#include "core/base/utf8.h"

namespace cairn::apps {
namespace {

using nlohmann::json;

constexpr std::string_view kScheme = "cairn:";
constexpr const char* kDrawIt = "draw it too, for a camera";
constexpr std::size_t kMostTyped = std::size_t{64} * 1024;

char lower_of(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char upper_of(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool is_link(std::string_view word) {
  return word.size() >= kScheme.size() && std::equal(kScheme.begin(), kScheme.end(), word.begin(),
                                                     [](char mark, char c) { return mark == lower_of(c); });
}

/// What stands on standard input: a link may be longer than one wants to type, and is seen there by nobody else.
std::string read_link() {
  std::string out;
  for (std::istreambuf_iterator<char> at(std::cin), end; at != end && out.size() < kMostTyped; ++at) out += *at;
  return out;
}

std::string utf8_word(const std::string& word) { return is_utf8(word) ? std::string() : "This is not UTF-8 text."; }

std::string field(const json& object, const char* key) { return harmless_text(object.value(key, "")); }

/// What others chose, in lines of ASCII that all begin with blanks: none can pass for one of the program's.
std::string indented(const std::string& text) {
  constexpr std::size_t kWidth = 70;
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += kWidth) {
    out += (at == 0 ? "    " : "      ") + text.substr(at, kWidth) + "\n";
  }
  return out;
}

/// Those of the policy that are auditors, or those that are not, one a line.
std::string cosigners_of(const json& policy, bool auditors) {
  std::string out;
  for (const json& one : policy.value("witnesses", json::array())) {
    if (one.value("auditor", false) != auditors) continue;
    const std::string url = field(one, "url");
    out += indented(field(one, "name") + "  " + field(one, "key") + (url.empty() ? "" : "  at " + url));
  }
  return out;
}

/// The lines of the policy that say how many have to sign.
std::string quorum_of(const json& policy) {
  std::string out;
  const std::string text = policy.value("text", "");
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    if (!line.starts_with("witness ")) out += indented(harmless_text(line));
    at = end + 1;
  }
  return out;
}

std::string standing_of(const json& link) {
  const std::string known = link.value("known", "");
  const std::string domain = field(link, "domain");
  if (known == "same") return "This is the policy that counts for " + domain + " here already.\n";
  if (known == "different") return "This is DIFFERENT from the policy that counts for " + domain + " here.\n";
  return "Nothing is known of " + domain + " here yet.\n";
}

std::string render_link(const json& link) {
  const json policy = link.value("policy", json::object());
  const auto number = [&](const char* key) { return std::to_string(policy.value(key, std::uint64_t{0})); };
  std::string out = field(link, "name") + " invites you to write to them.\n";
  if (link.value("kind", "") == "group") {
    out = field(link, "name") + " invites you to the group \"" + field(link, "title") + "\", until " +
          day_of(link, "expires_ms") + ".\n";
  }
  out += "The directory of " + field(link, "domain") + ", at " + field(link, "server_url") +
         ", is to be believed on the word of " + number("auditors_needed") + " of " + number("auditors") +
         " auditor(s):\n" + cosigners_of(policy, true);
  if (const std::string witnesses = cosigners_of(policy, false); !witnesses.empty()) {
    out += "  and witnesses:\n" + witnesses;
  }
  return out + "  by these rules:\n" + quorum_of(policy) + standing_of(link);
}

std::string render_made(const json& made) {
  const json names = made.value("names", json::array());
  std::string out = field(made, "id") + "  \"" + field(made, "title") + "\", " + field(made, "state") + ", until " +
                    day_of(made, "expires_ms") + ", " + std::to_string(names.size()) + " of " +
                    std::to_string(made.value("uses", std::uint64_t{0})) + " used";
  for (const json& name : names)
    out += (&name == &names.front() ? ": " : ", ") + harmless_text(name.get<std::string>());
  return out + "\n";
}

std::string render_all_made(const json& result) {
  std::string out;
  for (const json& one : result.value("invitations", json::array())) out += render_made(one);
  if (out.empty()) return "This device has made no links to groups.\n";
  return out + "This device alone lets people in by them: it has to run.\n";
}

/// Whether its owner says in words that whom the link names is believed.
bool ask_to_believe(const json& link) {
  const std::string words = "trust " + field(link, "domain");
  std::fprintf(stderr,
               "Whoever made the link chose them. Go on only if you have it from %s; from then on this device believes "
               "of names of that domain what they vouch for. Type \"%s\" to go on: ",
               field(link, "name").c_str(), words.c_str());
  std::string typed;
  return std::getline(std::cin, typed) && typed == words;
}

CLI::Option* word_option(CLI::App* app, Question question, const char* name, const char* key, const std::string& help) {
  return app
      ->add_option_function<std::string>(
          name, [question, key](const std::string& value) { question.params[key] = value; }, help)
      ->check(utf8_word);
}

void add_group_links(CLI::App& invite, Question question, bool& with_qr) {
  CLI::App* group = invite.add_subcommand("group", "print a link to a group: this device lets in whoever has it");
  word_option(group, question, "conversation", "conversation", "its title or id; you are its admin")->required();
  group->add_option_function<std::string>(
      "--for",
      [question](const std::string& words) {
        const auto seconds = parse_duration(words);
        if (!seconds || *seconds == 0) throw CLI::ValidationError("--for", "Write a time like 30m, 12h, 7d or 2w.");
        question.params["life_s"] = *seconds;
      },
      "how long it is good: 30m, 12h, 7d (the default), 2w");
  group
      ->add_option_function<std::uint64_t>(
          "--uses", [question](const std::uint64_t& uses) { question.params["uses"] = uses; },
          "how many names it lets in, 1 (the default) to 256")
      ->check(CLI::Range(1, 256));
  group->add_flag("--qr", with_qr, kDrawIt);
  group->callback([question] { question.method = "invitation.create"; });
  invite.add_subcommand("list", "the links to groups that this device has made, and whom they let in")
      ->callback([question] { question.method = "invitation.list"; });
  CLI::App* revoke = invite.add_subcommand("revoke", "let nobody in any more by a link to a group");
  word_option(revoke, question, "id", "id", "its id, as list shows it")->required();
  revoke->callback([question] { question.method = "invitation.revoke"; });
}

}  // namespace

void add_invitation_commands(CLI::App& app, Question question, InvitationOptions options) {
  CLI::App* invite = app.add_subcommand("invite", "print a link for who is to write to you, with your domain's policy");
  invite->add_flag("--qr", options.with_qr, kDrawIt);
  CLI::App* show = invite->add_subcommand("show", "say what a link holds; nothing is asked or changed");
  const auto take_link = [question](const std::string& word) {
    question.params = {{"link", word == "-" ? read_link() : word}};
  };
  show->add_option_function<std::string>("link", take_link, "from cairn: to its end; - reads it from standard input")
      ->check(utf8_word)
      ->required();
  show->callback([question] { question.method = "invitation.show"; });
  add_group_links(*invite, question, options.with_qr);
  invite->callback([question, invite] {
    if (invite->get_subcommands().empty()) question.method = "invitation.create";
  });
  CLI::App* accept = app.add_subcommand("accept", "let somebody write to you, or take an invitation link up");
  accept
      ->add_option_function<std::string>(
          "conversation",
          [question, take_link](const std::string& word) {
            const bool of_link = word == "-" || is_link(word);
            question.method = of_link ? "invitation.accept" : "request.accept";
            if (of_link) {
              take_link(word);
            } else {
              question.params["conversation"] = word;
            }
          },
          "a name, a title or an id; or a link; - reads a link from standard input")
      ->check(utf8_word)
      ->required();
  accept->add_flag("--yes", options.approved, "of a link: you trust whom it names, where its domain is unknown here");
}

Reply accept_invitation(Speaker& speaker, const json& params, bool approved) {
  const auto nothing = [](const json&) {};
  Reply shown = speaker.ask("invitation.show", params, nothing);
  if (shown.exit != Exit::done) return shown;
  std::fputs(render_link(shown.result).c_str(), stderr);
  json asked = params;
  if (shown.result.value("pins", false)) {
    const std::string domain = shown.result.value("domain", "");
    if (!approved && ::isatty(STDIN_FILENO) == 0) {
      return {Exit::refused,
              {},
              "Nothing was changed; --yes says that you trust whom the link names for " + domain + ".",
              "not_authorised"};
    }
    if (!approved && !ask_to_believe(shown.result))
      return {Exit::refused, {}, "Nothing was changed.", "not_authorised"};
    asked["confirm"] = true;
  }
  return speaker.ask("invitation.accept", asked, nothing);
}

std::string render_invitation(const std::string& method, const json& result) {
  if (method == "invitation.create") return result.value("link", "") + "\n";
  if (method == "invitation.show") return render_link(result);
  if (method == "invitation.list") return render_all_made(result);
  if (method == "invitation.revoke") return render_made(result);
  if (result.value("brought_by_others", false)) {
    return "You have accepted a group that somebody whom you did not know brought you into as if it were \"" +
           field(result, "title") + "\"; see whether those whom you expect are in it: cairn group show " +
           field(result, "conversation") + "\n";
  }
  if (result.value("kind", "") == "group") return "You are in \"" + field(result, "title") + "\" now.\n";
  const std::string name = field(result, "name");
  std::string out = result.value("pins", false) ? field(result, "domain") + " is known from now on. " : std::string();
  out += name + " can be written to: cairn send " + name + " TEXT\n";
  if (!result.value("own_domain", false)) {
    out += "If they have never heard of your domain, give them a link of yours: cairn invite\n";
  }
  return out;
}

// Capital letters take less room in a code (ISO/IEC 18004 s.7.4.4), and mean the same in a link.
std::string invitation_qr(const std::string& link) {
  std::string capitals = link;
  std::transform(capitals.begin(), capitals.end(), capitals.begin(), upper_of);
  const std::string code = qr_code(capitals);
  return code.empty() ? "No code for a camera holds so long a link; send it as text.\n" : code;
}

}  // namespace cairn::apps
