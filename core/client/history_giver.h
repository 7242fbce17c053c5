// Gives a device that this one let in what was there before it: settings, then messages from the newest on
// (docs/spec/client.md s.16).
//
// Pieces of at most kMaxHistoryPiece bytes are put as blobs, one at a time, and said in the conversation of the own
// devices; at most kMostPiecesWaiting of them wait for the other device. What is given stands in rows, so that it goes
// on after a crash: a piece that was put and not said is made anew, under another key.
#pragma once

#include <map>
#include <memory>

#include "core/client/calls.h"
#include "core/client/history_records.h"
#include "core/client/sharing.h"
#include "core/client/views.h"

namespace cairn::client {

/// Pieces that were said and not taken.
constexpr std::size_t kMostPiecesWaiting = 4;
/// So long after the new device was seen in a conversation nothing comes there any more that it cannot read: the write
/// key before a commit is good for less (docs/spec/relay.md s.2).
constexpr std::uint64_t kSettledMs = proto::kPreviousWriteKeyMs + 10 * kSecondMs;
/// A conversation that it is not brought into is waited for so long.
constexpr std::uint64_t kJoinWaitMs = kDayMs;
/// Nobody asks, and the name's chain has no such device: that long after it was let in nothing is kept for it.
constexpr std::uint64_t kGrantLifeMs = 30 * kDayMs;

/// All outlive who is given them.
struct HistoryRooms {
  Calls& calls;
  Views& views;
  Session& session;
  Conversations& conversations;
  Sharing& sharing;
  SelfLine& line;
};

class HistoryGiver {
 public:
  explicit HistoryGiver(HistoryRooms rooms) : rooms_(rooms) {}

  /// Another own device asks, for the first time or because something may have been lost. It gets nothing unless this
  /// one let it in.
  void wanted(Context& context, const Account& account, const DeviceId& by, const HistoryWanted& wanted);
  /// It says what became of a piece.
  void told(Context& context, const Account& account, const DeviceId& by, const HistoryTold& told);
  void step(Context& context, const Account& account);
  /// The chain of the own name, or a conversation, may be another now.
  void look_again() { next_look_ = {}; }
  Time next_deadline() const { return hungry_ ? Time{} : next_look_; }
  void forget_all();
  /// Why it does not go on just now; empty when it does.
  const std::string& trouble() const { return trouble_; }

 private:
  /// Counting the messages of all conversations.
  struct Counting {
    std::vector<ChannelId> homes;
    std::uint64_t next = 0;
    std::uint64_t total = 0;
  };
  /// A piece that is being made, and what is so when the other device can have it.
  struct Making {
    HistoryPiece piece;
    GivenPiece row;
    std::map<ChannelId, HistoryPlace> places;
    std::optional<SettingsCursor> settings;  ///< from give.settings, as it was then, to here
    SettingsCursor settings_begin;
    std::optional<Bytes> once_more;       ///< key of the row in tables::kHistoryAgain
    std::vector<GivenPiece::Range> left;  ///< of that row: what did not fit
    std::size_t bytes = 0;
    std::size_t messages = 0;
    bool is_full = false;
  };
  struct Put {
    HistoryOffer offer;
    Making made;
  };

  /// Says once more what waits for an answer.
  void offer_again(Context& context, const Account& account, HistoryGive& give);
  static void make_once_more(Context& context, HistoryGive& give, const Bytes& key, const GivenPiece& piece);
  /// The settings of a piece that is given up go another way.
  void say_settings(Context& context, const Account& account, const HistoryGive& give, SettingsCursor place);
  void advance(Context& context, const Account& account, HistoryGive& give);
  void stop(Context& context, const HistoryGive& give);
  void count_some(Context& context, HistoryGive& give);
  /// The next piece; nothing when there is none just now.
  std::optional<Making> make(Context& context, const Account& account, const HistoryGive& give);
  bool make_again(Context& context, const HistoryGive& give, Making& making);
  void make_messages(Context& context, const HistoryGive& give, Making& making);
  /// The conversation with the newest message that is still to be given.
  std::optional<Conversation> next_conversation(Context& context, const HistoryGive& give, const Making& making);
  HistoryPlace place_of(const StoreView& store, const HistoryGive& give, const Conversation& conversation,
                        const Making& making) const;
  /// Some messages of it, downwards from the place.
  void add_run(Context& context, const Conversation& conversation, HistoryPlace& place, Making& making);
  /// Appends what is in the range, from the newer to the older, until the piece is full; gives the least index that is
  /// done, or range.to.
  std::uint64_t add_range(Context& context, const Conversation& conversation, const GivenPiece::Range& range,
                          std::size_t limit, Making& making);
  /// What came since: true when nothing more is to be given.
  bool look_at_ends(Context& context, const HistoryGive& give);
  void put(Context& context, const Account& account, HistoryGive& give, Making making);
  void put_answered(Context& context, const DeviceId& to, const std::shared_ptr<Put>& put, const Answer& answer);
  void said(Context& context, const Account& account, HistoryGive& give, Put& put);

  HistoryRooms rooms_;
  std::map<DeviceId, Counting> counting_;
  std::map<DeviceId, std::map<ChannelId, std::uint64_t>> newest_;  ///< time of what is next, as far as it is known
  bool putting_ = false;
  bool hungry_ = false;
  Time pause_until_{};
  unsigned failures_ = 0;
  Time next_look_{};
  std::string trouble_;
};

}  // namespace cairn::client
