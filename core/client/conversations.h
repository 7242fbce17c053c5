// All conversations of this device: the engine that makes what is match what is wanted (docs/spec/client.md s.3).
#pragma once

#include <functional>
#include <set>

#include "core/client/content.h"
#include "core/client/conversation.h"
#include "core/client/session.h"
#include "core/client/views.h"

namespace cairn::client {

class Conversations {
 public:
  Conversations(Calls& calls, Views& views, Session& session) : calls_(calls), views_(views), session_(session) {}

  // ---- what people want: written down at once, carried out by reconcile ----

  /// The pair with `name`, made if there is none.
  Result<ChannelId> pair_with(Context& context, const Account& account, const std::string& name);
  /// A new group of the own name and `names`.
  Result<ChannelId> create_group(Context& context, const Account& account, const std::string& title,
                                 const std::vector<std::string>& names);
  Status add_to_group(Context& context, const ChannelId& channel, const std::string& name);
  /// Puts a text into the outbox; gives the message's index.
  Result<std::uint64_t> say(Context& context, const Account& account, const ChannelId& channel,
                            const std::string& text);

  // ---- what happens ----

  /// Stores an envelope of the mailbox; the caller acknowledges it. Repeats are dropped by their sequence.
  void store_envelope(Context& context, const proto::Envelope& envelope);
  /// Conversations with this name must be looked at again.
  void name_changed(const StoreView& store, const std::string& name);
  /// Does all that can be done now, for every conversation that is due. Called after every input.
  void step(Context& context, const Account& account);
  void forget_all();
  Time next_deadline() const;

  // ---- what people see ----

  std::vector<Conversation> list(const StoreView& store) const;
  std::optional<Conversation> find(const StoreView& store, const ChannelId& channel) const;
  /// The conversation a person means: a pair's name, a group's title, or the first hex digits of its channel.
  Result<Conversation> resolve(const StoreView& store, const Account& account, const std::string& words) const;
  struct Numbered {
    std::uint64_t index;
    Message message;
  };
  /// Messages with index >= first, ascending, at most `limit`.
  std::vector<Numbered> messages(const StoreView& store, const ChannelId& channel, std::uint64_t first,
                                 std::size_t limit) const;
  std::optional<Message> message(const StoreView& store, const ChannelId& channel, std::uint64_t index) const;

  /// Called for every row of tables::kMessages that is added or changes its delivery.
  using Listener = std::function<void(Context&, const ChannelId&, std::uint64_t index, const Message&)>;
  void set_listener(Listener listener) { listener_ = std::move(listener); }

 private:
  Calls& calls_;
  Views& views_;
  Session& session_;
  Listener listener_;
  std::set<ChannelId> due_;
  Time retry_at_ = Time::never();
};

}  // namespace cairn::client
