// Takes what the device that let this one in gives of its history (docs/spec/client.md s.16).
//
// A piece is fetched, checked, and put into the store in one batch with the word that it is there. What is of a
// conversation that this device is not in yet waits in rows.
#pragma once

#include "core/client/history_giver.h"
#include "core/client/search.h"

namespace cairn::client {

/// Pieces that were offered and not fetched; the giver has fewer under way.
constexpr std::size_t kMaxHistoryOffers = 64;
/// How often a piece that was missing or another one is asked for again, of all together.
constexpr std::uint32_t kMostAskedAgain = 16;
/// What was said may have been lost: a history of which nothing was heard for so long is asked for again, and so is any
/// when the mailbox has a gap.
constexpr std::uint64_t kAskHistoryAgainMs = kDayMs;
constexpr std::uint64_t kAskHistoryPauseMs = 10 * kMinuteMs;  ///< between two times, at least
constexpr std::uint32_t kMostHistoryAsks = 30;                ///< until something is heard

class HistoryTaker {
 public:
  HistoryTaker(HistoryRooms rooms, Search& search) : rooms_(rooms), search_(search) {}

  /// Another own device offers a piece, or says that there are no more. Nothing comes of it unless it let this one in.
  void offered(Context& context, const Account& account, const DeviceId& by, const HistoryOffer& offer);
  void ended(Context& context, const Account& account, const DeviceId& by, const HistoryEnd& end);
  /// Envelopes of the mailbox are gone: offers may have been among them.
  void mail_is_missing(Context& context);
  /// Whether this device is being given the history by that one.
  static bool is_given_by(const StoreView& store, const DeviceId& by);
  void step(Context& context, const Account& account);
  Time next_deadline() const { return hungry_ ? Time{} : next_; }
  void forget_all();

  /// Called when more is there, or it has ended.
  using Listener = std::function<void(Context&, const HistoryTake&)>;
  void set_listener(Listener listener) { listener_ = std::move(listener); }

 private:
  /// How a run's messages stand here.
  enum class Living : std::uint8_t { yes, archived };

  /// Whether this own device let this one in; a note where it did not.
  static bool is_giver(Context& context, const DeviceId& by, const HistoryTake& take);
  /// Whether the giver was removed meanwhile: then that was all.
  bool is_giver_gone(Context& context, const Account& account, HistoryTake& take);
  void ask(Context& context, const Account& account, HistoryTake& take);
  void ask_again(Context& context, const Account& account, const HistoryTake& take);
  void fetch(Context& context, const Account& account);
  void fetched(Context& context, const Account& account, const HistoryOffer& offer, const Answer& answer);
  /// Not at once, and each time later.
  void pause(const Context& context, std::uint64_t at_least_ms = 0);
  void take_piece(Context& context, const Account& account, HistoryTake& take, const HistoryOffer& offer,
                  const HistoryPiece& piece);
  /// It is asked for again, or given up with this sentence.
  void lost(Context& context, const Account& account, HistoryTake& take, const HistoryOffer& offer,
            const std::string& why);
  void take_run(Context& context, const Account& account, const HistoryOffer& offer, std::uint32_t number,
                const HistoryRun& run);
  void put_run(Context& context, const Account& account, const ChannelId& home, const HistoryRun& run, Living living);
  /// Not what came here before, at whatever place, nor what cannot be of this conversation.
  bool is_wanted(Context& context, const ChannelId& home, const HistoryRun& run, const HistoryMessage& given,
                 Living living);
  /// At its index, or behind what is here.
  enum class Place : std::uint8_t { before, behind };
  void put_message(Context& context, const Account& account, const ChannelId& home, const HistoryMessage& given,
                   Living living, Place place);
  void put_gap(Context& context, const ChannelId& home, const HistoryGap& gap, Living living);
  ChannelId archive(Context& context, const Account& account, const HistoryRun& run);
  void look_at_waiting(Context& context, const Account& account, const HistoryTake& take);

  HistoryRooms rooms_;
  Search& search_;
  Listener listener_;
  bool fetching_ = false;
  bool hungry_ = false;
  unsigned failures_ = 0;
  Time next_{};
  std::uint64_t entries_ = ~std::uint64_t{0};  ///< of conversations, when what waits was last looked at
  bool waits_ = true;                          ///< whether anything does, as far as is known
};

}  // namespace cairn::client
