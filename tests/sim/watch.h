// What must be true in every run, looked at from outside: what hosts have on disk, and what leaves them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "core/directory/name.h"
#include "core/directory/view.h"
#include "core/mls/rules.h"
#include "tests/sim/kept.h"
#include "tests/sim/network.h"

namespace cairn::sim {

/// Knows the truth: people's devices belong to honest people, so what they sign is what their owners wanted.
class Watch final : public Observer {
 public:
  explicit Watch(Trace& trace) : trace_(trace) {}

  /// Of a channel, by its number.
  using Epoch = std::pair<ChannelId, std::uint64_t>;
  /// Of a device's messages (home, index): the epoch that each was encrypted in last.
  using SentIn = std::map<Bytes, Epoch>;
  /// How a message came to be on a device's disk.
  enum class Came : std::uint8_t { by_itself, with_history };
  /// Of a device's messages (home, index).
  using HowTheyCame = std::map<Bytes, Came>;
  /// What the watch knows of a device's disk at the moment when somebody copies it.
  struct Copied {
    Time when;
    SentIn sent_in;
    HowTheyCame came;
  };

  /// The server's and cosigners' answers, and people's devices.
  enum class Role : std::uint8_t { relay, cosigner, device };
  /// From now on; `host` must outlive this.
  void look_at(Host& host, Role role);

  /// Sentences about what was not as it must be; empty in a good run.
  const std::vector<std::string>& violations() const { return violations_; }
  void violation(std::string sentence);

  /// Its owner typed this: nobody ever types the same twice.
  void typed(const std::string& device, const std::string& text) { typed_.emplace(text, device); }
  /// It typed this text to a file with these bytes.
  void gave_file(const std::string& text, Bytes bytes) { files_[text].push_back(std::move(bytes)); }
  /// Where the harness saves the file that came with a text.
  static constexpr std::string_view kSavedFolder = "/saved/";
  static constexpr std::string_view kKeptFolder = "/kept/";
  /// Its owner was told that this text is sent.
  void promised(const std::string& device, const std::string& text) { promised_.emplace(device, text); }

  /// Somebody without a device of this world gives the server a StatementRequest.
  void said(const std::string& who, ByteView statement_request);

  /// A row of it is gone; or all of it is what it was then, from now on.
  void lost_something(const Host& host) { harmed_.insert(&host); }
  Copied copied(const Host& host) const;  // of a device
  void put_back(const Host& host, Copied copied);
  /// Whether anything that a device knew was lost: then not all comes right at once.
  bool is_harmed() const { return !harmed_.empty(); }

  // ---- at the end, when everything was mended and had time ----

  /// Whether nothing is under way any more: texts sent, mail read, everybody of one opinion.
  bool settled() const;
  /// Everything that must be true then.
  void check_end();
  /// What each device has of its conversations, for people who look for a cause.
  void note_all() const;

  /// How many texts their senders were told to be sent.
  std::size_t texts_sent() const;
  /// Changes of channels, and sends to them, that the server took.
  std::size_t channel_writes() const { return channel_writes_; }
  /// Commits that the server took which bring in and remove nobody: of leaves whose keys were old, or in doubt.
  std::size_t leaf_updates() const { return leaf_updates_; }
  /// The device was never let in by its owner: nothing may be encrypted to it. Others are found without being named.
  bool is_authorised(const DeviceId& device) const { return authorised_.contains(device); }

 private:
  /// Devices of a conversation, and what all of them must agree on.
  struct Members {
    std::set<DeviceId> devices;
    Bytes authenticator;
    friend bool operator==(const Members&, const Members&) = default;
  };
  /// A statement that an honest device gave to the directory.
  struct Said {
    directory::Name name;
    std::optional<DeviceId> adds, removes;
    bool accepted = false;
  };
  /// One device with a name, as its disk shows it.
  struct Device {
    const Host* host = nullptr;
    directory::Name name;
    DeviceId id;
    std::optional<directory::VerifiedView> own_name;
    Kepts conversations;
    bool mail_waits = false;
    bool moves_files = false;
    std::optional<DeviceId> given_by;  ///< who gives it the history, or gave it
    bool active = false;               ///< by the newest view that anybody of its name has
  };
  using Devices = std::vector<const Device*>;

  void on_call(const Host& from, const proto::Call& call) override;
  void on_answer(const Host& by, const proto::RequestArrived& request, const proto::Respond& answer) override;
  void on_spin(const Host& host) override;
  void on_commit(const Host& device, const std::vector<Write>& writes);
  void on_group(const Host& device, ByteView channel, ByteView row);
  void on_rejoin(const Host& device, ByteView row);
  std::set<DeviceId> check_members(const Host& device, const std::vector<mls::Member>& members);
  void check_cosigned(const Host& by, ByteView body);
  void check_handed_out(ByteView answer);
  void on_send(const Host& from, ByteView body);

  /// All that have a name; good until a disk changes.
  Devices devices() const;
  /// Null for one without a name. Read again only when its disk has changed.
  Device* device_of(const Host& host) const;
  std::optional<std::string> find_disagreement() const;
  bool was_lost_at_birth(const Devices& all, const Device& device, const ChannelId& channel) const;
  bool was_removed_unseen(const Devices& all, const Device& device, const ChannelId& channel) const;
  std::optional<std::string> find_lost_statement() const;
  /// A message that somebody said: by its id it is the same on all devices.
  struct Saying {
    const Host* by = nullptr;
    std::uint64_t number = 0;  ///< of all that this device said, in its order
    std::string text;          ///< as it was at first
  };
  void on_message(const Host& device, ByteView row);
  void note_how_they_came(const Host& device, const std::vector<Write>& writes);
  /// A conversation, and devices on which what came with a history may stand behind what came since.
  using FilledLate = std::set<std::pair<std::string, DeviceId>>;
  FilledLate filled_late(const Devices& all) const;
  const Saying* find_saying(const client::MessageId& id) const;
  bool is_as_said(const client::Message& message, const Saying& saying) const;

  /// (conversation, message) -> how often each device has it.
  using Copies = std::map<std::pair<std::string, client::MessageId>, std::map<DeviceId, std::size_t>>;
  /// Who says that something may be missing, in which conversation.
  using Lacking = std::set<std::pair<std::string, DeviceId>>;
  /// Each message once, in the order of its sender, from whom it says and with what was said.
  Copies check_what_came(const Devices& all);
  Lacking who_may_lack(const Devices& all) const;
  void check_texts(const Devices& all);
  void check_promises(const std::set<std::pair<std::string, client::MessageId>>& kept);
  void check_files();
  bool was_out(const ChannelId& channel, const DeviceId& device) const;
  /// Edited, taken back, reacted to: all who are in a conversation see the same.
  void check_shown(const Devices& all, const Lacking& lacking);

  Trace& trace_;
  std::map<const Host*, Role> roles_;  // looked up only: addresses must not decide an order
  std::vector<Host*> people_;
  std::vector<std::string> violations_;
  std::map<DeviceId, PublicKey> authorised_;
  std::map<Hash, Said> statements_;  // by their bytes
  std::map<Epoch, Members> members_;
  std::map<const Host*, SentIn> sent_in_;                                         // looked up only
  std::map<const Host*, HowTheyCame> came_;                                       // likewise
  std::map<std::tuple<const Host*, std::string, std::uint64_t>, Hash> cosigned_;  // by origin and size
  std::set<Hash> handed_out_;
  std::size_t statements_taken_ = 0;
  std::size_t channel_writes_ = 0;
  std::size_t leaf_updates_ = 0;
  std::map<client::MessageId, Saying> sayings_;
  std::map<const Host*, std::uint64_t> last_said_;  // looked up only
  std::map<std::string, client::MessageId> by_text_;
  std::map<std::string, std::vector<Bytes>> files_;         // by the text that goes with it: what each was in turn
  std::map<std::string, std::string> typed_;                // text -> device
  std::set<std::pair<std::string, std::string>> promised_;  // host, text
  std::set<const Host*> harmed_;                            // looked up only
  std::map<const Host*, Time> put_back_;                    // likewise; the last time
  /// What devices gave to a channel: by the hash of the ciphertext.
  struct Given {
    const Host* by = nullptr;
    Epoch epoch;
    Time first;
    bool taken = false;
  };
  std::map<Hash, Given> given_;
  /// Of a device that was put back: where its later state has written, so that no key there may be used again.
  std::map<const Host*, std::set<Epoch>> used_;  // looked up only

  // What was found on disks the last time, so that it is looked for again only on those that have changed.
  struct Looked {
    std::optional<std::uint64_t> version;  ///< of the disk
    GroupReader groups;
    std::optional<Device> device;
  };
  mutable std::map<const Host*, Looked> looked_;  // looked up only
  mutable std::vector<std::uint64_t> settled_for_;
  mutable bool settled_ = false;
};

}  // namespace cairn::sim
