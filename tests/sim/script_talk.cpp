// What people say to each other, and about what was said.
#include "tests/sim/script.h"

namespace cairn::sim {
namespace {

/// So many of the newest messages are talked about.
constexpr std::uint64_t kNewest = 8;

/// "alice-1 #7 (2)" -> "alice-1 #7": what all versions of a message begin with.
std::string as_first_said(const std::string& text) { return text.substr(0, text.find(" (")); }

}  // namespace

Script::Person& Script::anybody_but(const Person& person) {
  for (;;) {
    Person& one = anybody();
    if (one.name != person.name) return one;
  }
}

std::string Script::next_text(const std::string& device) { return device + " #" + std::to_string(++said_[device]); }

void Script::say(const std::string& device, const std::string& to) {
  const std::string text = next_text(device);
  tickets_.emplace_back(world_.say(device, "send", {{"to", to}, {"text", text}, {"wait_ms", 10 * kMinuteMs}}), text);
}

void Script::say_to_a_person() {
  const Person& person = anybody();
  const std::string& device = any_device(person);
  if (!chance(4)) return say(device, full_name(anybody_but(person).name));
  // By its id, as programs do.
  const json conversation = any_conversation(device, "");
  if (!conversation.is_null()) say(device, conversation["id"]);
}

void Script::say_to_a_group() {
  if (groups_.empty()) return create_group();
  say(any_device(anybody()), groups_[random_.below(groups_.size())]);
}

void Script::create_group() {
  const Person& person = anybody();
  groups_.push_back("group " + std::to_string(groups_.size() + 1));
  const json created = world_.ask(any_device(person), "group.create",
                                  {{"title", groups_.back()}, {"names", {anybody_but(person).name}}}, kMinuteMs);
  if (worked(created)) say(any_device(person), groups_.back());
}

void Script::add_to_group() {
  if (groups_.empty()) return create_group();
  const Ticket ticket =
      world_.say(any_device(anybody()), "group.add",
                 {{"conversation", groups_[random_.below(groups_.size())]}, {"name", anybody().name}});
  tickets_.emplace_back(ticket, "");
}

// ---- about what was said ----

json Script::any_conversation(const std::string& device, const std::string& kind) {
  const json answer = world_.ask(device, "conversations");
  json all = json::array();
  if (worked(answer)) {
    for (const json& one : answer["result"]["conversations"]) {
      if (kind.empty() || one["kind"] == kind) all.push_back(one);
    }
  }
  return all.empty() ? json() : all[random_.below(all.size())];
}

json Script::any_message(const std::string& device) {
  const json where = any_conversation(device, "");
  if (where.is_null()) return {};
  const json answer = world_.ask(device, "read", {{"conversation", where["id"]}, {"limit", kNewest}});
  json all = json::array();
  if (worked(answer)) {
    for (const json& one : answer["result"]["messages"]) {
      if (one.contains("id") && !one.contains("unsent")) all.push_back(one);
    }
  }
  return all.empty() ? json() : all[random_.below(all.size())];
}

void Script::reply() {
  const std::string& device = any_device(anybody());
  const json message = any_message(device);
  if (message.is_null()) return;
  const std::string text = next_text(device);
  const json params = {
      {"to", message["conversation"]}, {"text", text}, {"reply", message["id"]}, {"wait_ms", 10 * kMinuteMs}};
  tickets_.emplace_back(world_.say(device, "send", params), text);
}

// Also by two devices of one person at once, which do not know of each other.
void Script::change_message() {
  const Person& person = anybody();
  const std::string& device = any_device(person);
  const json message = any_message(device);
  if (message.is_null()) return;
  const bool is_own = message["sender"] == full_name(person.name);
  for (std::uint64_t i = 1 + random_.below(3); i > 0; --i) {
    change_message(chance(2) ? device : any_device(person), message, is_own);
    if (chance(2)) world_.pass(random_.below(kSecondMs));
  }
}

void Script::change_message(const std::string& device, const json& message, bool is_own) {
  static const std::vector<std::string> kReactions = {"+1", "-1", "?"};
  std::string method = "message.react";
  json params = {{"message", message["id"]}};
  if (is_own && chance(5)) {
    method = "message.unsend";
  } else if (is_own && !chance(4)) {
    method = "message.edit";
    params["text"] = as_first_said(message["text"]) + " (" + device + " " + std::to_string(++said_[device]) + ")";
  } else {
    params["text"] = kReactions[random_.below(kReactions.size())];
    if (chance(3)) params["remove"] = true;
  }
  tickets_.emplace_back(world_.say(device, method, params), "");
}

}  // namespace cairn::sim
