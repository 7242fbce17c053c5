// What must be true when everything was mended and had time to come right.
#include "core/base/encoding.h"
#include "core/client/account.h"
#include "core/client/history_rows.h"
#include "core/client/tables.h"
#include "core/client/transfer.h"
#include "core/client/views.h"
#include "tests/sim/host.h"
#include "tests/sim/watch.h"

namespace cairn::sim {
namespace {

bool is_out_of_group(const Kept& kept) {
  return kept.conversation.kind == client::ConversationKind::group &&
         kept.conversation.state == client::ConversationState::left;
}

}  // namespace

Watch::Device* Watch::device_of(const Host& host) const {
  Looked& looked = looked_[&host];
  if (looked.version == host.disk().version()) return looked.device ? &*looked.device : nullptr;
  looked.version = host.disk().version();
  looked.device.reset();
  const auto account = client::load_account(host.disk());
  if (!account) return nullptr;
  client::Calls calls;
  auto view = client::Views(calls).view(host.disk(), *account, account->name);
  if (view && !view->exists()) view.reset();
  const bool waits = !host.disk().scan(client::tables::kInbox, {}, {}, 1).empty();
  const auto transfers = client::load_transfers(host.disk());
  const bool moves_files = std::any_of(transfers.begin(), transfers.end(),
                                       [](const client::Transfer& transfer) { return !transfer.is_over(); });
  const auto take = client::load_take(host.disk());
  return &looked.device.emplace(Device{&host, account->name, account->device_id(), std::move(view),
                                       conversations_of(host.disk(), looked.groups), waits, moves_files,
                                       take ? std::optional(take->from) : std::nullopt, false});
}

std::vector<const Watch::Device*> Watch::devices() const {
  std::vector<Device*> all;
  std::map<directory::Name, const directory::VerifiedView*> newest;
  for (const Host* host : people_) {
    Device* device = device_of(*host);
    if (device == nullptr) continue;
    all.push_back(device);
    if (!device->own_name) continue;
    const auto [known, is_new] = newest.emplace(device->name, &*device->own_name);
    if (!is_new && known->second->count() < device->own_name->count()) known->second = &*device->own_name;
  }
  for (Device* device : all) {
    const auto view = newest.find(device->name);
    device->active = view != newest.end() && view->second->state().is_active(device->id);
  }
  return {all.begin(), all.end()};
}

std::optional<std::string> Watch::find_disagreement() const {
  const auto all = devices();
  std::map<ChannelId, const Device*> first;
  for (const Device* device : all) {
    if (!device->active) continue;
    if (device->mail_waits) return device->host->name() + " has mail that it has not looked at";
    if (device->moves_files) return device->host->name() + " is sending or saving a file";
    for (const auto& [channel, kept] : device->conversations) {
      const std::string where = " in " + to_hex(channel).substr(0, 8);
      if (was_removed_unseen(all, *device, channel)) continue;
      for (const auto& [index, message] : kept.messages) {
        if (message.delivery == client::Delivery::waiting) {
          return device->host->name() + " has not sent \"" + message.text + "\"" + where + ": " +
                 kept.conversation.trouble;
        }
      }
      if (!goes_on(device->conversations, channel)) continue;
      if (was_lost_at_birth(all, *device, channel)) continue;
      // Whoever left, or was removed; if others think otherwise that is seen where they are.
      if (is_out_of_group(kept)) continue;
      if (kept.conversation.state != client::ConversationState::active) {
        return device->host->name() + " is in state " + std::to_string(static_cast<int>(kept.conversation.state)) +
               where + ": " + kept.conversation.trouble;
      }
      if (kept.has_to_say) return device->host->name() + " has not said all" + where + ": " + kept.conversation.trouble;
      if (kept.wants.wants_anything()) return device->host->name() + " has not changed the group" + where;
      first.emplace(channel, device);
    }
  }
  for (const auto& [channel, one] : first) {
    const Kept& wanted = one->conversations.at(channel);
    const auto& names = wanted.conversation.names;
    for (const Device* device : all) {
      const bool in = device->active && std::binary_search(names.begin(), names.end(), device->name.text());
      const bool is_member = wanted.members.contains(device->id);
      const std::string where = " of " + to_hex(channel).substr(0, 8);
      if (in != is_member) return device->host->name() + (in ? " is not" : " is") + " in the group" + where;
      if (!in) continue;
      const auto kept = device->conversations.find(channel);
      if (kept == device->conversations.end()) return device->host->name() + " does not know" + where;
      if (!goes_on(device->conversations, channel)) return device->host->name() + " does not write to that" + where;
      if (is_out_of_group(kept->second)) return device->host->name() + " thinks that it was removed, out" + where;
      if (kept->second.conversation.title != wanted.conversation.title ||
          kept->second.wants.admins != wanted.wants.admins) {
        return device->host->name() + " and " + one->host->name() + " disagree on title or admins" + where;
      }
      if (kept->second.epoch != wanted.epoch || kept->second.members != wanted.members ||
          kept->second.conversation.names != names) {
        return device->host->name() + " and " + one->host->name() + " disagree on epoch or members" + where;
      }
    }
  }
  return std::nullopt;
}

// What no other device knows of that its owner still has, and this one lost: nobody could let it in.
bool Watch::was_lost_at_birth(const Devices& all, const Device& device, const ChannelId& channel) const {
  const Kept& kept = device.conversations.at(channel);
  if (!harmed_.contains(device.host) || kept.conversation.state != client::ConversationState::broken) return false;
  return std::none_of(all.begin(), all.end(), [&](const Device* other) {
    return other->id != device.id && other->active && other->conversations.contains(channel);
  });
}

// Who was removed from a group while they could not follow it asks in vain to be let in: they show what the server
// says, and what waits there waits (docs/spec/client.md s.15).
bool Watch::was_removed_unseen(const Devices& all, const Device& device, const ChannelId& channel) const {
  const Kept& kept = device.conversations.at(channel);
  const bool is_told = kept.conversation.trouble.find("is not in that conversation any more") != std::string::npos;
  if (!harmed_.contains(device.host) || kept.conversation.kind != client::ConversationKind::group || !is_told)
    return false;
  return std::any_of(all.begin(), all.end(), [&](const Device* other) {
    if (other->id == device.id || !other->active) return false;
    const auto there = other->conversations.find(channel);
    return there != other->conversations.end() && !is_out_of_group(there->second) &&
           !there->second.members.contains(device.id);
  });
}

bool Watch::settled() const {
  std::vector<std::uint64_t> looked_at = {statements_taken_};
  for (const Host* host : people_) looked_at.push_back(host->disk().version());
  if (looked_at != settled_for_) {
    settled_for_ = std::move(looked_at);
    settled_ = !find_disagreement() && !find_lost_statement();
  }
  return settled_;
}

void Watch::check_end() {
  if (const auto disagreement = find_disagreement()) violation(*disagreement);
  if (const auto lost = find_lost_statement()) violation(*lost);
  check_texts(devices());
  check_files();
}

void Watch::note_all() const {
  for (const Device* device : devices()) {
    for (const auto& [channel, kept] : device->conversations) {
      const client::Conversation& one = kept.conversation;
      std::string line = to_hex(channel).substr(0, 8) + ": kind " + std::to_string(static_cast<int>(one.kind)) +
                         ", state " + std::to_string(static_cast<int>(one.state)) + ", epoch " +
                         std::to_string(kept.epoch) + ", " + std::to_string(kept.members.size()) + " members, " +
                         std::to_string(kept.messages.size()) + " messages" + (kept.shows_gap ? ", a gap" : "");
      for (const std::string& name : one.names) line += " " + name;
      trace_.note(device->host->true_now(), device->host->name(), device->active ? "has" : "had", {},
                  line + ". " + one.trouble);
    }
  }
}

// What the server said to have taken stands in the chain.
std::optional<std::string> Watch::find_lost_statement() const {
  const auto all = devices();
  for (const auto& [hash, said] : statements_) {
    if (!said.accepted) continue;
    bool seen = false;
    for (const Device* device : all) {
      if (device->name != said.name || !device->active || !device->own_name) continue;
      const directory::NameState& chain = device->own_name->state();
      seen = true;
      if (said.adds && chain.find(*said.adds) == nullptr) {
        return "a device that the server took is not in the chain that " + device->host->name() + " sees";
      }
      if (said.removes && chain.is_active(*said.removes)) {
        return "a removal that the server took is not in the chain that " + device->host->name() + " sees";
      }
    }
    if (!seen) return "nobody of " + said.name.text() + " is active, though the server took a statement of it";
  }
  return std::nullopt;
}

}  // namespace cairn::sim
