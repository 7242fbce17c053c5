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

// ---- groups ----

void Script::create_group() {
  const Person& person = anybody();
  const std::string& device = any_device(person);
  const json created = world_.ask(
      device, "group.create",
      {{"title", "group " + std::to_string(groups_.size() + 1)}, {"names", {anybody_but(person).name}}}, kMinuteMs);
  if (!worked(created)) return;
  groups_.push_back(created["result"]["conversation"]);
  say(device, groups_.back());
}

void Script::add_to_group() {
  if (groups_.empty()) return create_group();
  change_a_group("group.add", {{"conversation", groups_[random_.below(groups_.size())]}, {"name", anybody().name}},
                 any_device(anybody()));
}

// What is asked here may be refused: not everybody is an admin, or in it any more.
void Script::change_a_group(const std::string& method, const json& params, const std::string& device) {
  tickets_.emplace_back(world_.say(device, method, params), "");
}

void Script::remove_from_group() {
  const std::string& device = any_device(anybody());
  const json group = any_conversation(device, "group");
  if (group.is_null()) return create_group();
  const json& names = group["names"];
  change_a_group("group.remove", {{"conversation", group["id"]}, {"name", names[random_.below(names.size())]}}, device);
}

void Script::leave_group() {
  const std::string& device = any_device(anybody());
  const json group = any_conversation(device, "group");
  if (group.is_null()) return create_group();
  change_a_group("group.leave", {{"conversation", group["id"]}}, device);
}

// Perhaps on two devices at once: one of the two commits is made again upon the other.
void Script::change_group() {
  const Person& person = anybody();
  for (std::uint64_t i = 1 + random_.below(2); i > 0; --i) {
    const std::string& device = any_device(person);
    const json group = any_conversation(device, "group");
    if (group.is_null()) return create_group();
    json params = {{"conversation", group["id"]}};
    const json& names = group["names"];
    if (chance(2)) {
      params["title"] = "title " + std::to_string(++said_["titles"]);
    } else {
      params[chance(3) ? "member" : "admin"] = names[random_.below(names.size())];
    }
    change_a_group("group.change", params, device);
  }
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
    taken_back_.insert(as_first_said(message["text"]));
  } else if (is_own && !chance(4)) {
    method = "message.edit";
    params["text"] = as_first_said(message["text"]) + " (" + device + " " + std::to_string(++said_[device]) + ")";
  } else {
    params["text"] = kReactions[random_.below(kReactions.size())];
    if (chance(3)) params["remove"] = true;
  }
  tickets_.emplace_back(world_.say(device, method, params), "");
}

// ---- files ----

void Script::send_file() {
  const std::string& device = any_device(anybody());
  const json where = any_conversation(device, "");
  if (where.is_null()) return say_to_a_person();
  // None, exactly a chunk, and any.
  const std::uint64_t sizes[] = {0, 1, 64 * 1024, 64 * 1024 + 1, random_.below(2000), random_.below(200'000)};
  Bytes bytes(sizes[random_.below(std::size(sizes))]);
  random_.fill(bytes);
  const std::string text = next_text(device);
  const std::string path = "/home/" + text;
  world_.host(device).files().put(path, bytes);
  const json params = {{"to", where["id"]}, {"file", path}, {"text", text}, {"wait_ms", 10 * kMinuteMs}};
  tickets_.emplace_back(world_.say(device, "attachment.send", params), text);
  world_.watch().gave_file(text, bytes);
  if (!chance(6) || bytes.empty()) return;
  // Somebody writes into it meanwhile: what is sent is what it was, or nothing is; or all of what it is then, where the
  // sending had to wait until after that.
  world_.pass(random_.below(2 * kSecondMs));
  bytes.front() ^= 1;
  world_.watch().gave_file(text, bytes);
  world_.host(device).files().put(path, std::move(bytes));
}

std::vector<json> Script::messages_with_files(const std::string& device) {
  std::vector<json> out;
  const json answer = world_.ask(device, "read");
  if (!worked(answer)) return out;
  for (const json& one : answer["result"]["messages"]) {
    const std::string delivery = one["delivery"];
    if (one.contains("attachment") && (delivery == "sent" || delivery == "received")) out.push_back(one);
  }
  return out;
}

json Script::save(const std::string& device, const json& message, std::string_view folder) {
  if (message.contains("request")) {
    world_.ask(device, "request.accept", {{"conversation", message["conversation"]}});
  }
  const std::string path = std::string(folder) + message["text"].get<std::string>();
  return world_.ask(device, "attachment.save", {{"message", message["id"]}, {"file", path}, {"wait_ms", 5 * kMinuteMs}},
                    6 * kMinuteMs);
}

void Script::save_file() {
  const std::string& device = any_device(anybody());
  const std::vector<json> all = messages_with_files(device);
  if (all.empty()) return send_file();
  (void)save(device, all[random_.below(all.size())], Watch::kSavedFolder);
}

void Script::save_everything() {
  if (files_are_gone_) return;
  for (const Person& person : people_) {
    for (const std::string& device : person.devices) {
      for (const json& message : messages_with_files(device)) {
        const std::string text = message["text"];
        if (taken_back_.contains(text)) continue;  // here that may not have been heard
        // A device that was put back in the middle of sending it has sent it once more.
        if (world_.host(device).files().files.contains(std::string(Watch::kKeptFolder) + text)) continue;
        const json saved = save(device, message, Watch::kKeptFolder);
        if (worked(saved) && saved["result"]["state"] == "done") continue;
        world_.watch().violation(device + " cannot save the file of \"" + message["text"].get<std::string>() +
                                 "\": " + saved.dump());
      }
    }
  }
}

}  // namespace cairn::sim
