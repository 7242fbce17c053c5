#include "apps/cairn/render.h"

#include <cstdio>
#include <ctime>
#include <optional>

#include "apps/cairn/export.h"
#include "apps/cairn/mentions.h"
#include "apps/cairn/pin.h"
#include "core/base/utf8.h"

namespace cairn::apps {
namespace {

using nlohmann::json;

/// What others wrote, without those characters. A further line is indented, so that it cannot pass for a message.
std::string harmless(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view before = text;
    const auto character = take_character(text);
    if (!character) {
      out += '?';
      text.remove_prefix(1);
    } else if (*character == '\n') {
      out += "\n    ";
    } else if (drives_terminal(*character)) {
      out += ' ';
    } else {
      out += before.substr(0, before.size() - text.size());
    }
  }
  return out;
}

std::string text_of(const json& object, const char* key) { return harmless(object.value(key, "")); }

std::string time_of(const json& object, const char* key) {
  const auto seconds = static_cast<std::time_t>(object.value(key, std::uint64_t{0}) / 1000);
  std::tm local{};
  localtime_r(&seconds, &local);
  char buffer[32];
  std::strftime(buffer, sizeof buffer, "%Y-%m-%d %H:%M:%S", &local);
  return buffer;
}

std::string number_of(const json& object, const char* key) {
  return std::to_string(object.value(key, std::uint64_t{0}));
}

std::string joined(const json& list) {
  std::string out;
  for (const json& item : list) {
    if (item.is_string()) out += (out.empty() ? "" : ", ") + harmless(item.get<std::string>());
  }
  return out;
}

/// Who is in a conversation, or how many more than are told.
std::string names_of(const json& conversation) {
  const std::string names = joined(conversation.value("names", json::array()));
  return conversation.contains("names_left_out") ? names + " and " + number_of(conversation, "names_left_out") + " more"
                                                 : names;
}

std::string render_contact(const json& contact) {
  std::string out = text_of(contact, "name") + ": " + number_of(contact, "devices_active") +
                    " active device(s), chain of " + number_of(contact, "statements") + " statement(s).\n";
  out += "Vouched for at " + time_of(contact, "vouched_ms") + " by " +
         joined(contact.value("cosigners", json::array())) + "; the log had " + number_of(contact, "log_size") +
         " epochs; the answer was " + number_of(contact, "answer_bytes") + " bytes.\n";
  if (const std::string trouble = text_of(contact, "trouble"); !trouble.empty()) out += trouble + "\n";
  return out;
}

/// Of a veto under way: who has it, and whether that is enough.
std::string render_veto(const json& veto) {
  std::string out;
  for (const json& auditor : veto.value("auditors", json::array())) {
    out += "  " + text_of(auditor, "name") + ": " + text_of(auditor, "state");
    if (auditor.contains("status")) out += " (it answered " + number_of(auditor, "status") + ")";
    out += "\n";
  }
  return out + "  " + number_of(veto, "auditors_have") + " auditor(s) have the veto; with " +
         number_of(veto, "auditors_enough") + " of them the reset cannot be completed.\n";
}

/// How far the history is that this device gets, and what it gives to others.
std::string render_histories(const json& status) {
  std::string out;
  if (status.contains("history")) {
    const json& history = status["history"];
    const std::string from = text_of(history, "from").substr(0, 8);
    const std::string state = history.value("state", "");
    if (state == "waiting") {
      out += "history: waits for device " + from + ", which let this one in; it has to run.\n";
    } else if (!history.value("settings_alone", false)) {
      out += "history: " + number_of(history, "taken") + " of " + number_of(history, "messages") +
             " messages, from device " + from + (state == "done" ? ", done" : "") + "\n";
    }
    if (const std::string trouble = text_of(history, "trouble"); !trouble.empty()) out += "  " + trouble + "\n";
  }
  for (const json& one : status.value("history_given", json::array())) {
    if (one.value("state", "") == "waiting") continue;
    out += "history: " + number_of(one, "given") + " of " + number_of(one, "messages") + " messages, to device " +
           text_of(one, "to").substr(0, 8) + "\n";
    if (const std::string trouble = text_of(one, "trouble"); !trouble.empty()) out += "  " + trouble + "\n";
  }
  return out;
}

/// What was said here and is not sent yet, and why.
std::string render_waiting(const json& status, Ink ink) {
  if (!status.contains("waiting")) return {};
  const json& waiting = status["waiting"];
  const bool is_one = waiting.value("conversations", std::uint64_t{1}) == 1;
  std::string where = is_one ? " [" + text_of(waiting, "conversation").substr(0, 8) + "]"
                             : " of " + number_of(waiting, "conversations") + " conversations";
  return "Not sent yet: " + number_of(waiting, "messages") + " message(s)" + where + "; they are kept. " +
         shaded(ink, Shade::trouble, text_of(waiting, "trouble")) + "\n";
}

std::string render_status(const json& status, Ink ink) {
  if (status.value("state", "") == "none") {
    const std::string why = text_of(status, "trouble");
    return (why.empty() ? "" : why + "\n") + "No name yet: register one, or link this device to one.\n";
  }
  std::string out = text_of(status, "name") + ", device " + text_of(status, "device") + ", " +
                    text_of(status, "state") +
                    (status.value("connected", false) ? ", connected"
                     : status.value("daemon", true)   ? ", not connected"
                                                      : "; it is connected while a command, or cairn daemon, runs") +
                    ".\n";
  if (status.contains("policy")) {
    const json& policy = status["policy"];
    out += "Policy: " + number_of(policy, "auditors_needed") + " of " + number_of(policy, "auditors") +
           " auditors; strength " + number_of(policy, "strength") + ".\n";
  }
  for (const json& alarm : status.value("alarms", json::array())) out += render_alarm(alarm, ink);
  out += render_histories(status);
  if (status.contains("veto")) out += "Your veto is under way:\n" + render_veto(status["veto"]);
  if (status.contains("reset")) {
    out += "The reset can be completed an hour after " + time_of(status["reset"], "matures_ms") +
           ", unless it is vetoed; run this device then.\n";
  }
  if (text_of(status, "key") == "file")
    out += "The key of this data folder lies in a file beside it; cairn passphrase set puts it behind a passphrase.\n";
  if (const std::string trouble = text_of(status, "trouble"); !trouble.empty())
    out += shaded(ink, Shade::trouble, trouble) + "\n";
  return out + render_waiting(status, ink);
}

/// What `conversations` shows of its owner's settings.
std::string settings_of(const json& one) {
  std::string out;
  if (const auto unread = one.value("unread", std::uint64_t{0}); unread != 0)
    out += ", " + std::to_string(unread) + " unread";
  for (const char* key : {"request", "pinned", "muted", "archived", "blocked"}) {
    if (one.value(key, false)) out += std::string(", ") + key;
  }
  return out;
}

std::string render_conversations(const json& result, Ink ink) {
  std::string out;
  for (const json& one : result.value("conversations", json::array())) {
    const std::string title = text_of(one, "title");
    const std::string names = names_of(one);
    out += shaded(ink, Shade::bold, title.empty() ? names : title) + (title.empty() ? "" : " (" + names + ")") + "  " +
           shaded(ink, Shade::faint, "[" + text_of(one, "id").substr(0, 8) + "]") + "  " + number_of(one, "messages") +
           " message(s)" + settings_of(one) + "\n";
    if (const std::string trouble = text_of(one, "trouble"); !trouble.empty())
      out += "  " + shaded(ink, Shade::trouble, trouble) + "\n";
  }
  const std::uint64_t left_out = result.value("left_out", std::uint64_t{0});
  if (left_out != 0) return out + std::to_string(left_out) + " archived; conversations --archived lists them too.\n";
  return out.empty() ? "No conversations yet.\n" : out;
}

std::string render_devices(const json& result) {
  std::string out;
  for (const json& device : result.value("devices", json::array())) {
    out += text_of(device, "id") + (device.value("active", false) ? "  active" : "  removed") +
           (device.value("own", false) ? "  (this one)" : "");
    if (const std::string name = text_of(device, "name"); !name.empty()) out += "  " + name;
    out += "\n";
  }
  return out;
}

std::string render_gossip(const json& result, Ink ink) {
  std::string out;
  for (const json& one : result.value("evidence", json::array())) out += render_alarm(one, ink);
  for (const json& one : result.value("claims", json::array())) {
    out += !text_of(one, "sentence").empty()
               ? render_alarm(one, ink)
               : text_of(one, "name") + " verified " + number_of(one, "size") + " epochs of " + text_of(one, "domain") +
                     ": " + text_of(one, "state") + "\n";
  }
  return out.empty() ? "What others verified is what this device verified.\n" : out;
}

/// Enough of an id to mean the message by.
std::string short_id(const json& message, const char* key) { return text_of(message, key).substr(0, 12); }

/// The file that a message brings, and how it is had.
std::string file_of(const json& message) {
  const json& file = message["attachment"];
  const std::string type = text_of(file, "media_type");
  std::string preview;
  if (file.contains("preview"))
    preview = ", preview " + number_of(file["preview"], "width") + "x" + number_of(file["preview"], "height");
  return "[file: " + text_of(file, "name") + ", " + size_words(file.value("size", std::uint64_t{0})) +
         (type.empty() ? "" : ", " + type) + preview + "; save " + short_id(message, "id") + "]";
}

/// What became of a message and what was said about it, behind its text.
std::string marks_of(const json& message, const std::string& delivery, Ink ink) {
  std::string out;
  if (message.contains("edited_ms")) out += "  (edited)";
  if (delivery == "waiting") out += "  " + shaded(ink, Shade::trouble, "(waiting)");
  if (delivery == "refused") out += "  " + shaded(ink, Shade::alarm, "(not sent)");
  const std::string status = text_of(message, "status");
  if (status == "delivered" || status == "read") out += "  (" + status + ")";
  if (message.value("request", false)) out += "  (a request: accept, delete or block)";
  for (const json& one : message.value("reactions", json::array())) {
    out += "  {" + text_of(one, "text") + " " + names_of(one) + "}";
  }
  if (message.contains("reactions_left_out")) out += "  {and " + number_of(message, "reactions_left_out") + " more}";
  if (message.contains("id")) out += "  " + shaded(ink, Shade::faint, "[" + short_id(message, "id") + "]");
  return out;
}

std::string render_messages(const json& list, Ink ink) {
  std::string out;
  for (const json& message : list) out += render_message(message, ink);
  return out;
}

/// Conversations that were found, and messages.
std::string render_found(const json& result, Ink ink) {
  std::string out;
  for (const json& one : result.value("conversations", json::array())) {
    const std::string title = text_of(one, "title");
    const std::string names = names_of(one);
    std::string petnames;
    const json all = one.value("petnames", json::object());
    for (const auto& [name, petname] : all.items()) {
      if (petname.is_string()) petnames += ", " + harmless(name) + " is " + harmless(petname.get<std::string>());
    }
    out += shaded(ink, Shade::bold, title.empty() ? names : title) + (title.empty() ? "" : " (" + names + ")") +
           petnames + "  " + shaded(ink, Shade::faint, "[" + text_of(one, "id").substr(0, 8) + "]") + settings_of(one) +
           "\n";
  }
  out += render_messages(result.value("messages", json::array()), ink);
  return out.empty() ? "Nothing has these words.\n" : out;
}

std::string render_requests(const json& result, Ink ink) {
  std::string out;
  for (const json& one : result.value("requests", json::array())) {
    out += names_of(one) + "  [" + text_of(one, "id").substr(0, 8) + "]\n";
    if (!one.contains("first")) continue;
    out += "  " + render_message(one["first"], ink);
    if (one["first"].value("text_cut", false)) out += "  (This is its beginning; read shows all of it.)\n";
  }
  return out.empty() ? "No requests.\n" : out;
}

std::string render_history(const json& result) {
  std::string out;
  for (const json& one : result.value("versions", json::array())) {
    out += time_of(one, "time_ms") + "  " + text_of(result, "sender") + ": " + text_of(one, "text") + "\n";
  }
  return out;
}

std::string render_group(const json& group) {
  return text_of(group, "title") + ": " + names_of(group) +
         ".\nAdmins: " + (group.value("admins", json::array()).empty() ? "all" : joined(group["admins"])) + ".\n";
}

std::string render_domain(const json& domain) {
  return text_of(domain, "domain") + ": " +
         (domain.value("own_policy", true) ? "judged by the policy of the own domain"
                                           : "judged by a policy of its own") +
         " (" + number_of(domain, "strength") + " auditors have to lie for a fork that nobody sees), at " +
         text_of(domain, "server_url") +
         (domain.contains("invited_by")
              ? ", as the link of " + text_of(domain, "invited_by") + " says, since " + time_of(domain, "invited_ms")
              : std::string()) +
         (domain.contains("device") ? ", by the word of your device " + text_of(domain, "device_words")
                                    : std::string()) +
         "\n";
}

/// What another device has said of a domain, with whom it names, and how that is decided.
std::string render_domain_question(const json& question) {
  std::string out = "\nTo be decided: " + text_of(question, "sentence") + "\n";
  if (!question.contains("policy")) return out;
  out += "  It says: at " + text_of(question, "server_url") + ", on the word of " +
         number_of(question["policy"], "auditors_needed") + " of " + number_of(question["policy"], "auditors") +
         " auditors" + (question.value("own_policy", false) ? ", by the policy of the own domain" : "") +
         (question.contains("invited_by") ? ", as the link of " + text_of(question, "invited_by") + " says" : "") +
         ":\n";
  for (const json& one : question["policy"].value("witnesses", json::array())) {
    out += std::string(one.value("auditor", false) ? "  auditor  " : "  witness  ") + text_of(one, "name") + "  " +
           text_of(one, "key") + (one.contains("url") ? "  at " + text_of(one, "url") : std::string()) + "\n";
  }
  return out;
}

std::string render_domains(const json& result) {
  std::string out;
  for (const json& one : result.value("domains", json::array())) out += render_domain(one);
  if (out.empty()) out = "Every other domain is judged by the policy of the own one.\n";
  for (const json& one : result.value("questions", json::array())) out += render_domain_question(one);
  return out;
}

/// The answers of the commands in talk.h; nothing for another method.
std::optional<std::string> render_talk(const std::string& method, const json& result, Ink ink) {
  if (method == "read") return render_messages(result.value("messages", json::array()), ink);
  if (method == "search") return render_found(result, ink);
  if (method == "message.history") return render_history(result);
  if (method.starts_with("message.")) return render_message(result, ink);
  if (method == "request.list") return render_requests(result, ink);
  if (method == "request.delete") return std::string("Deleted.\n");
  if (method == "contact.blocked") {
    const std::string names = joined(result.value("names", json::array()));
    return names.empty() ? "Nobody is blocked.\n" : names + "\n";
  }
  if (method == "group.show") return render_group(result);
  if (method == "domain.server") {
    return "This device goes to " + text_of(result, "server_url") + " now; status says whether it is connected.\n";
  }
  if (method == "domain.add" || (result.contains("strength") && method.starts_with("domain."))) {
    return render_domain(result);
  }
  if (method == "domain.confirm" || method == "domain.keep") {
    return "Nothing is said of " + text_of(result, "domain") + " on this device; it is judged as any other.\n";
  }
  if (method == "domain.list") return render_domains(result);
  if (method == "domain.remove") return "Forgotten: " + text_of(result, "domain") + " is judged as any other.\n";
  if (method == "group.add" && result.value("already", false)) return std::string("They are in the group already.\n");
  if (method == "group.create" || method.starts_with("group.") || method.starts_with("conversation.") ||
      method == "request.accept" || method == "typing.set" || method == "contact.set" || method == "contact.block" ||
      method == "contact.unblock") {
    return std::string("Done.\n");
  }
  return std::nullopt;
}

}  // namespace

// Characters that drive a terminal (C0, C1), or let a text look like another one: marks that turn the direction of
// writing (Unicode TR9), line separators, characters without width.
bool drives_terminal(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200b && c <= 0x200f && c != 0x200d) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

std::string harmless_text(std::string_view text) { return harmless(text); }

std::string size_words(std::uint64_t bytes) {
  if (bytes < 10'000) return std::to_string(bytes) + " bytes";
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.1f MB", static_cast<double>(bytes) / 1e6);
  return buffer;
}

std::string as_json(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"; }

std::string render_alarm(const json& alarm, Ink ink) {
  return shaded(ink, Shade::alarm, "ALARM: " + text_of(alarm, "sentence")) + "\n";
}

std::string render_message(const json& message, Ink ink) {
  const std::string delivery = message.value("delivery", "");
  const std::string when = shaded(ink, Shade::faint, time_of(message, "time_ms"));
  if (delivery == "notice") return when + "  " + shaded(ink, Shade::faint, "-- " + text_of(message, "text")) + "\n";
  const std::string unknown = text_of(message, "unknown_type");
  std::string line = when + "  " + shaded(ink, Shade::bold, text_of(message, "sender") + ":") + " ";
  if (message.contains("reply_to")) line += "(to " + short_id(message, "reply_to") + ") ";
  if (message.value("unsent", false)) {
    line += "(taken back)";
  } else {
    const json mentions = message.value("mentions", json::array());
    line += harmless(
        with_mentions_shown(message.value("text", ""), mentions, [](const std::string& name) { return name; }));
    const std::string gap = line.ends_with(' ') ? "" : "  ";
    if (message.contains("attachment")) line += gap + file_of(message);
    if (!unknown.empty()) line += gap + "[a " + unknown + " that this version does not show]";
  }
  return line + marks_of(message, delivery, ink) + "\n";
}

std::string render(const std::string& method, const json& result, Ink ink) {
  if (method == "status") return render_status(result, ink);
  if (method == "conversations") return render_conversations(result, ink);
  if (method == "device.list") return render_devices(result);
  if (method == "contact.show" || method == "contact.verify" || method == "contact.accept")
    return render_contact(result);
  if (method == "recovery.print") {
    return warnings_of(result) + "The page is in " + text_of(result, "file") +
           ", readable as it is: print it, then delete the file.\n";
  }
  if (method == "register") {
    return "You are " + text_of(result, "name") + ".\n";
  }
  if (method == "recover") {
    return "You are " + text_of(result, "name") + " again, on this device. The recovery key stays good.\n";
  }
  if (method == "reset") {
    return "The reset of " + text_of(result, "name") +
           " is asked for. Unless it is vetoed this device has the name an hour after " +
           time_of(result, "matures_ms") +
           "; let it run then.\nThe recovery key after it is the one that was shown before.\n";
  }
  if (method == "veto") {
    if (result.value("vetoed", false)) return "The reset is vetoed.\n";
    return "The directory has not published the veto, but enough auditors have it:\n" + render_veto(result);
  }
  if (method == "reset.delay") {
    const std::uint64_t days = result.value("reset_delay_days", std::uint64_t{0});
    return days == 0 ? "No reset of this name is valid from now on.\n"
                     : "A reset of this name takes " + std::to_string(days) + " days from now on.\n";
  }
  if (method == "link")
    return "On another device of yours, type:  cairn device approve " + text_of(result, "code") + "\n";
  if (method == "link.wait") return "This device is one of " + text_of(result, "name") + "'s now.\n";
  if (method == "device.approve") return "The device was added.\n";
  if (method == "device.remove") return "The device was removed.\n";
  if (method == "device.name") {
    const std::string name = text_of(result, "name");
    return name.empty() ? "That device has no name here any more.\n" : "That device is called " + name + " here.\n";
  }
  if (method == "send") {
    return result.value("delivery", "") == "sent"
               ? "Sent.\n"
               : "Kept; it is sent as soon as that is possible. " + text_of(result, "trouble") + "\n";
  }
  if (method == "export") return render_export(result);
  if (method == "evidence.verify") return text_of(result, "sentence") + "\n";
  if (method == "evidence.export")
    return "Written to " + text_of(result, "file") + ": evidence verify says what it proves.\n";
  if (method == "gossip.list" || method == "gossip.dismiss") return render_gossip(result, ink);
  if (const auto talk = render_talk(method, result, ink)) return *talk;
  return result.dump(2) + "\n";
}

}  // namespace cairn::apps
