// Settings that the devices of one name share: the last writer counts, whoever hears of it when
// (docs/spec/client.md s.16).
#pragma once

#include "core/client/history_rows.h"
#include "core/client/receipts.h"
#include "core/client/self_line.h"

namespace cairn::client {

/// What is set later than this from now is not believed: clocks of devices may disagree by so much.
constexpr std::uint64_t kMostAheadMs = kDayMs;
/// Settings of conversations that this device is not in yet, and marks up to messages that it does not have yet. Of
/// more the further ones are not kept.
constexpr std::size_t kMaxSharedWaiting = 4096;

/// Bytes of the records of one word, so that a draft has its room.
constexpr std::size_t kSharedWordBytes = 20 * 1024;

class Sharing {
 public:
  Sharing(Conversations& conversations, Receipts& receipts, SelfLine& line)
      : conversations_(conversations), receipts_(receipts), line_(line) {}

  /// What another own device says: settings of its own, or, where it gives this one the history, anybody's.
  enum class Says : std::uint8_t { its_own, anybodys };
  void heard(Context& context, const Account& account, const DeviceId& by, Says says, const SharedRecords& said);
  /// One setting, whoever set it; what is not to be believed is dropped.
  void merge(Context& context, const Account& account, const SharedRecord& record);
  /// What a device's snapshot says, whose it is now: it counts here as set a millisecond later by this device, and so
  /// is said to the others. Of a device that is out it counts where nothing was ever set.
  enum class Backup : std::uint8_t { of_device, of_former_device };
  void restore(Context& context, const Account& account, SharedRecord record, Backup whose);
  /// Everything that is not as it is on a new device, from this place on, in records of at most `most_bytes` together;
  /// moves the place. None: it is over.
  std::vector<SharedRecord> settings_from(const StoreView& store, const Account& account, SettingsCursor& place,
                                          std::size_t most_bytes) const;

  /// What devices that are gone have set is said by this one, as of just after: others of the name may not have heard
  /// of it in time, and would never count it.
  static void take_over(Context& context, const Account& account, const directory::NameState& own_name);

  /// Tells the other devices, if there are any, what was set here.
  enum class Others : std::uint8_t { none, some };
  void step(Context& context, const Account& account, Others others);
  /// A message came, from whomever: a read mark or a deletion may have waited for it.
  void message_came() { something_came_ = true; }
  void forget_all() {
    something_came_ = true;
    entries_ = ~std::uint64_t{0};
    waiting_.reset();
  }

 private:
  /// As it is here now; nothing where the subject is not known.
  std::optional<SharedRecord> record_of(const StoreView& store, const Account& account, SharedField field,
                                        ByteView subject) const;
  /// Of what waits since then, where it still has to.
  void merge(Context& context, const Account& account, const SharedRecord& record, Time since);
  void merge_of_name(Context& context, const Account& account, const SharedRecord& record);
  void merge_of_room(Context& context, const Account& account, const ChannelId& home, const SharedRecord& record,
                     Time since);
  void merge_deletion(Context& context, const Account& account, const ChannelId& home, const SharedRecord& record,
                      Time since);
  /// Whether it is newer than what is here; then its stamp stands.
  static bool wins(Context& context, const Account& account, ByteView key, const SharedRecord& record);
  void keep_waiting(Context& context, const Account& account, const SharedRecord& record, Time since);
  void look_at_waiting(Context& context, const Account& account);

  Conversations& conversations_;
  Receipts& receipts_;
  SelfLine& line_;
  std::uint64_t entries_ = ~std::uint64_t{0};  ///< of conversations, when what waits was last looked at
  bool something_came_ = true;                 ///< since then
  std::optional<std::size_t> waiting_;         ///< rows of tables::kSharedWaiting, while one input is handled
};

}  // namespace cairn::client
