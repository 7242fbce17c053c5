// What people said: that it came, once and as it was said, and that all who have it see the same of it in the end.
#include "core/base/encoding.h"
#include "core/client/attachment.h"
#include "core/client/messages.h"
#include "core/client/tables.h"
#include "tests/sim/host.h"
#include "tests/sim/watch.h"

namespace cairn::sim {
namespace {

using client::Delivery;

bool is_here(const client::Message& message) {
  return message.delivery == Delivery::received || message.delivery == Delivery::sent;
}

/// What a person sees of a message, beside what is of this device alone.
struct Shown {
  std::string text;
  bool unsent = false;
  client::MessageId version;
  std::optional<client::MessageId> in_reply_to;
  std::set<std::pair<std::string, std::string>> reactions;  ///< of whom, and which
  std::optional<Hash> file;
  friend bool operator==(const Shown&, const Shown&) = default;
};

Shown shown_on(const Disk& disk, const ChannelId& home, std::uint64_t index, const client::Message& message) {
  Shown out{message.text, message.unsent, message.version, message.in_reply_to, {}, {}};
  for (const client::NumberedReaction& one : client::reactions(disk, home, index)) {
    out.reactions.emplace(one.reaction.sender, one.reaction.text);
  }
  if (const auto row = client::attachment_of(disk, home, index)) out.file = row->file.hash;
  return out;
}

bool knows_of(const Kepts& all, const std::string& conversation) {
  return std::any_of(all.begin(), all.end(),
                     [&](const auto& one) { return id_of(one.second.conversation) == conversation; });
}

/// "alice-1" and "alice@example.org" -> "alice".
std::string person_of(const std::string& device_or_name) {
  return device_or_name.substr(0, device_or_name.find_first_of("-@"));
}

}  // namespace

void Watch::on_message(const Host& device, ByteView row) {
  const auto message = wire::decode<client::Message>(row);
  // What waits was said here: nobody else can have it yet.
  if (!message || message->delivery != Delivery::waiting || message->id.is_zero()) return;
  const auto [at, is_new] = sayings_.try_emplace(message->id, Saying{&device, 0, message->text});
  if (!is_new) return;
  at->second.number = ++last_said_[&device];
  by_text_.emplace(message->text, message->id);
}

const Watch::Saying* Watch::find_saying(const client::MessageId& id) const {
  const auto found = sayings_.find(id);
  return found == sayings_.end() ? nullptr : &found->second;
}

// What somebody of that name typed, and as a version of this one.
bool Watch::is_as_said(const client::Message& message, const Saying& saying) const {
  if (message.unsent) return message.text.empty();
  const auto typed = typed_.find(message.text);
  if (typed == typed_.end() || person_of(typed->second) != person_of(message.sender)) return false;
  return message.version == message.id ? message.text == saying.text : message.text.starts_with(saying.text + " (");
}

// A piece of a history is taken, and what waits of it put in its place, in batches that no message comes in by itself,
// but what the same input had to do beside that.
void Watch::note_how_they_came(const Host& device, const std::vector<Write>& writes) {
  const bool is_of_history = std::any_of(writes.begin(), writes.end(), [](const Write& write) {
    return (write.table == client::tables::kHistoryTaken && write.value) ||
           (write.table == client::tables::kHistoryWaiting && !write.value);
  });
  HowTheyCame& came = came_.at(&device);
  for (const Write& write : writes) {
    if (write.table != client::tables::kMessages) continue;
    if (!write.value) {
      came.erase(write.key);
    } else {
      came.try_emplace(write.key, is_of_history ? Came::with_history : Came::by_itself);
    }
  }
}

// To one that was put back or lost its place, and says that something may be missing, the history that another device
// gives it brings what it had forgotten or missed, behind what came since (docs/spec/client.md s.16). Whoever it gives
// its own history to has that in the same order.
Watch::FilledLate Watch::filled_late(const Devices& all) const {
  FilledLate out;
  for (const Device* device : all) {
    for (const auto& [channel, kept] : device->conversations) {
      if (kept.shows_gap && harmed_.contains(device->host)) out.emplace(id_of(kept.conversation), device->id);
    }
  }
  for (std::size_t before = ~std::size_t{0}; before != out.size();) {
    before = out.size();
    for (const Device* device : all) {
      if (!device->given_by) continue;
      for (const auto& [channel, kept] : device->conversations) {
        const std::string conversation = id_of(kept.conversation);
        if (out.contains({conversation, *device->given_by})) out.emplace(conversation, device->id);
      }
    }
  }
  return out;
}

Watch::Copies Watch::check_what_came(const Devices& all) {
  Copies copies;
  const FilledLate late = filled_late(all);
  for (const Device* device : all) {
    const HowTheyCame& came = came_.at(device->host);
    for (const auto& [channel, kept] : device->conversations) {
      const bool fills_a_gap = late.contains({id_of(kept.conversation), device->id});
      std::map<DeviceId, std::uint64_t> last;
      for (const auto& [index, message] : kept.messages) {
        if (!is_here(message)) continue;
        const std::string who = device->host->name() + ": \"" + message.text + "\" at " + std::to_string(index);
        const Saying* saying = find_saying(message.id);
        if (saying == nullptr) {
          violation(who + " was said by nobody");
          continue;
        }
        if (++copies[{id_of(kept.conversation), message.id}][device->id] > 1) violation(who + " came twice");
        // A device that was put back says again what it had still to say.
        const bool says_again = put_back_.contains(saying->by);
        const auto how = came.find(key_of_message(channel, index));
        const bool is_given = how != came.end() && how->second == Came::with_history;
        std::uint64_t& before = last[message.device];
        if (!(fills_a_gap && is_given)) {
          if (saying->number <= before && !says_again) violation(who + " is out of order");
          before = std::max(before, saying->number);
        }
        const Device* sender = device_of(*saying->by);
        if (sender == nullptr || sender->id != message.device || sender->name.text() != message.sender) {
          violation(who + " is not from whom it says");
        }
        if (!is_as_said(message, *saying)) violation(who + " is not what was said");
      }
    }
  }
  return copies;
}

Watch::Lacking Watch::who_may_lack(const Devices& all) const {
  Lacking out;
  for (const Device* device : all) {
    for (const auto& [channel, kept] : device->conversations) {
      if (kept.shows_gap) out.insert({id_of(kept.conversation), device->id});
    }
  }
  return out;
}

void Watch::check_texts(const Devices& all) {
  std::map<DeviceId, const Device*> by_id;
  for (const Device* device : all) by_id.emplace(device->id, device);
  Copies copies = check_what_came(all);
  const Lacking lacking = who_may_lack(all);
  std::set<std::pair<std::string, client::MessageId>> kept_promises;
  for (const Device* device : all) {
    for (const auto& [channel, kept] : device->conversations) {
      const std::string conversation = id_of(kept.conversation);
      for (const auto& [index, message] : kept.messages) {
        if (message.device != device->id) continue;
        const Saying* saying = find_saying(message.id);
        const std::string text = "\"" + (saying != nullptr ? saying->text : message.text) + "\"";
        const auto& there = copies[{conversation, message.id}];
        const bool knows = !put_back_.contains(device->host);
        if (message.delivery == Delivery::refused && !there.empty() && knows) {
          violation(text + " was refused and has arrived");
        }
        if (message.delivery != Delivery::sent) continue;
        kept_promises.emplace(device->host->name(), message.id);
        const SentIn& all_sent = sent_in_.at(device->host);
        const auto epoch = all_sent.find(key_of_message(channel, index));
        const auto members = epoch == all_sent.end() ? members_.end() : members_.find(epoch->second);
        if (members == members_.end()) {
          violation(text + " is said to be sent and never was");
          continue;
        }
        for (const DeviceId& member : members->second.devices) {
          const auto receiver = by_id.find(member);
          if (receiver == by_id.end() || !receiver->second->active || there.contains(member)) continue;
          if (lacking.contains({conversation, member})) continue;  // it says that something is missing
          // Nothing is known there of what began after the copy that was put back, and if its name is out of it since,
          // nobody speaks of it any more.
          if (put_back_.contains(receiver->second->host) && !knows_of(receiver->second->conversations, conversation))
            continue;
          violation(receiver->second->host->name() + " never got " + text + " of epoch " +
                    std::to_string(epoch->second.second));
        }
      }
    }
  }
  check_promises(kept_promises);
  check_shown(all, lacking);
}

void Watch::check_promises(const std::set<std::pair<std::string, client::MessageId>>& kept) {
  std::set<std::string> forgetful;
  for (const Host* host : people_) {
    if (put_back_.contains(host)) forgetful.insert(host->name());
  }
  for (const auto& [host, text] : promised_) {
    const auto id = by_text_.find(text);
    const bool is_kept = id != by_text_.end() && kept.contains({host, id->second});
    if (!is_kept && !forgetful.contains(host)) violation(host + " was told that \"" + text + "\" is sent");
  }
}

// Whoever was out of a group for a while has not heard what was said of its messages meanwhile.
bool Watch::was_out(const ChannelId& channel, const DeviceId& device) const {
  bool was_in = false, was_out = false;
  for (auto at = members_.lower_bound({channel, 0}); at != members_.end() && at->first.first == channel; ++at) {
    const bool is_in = at->second.devices.contains(device);
    if (is_in && was_out) return true;
    was_out = was_in && !is_in;
    was_in = was_in || is_in;
  }
  return false;
}

void Watch::check_shown(const Devices& all, const Lacking& lacking) {
  struct First {
    const Device* device;
    Shown shown;
  };
  std::map<std::pair<std::string, client::MessageId>, First> first;
  std::set<std::pair<std::string, DeviceId>> speak;
  for (const Device* device : all) {
    for (const auto& [channel, kept] : device->conversations) {
      // One that lost its place, and was not let in again, hears of no change; and says so.
      const bool is_in = kept.conversation.state == client::ConversationState::active && !kept.members.empty();
      if (is_in && !was_out(channel, device->id)) speak.insert({id_of(kept.conversation), device->id});
    }
  }
  for (const Device* device : all) {
    if (!device->active) continue;
    for (const auto& [channel, kept] : device->conversations) {
      const std::string conversation = id_of(kept.conversation);
      if (!speak.contains({conversation, device->id}) || lacking.contains({conversation, device->id})) continue;
      for (const auto& [index, message] : kept.messages) {
        if (!is_here(message)) continue;
        Shown shown = shown_on(device->host->disk(), channel, index, message);
        const auto [known, is_new] = first.try_emplace({conversation, message.id}, First{device, shown});
        if (is_new || known->second.shown == shown) continue;
        const Saying* saying = find_saying(message.id);
        violation(device->host->name() + " and " + known->second.device->host->name() + " show another \"" +
                  (saying != nullptr ? saying->text : message.text) + "\" in " + to_hex(channel).substr(0, 8) + ": \"" +
                  shown.text + "\" with " + std::to_string(shown.reactions.size()) + " reactions, \"" +
                  known->second.shown.text + "\" with " + std::to_string(known->second.shown.reactions.size()));
      }
    }
  }
}

void Watch::check_files() {
  for (const Host* host : people_) {
    for (const auto& [path, file] : host->files().files) {
      const auto folder = path.starts_with(kSavedFolder) ? kSavedFolder : kKeptFolder;
      if (!path.starts_with(folder) || testing::FakeFiles::is_part(path)) continue;
      const auto given = files_.find(path.substr(folder.size()));
      if (given == files_.end() || std::ranges::count(given->second, file.bytes) == 0) {
        violation(host->name() + " has other bytes at " + path + " than were sent");
      }
    }
  }
}

std::size_t Watch::texts_sent() const {
  std::size_t count = 0;
  for (const Device* device : devices()) {
    for (const auto& [channel, kept] : device->conversations) {
      for (const auto& [index, message] : kept.messages) {
        count += message.device == device->id && message.delivery == Delivery::sent ? 1 : 0;
      }
    }
  }
  return count;
}

}  // namespace cairn::sim
