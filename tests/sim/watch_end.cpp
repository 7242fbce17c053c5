// What must be true when everything was mended and had time to come right.
#include "core/base/encoding.h"
#include "core/client/account.h"
#include "core/client/tables.h"
#include "core/client/views.h"
#include "tests/sim/host.h"
#include "tests/sim/watch.h"

namespace cairn::sim {
namespace {

/// "alice-1 #7" -> 7; the harness numbers what each device says.
std::uint64_t number_of(const std::string& text) {
  const std::size_t mark = text.rfind('#');
  return mark == std::string::npos ? 0 : std::strtoull(text.c_str() + mark + 1, nullptr, 10);
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
  return &looked.device.emplace(Device{&host, account->name, account->device_id(), std::move(view),
                                       conversations_of(host.disk(), looked.groups), waits, false});
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
    for (const auto& [channel, kept] : device->conversations) {
      const std::string where = " in " + to_hex(channel).substr(0, 8);
      for (const auto& [index, message] : kept.messages) {
        if (message.delivery == client::Delivery::waiting) {
          return device->host->name() + " has not sent \"" + message.text + "\"" + where + ": " +
                 kept.conversation.trouble;
        }
      }
      if (!goes_on(device->conversations, channel)) continue;
      if (was_lost_at_birth(all, *device, channel)) continue;
      if (kept.conversation.state != client::ConversationState::active) {
        return device->host->name() + " is in state " + std::to_string(static_cast<int>(kept.conversation.state)) +
               where + ": " + kept.conversation.trouble;
      }
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

Watch::Copies Watch::check_what_came(const Devices& all) {
  std::map<DeviceId, const Device*> by_id;
  for (const Device* device : all) by_id.emplace(device->id, device);
  Copies copies;
  for (const Device* device : all) {
    for (const auto& [channel, kept] : device->conversations) {
      std::map<DeviceId, std::uint64_t> last;
      for (const auto& [index, message] : kept.messages) {
        if (message.delivery != client::Delivery::received && message.delivery != client::Delivery::sent) continue;
        const std::string who = device->host->name() + ": \"" + message.text + "\"";
        if (++copies[{id_of(kept.conversation), message.text}][device->id] > 1) violation(who + " came twice");
        const std::uint64_t number = number_of(message.text);
        const auto sender = by_id.find(message.device);
        // A device that was put back says again what it had still to say.
        const bool says_again = sender != by_id.end() && put_back_.contains(sender->second->host);
        // To one that was put back, and says that something may be missing, the history that another device gives it
        // brings what it had forgotten, behind what came since (docs/spec/client.md s.16).
        const bool fills_a_gap = kept.shows_gap && put_back_.contains(device->host);
        if (number <= last[message.device] && !says_again && !fills_a_gap) {
          violation(who + " at " + std::to_string(index) + " is out of order, behind #" +
                    std::to_string(last[message.device]));
        }
        last[message.device] = std::max(last[message.device], number);
        const bool true_sender = sender != by_id.end() && sender->second->name.text() == message.sender &&
                                 message.text.starts_with(sender->second->host->name() + " #");
        if (!true_sender) violation(who + " is not from whom it says");
      }
    }
  }
  return copies;
}

void Watch::check_texts(const Devices& all) {
  std::map<DeviceId, const Device*> by_id;
  for (const Device* device : all) by_id.emplace(device->id, device);
  Copies copies = check_what_came(all);
  std::set<std::pair<std::string, DeviceId>> gaps;
  for (const Device* device : all) {
    for (const auto& [channel, kept] : device->conversations) {
      if (kept.shows_gap) gaps.insert({id_of(kept.conversation), device->id});
    }
  }
  std::set<std::pair<std::string, std::string>> kept_promises;
  for (const Device* device : all) {
    for (const auto& [channel, kept] : device->conversations) {
      for (const auto& [index, message] : kept.messages) {
        if (message.device != device->id) continue;
        const auto& there = copies[{id_of(kept.conversation), message.text}];
        const bool knows = !put_back_.contains(device->host);
        if (message.delivery == client::Delivery::refused && !there.empty() && knows) {
          violation("\"" + message.text + "\" was refused and has arrived");
        }
        if (message.delivery != client::Delivery::sent) continue;
        kept_promises.emplace(device->host->name(), message.text);
        const SentIn& all_sent = sent_in_.at(device->host);
        const auto epoch = all_sent.find(key_of_message(channel, index));
        const auto members = epoch == all_sent.end() ? members_.end() : members_.find(epoch->second);
        if (members == members_.end()) {
          violation("\"" + message.text + "\" is said to be sent and never was");
          continue;
        }
        for (const DeviceId& member : members->second.devices) {
          const auto receiver = by_id.find(member);
          if (receiver == by_id.end() || !receiver->second->active || there.contains(member)) continue;
          if (gaps.contains({id_of(kept.conversation), member})) continue;  // it says that something is missing
          violation(receiver->second->host->name() + " never got \"" + message.text + "\" of epoch " +
                    std::to_string(epoch->second.second));
        }
      }
    }
  }
  std::set<std::string> forgetful;
  for (const Host* host : people_) {
    if (put_back_.contains(host)) forgetful.insert(host->name());
  }
  for (const auto& [host, text] : promised_) {
    if (!kept_promises.contains({host, text}) && !forgetful.contains(host))
      violation(host + " was told that \"" + text + "\" is sent");
  }
}

std::size_t Watch::texts_sent() const {
  std::size_t count = 0;
  for (const Device* device : devices()) {
    for (const auto& [channel, kept] : device->conversations) {
      for (const auto& [index, message] : kept.messages) {
        count += message.device == device->id && message.delivery == client::Delivery::sent ? 1 : 0;
      }
    }
  }
  return count;
}

}  // namespace cairn::sim
