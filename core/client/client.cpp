#include "core/client/client.h"

#include "core/client/account_key.h"
#include "core/client/attachments.h"
#include "core/client/backups.h"
#include "core/client/expiry.h"
#include "core/client/gossips.h"
#include "core/client/invites.h"
#include "core/client/key_packages.h"
#include "core/client/link.h"
#include "core/client/own_devices.h"
#include "core/client/own_name.h"
#include "core/client/receipts.h"
#include "core/client/roles.h"
#include "core/client/rpc.h"
#include "core/client/typing.h"
#include "core/client/vetoes.h"

namespace cairn::client {
namespace {

/// Hands each input to the room it is for, then lets every room do what can be done now.
class Client final : public proto::Mind {
 public:
  explicit Client(ClientConfig config)
      : views_(calls_),
        session_(calls_),
        own_name_(calls_, views_),
        conversations_(calls_, views_, session_),
        gossips_(calls_, views_, conversations_),
        links_(calls_, views_),
        vetoes_(calls_, views_, conversations_),
        receipts_(conversations_, session_),
        expiry_(conversations_),
        roles_(conversations_),
        search_(conversations_),
        typing_(conversations_),
        invites_(conversations_),
        attachments_(TransferRooms{calls_, session_, conversations_}),
        own_devices_(OwnRooms{calls_, views_, session_, conversations_, receipts_, search_}),
        backups_(BackupRooms{calls_, session_, views_, conversations_, own_devices_.sharing(), search_}),
        rpc_(std::move(config),
             RpcRooms{calls_, views_, session_, own_name_, conversations_, gossips_, links_, vetoes_, backups_,
                      receipts_, expiry_, search_, attachments_, typing_, own_devices_, invites_}) {
    conversations_.set_hearer([this](Context& context, const Account& account, const Heard& heard) {
      gossips_.heard(context, account, heard);
      vetoes_.heard(context, account, heard);
      receipts_.heard(context, account, heard);
      expiry_.heard(context, account, heard);
      roles_.heard(context, account, heard);
      invites_.heard(context, account, heard);
      own_devices_.heard(context, account, heard);
      if (own_devices_.heard_of_pin()) backups_.look_for_guesses();
    });
    conversations_.set_receiver(
        [this](Context& context, const Account& account, const ChannelId& home, std::uint64_t index) {
          receipts_.received(context, account, home, index);
          expiry_.received(context, account, home, index);
          own_devices_.message_came();
        });
  }

  proto::Effects rebuild(const StoreView& store, Time now, Entropy& entropy) override {
    calls_.forget_all();
    views_.forget_all();
    session_.forget_all();
    own_name_.forget_all();
    links_.forget_all();
    vetoes_.forget_all();
    conversations_.forget_all(store);
    gossips_.forget_all();
    backups_.forget_all();
    receipts_.forget_all();
    expiry_.forget_all();
    search_.forget_all();
    attachments_.forget_all();
    typing_.forget_all();
    invites_.forget_all();
    own_devices_.forget_all();
    rpc_.forget_all();
    return within(store, now, entropy, [this](Context& context) { typing_.forget_former(context); });
  }

  proto::Effects handle(const proto::Input& input, const StoreView& store, Time now, Entropy& entropy) override {
    return within(store, now, entropy,
                  [&](Context& context) { std::visit([&](const auto& one) { take(context, one); }, input); });
  }

  Time next_deadline() const override {
    if (!has_account_) return rpc_.next_deadline();  // the others were not asked what they wait for
    if (waits_for_room_) {
      return std::min({session_.next_deadline(), rpc_.next_deadline(), expiry_.next_deadline()});
    }
    return std::min({views_.next_deadline(), session_.next_deadline(), own_name_.next_deadline(),
                     links_.next_deadline(), conversations_.next_deadline(), gossips_.next_deadline(),
                     vetoes_.next_deadline(), backups_.next_deadline(), receipts_.next_deadline(),
                     expiry_.next_deadline(), attachments_.next_deadline(), own_devices_.next_deadline(),
                     rpc_.next_deadline()});
  }

 private:
  template <class Body>
  proto::Effects within(const StoreView& store, Time now, Entropy& entropy, Body body) {
    proto::Effects effects;
    Overlay overlay(store);
    Context context{overlay, now, entropy, effects.sends, effects.events};
    body(context);
    settle(context);
    effects.writes = overlay.take_writes();
    return effects;
  }

  void take(Context& context, const proto::CallDone& done) { calls_.done(context, done); }
  void take(Context&, const proto::TimerFired&) {}
  void take(Context& context, const proto::SocketOpened& opened) { rpc_.opened(context, opened); }
  void take(Context& context, const proto::SocketConnected& connected) {
    session_.socket_connected(context, connected.id);
    own_name_.look_soon();
  }
  void take(Context& context, const proto::SocketClosed& closed) {
    if (!session_.socket_closed(context, closed.id)) rpc_.closed(closed.id);
  }
  void take(Context& context, const proto::SocketFrame& frame) {
    if (session_.owns(frame.id)) {
      take_push(context, frame);
    } else {
      expiry_.forget_due(context);  // the timer may be late, as after a sleep
      rpc_.frame(context, frame);
    }
  }
  /// Nobody asks a client over HTTP.
  void take(Context& context, const proto::RequestArrived& request) {
    context.send(proto::Respond{request.id, 404, {}, {}, {}});
  }

  void take_push(Context& context, const proto::SocketFrame& frame) {
    if (const auto signal = wire::decode<proto::SignalPush>(frame.data)) {
      if (const auto account = load_account(context.store)) typing_.take(context, *account, *signal);
      return;
    }
    const auto push = wire::decode<proto::MailboxPush>(frame.data);
    if (!push) return context.note(proto::Event::Level::warning, "a push that cannot be read was dropped");
    switch (push->kind) {
      case proto::MailboxPush::Kind::envelope:
        if (context.store.full()) break;  // not acknowledged: it comes again
        conversations_.store_envelope(context, push->envelope);
        session_.acknowledge(context, push->envelope.sequence);
        break;
      case proto::MailboxPush::Kind::log_grew: own_name_.look_soon(); break;
      case proto::MailboxPush::Kind::caught_up:
        session_.set_caught_up();
        session_.note_mailbox_end(context.now);
        conversations_.mailbox_ends(context, push->last);
        break;
      case proto::MailboxPush::Kind::key_packages_low: session_.set_server_key_packages(0); break;
    }
  }

  void settle(Context& context) {
    auto account = load_account(context.store, std::exchange(key_, std::nullopt));
    has_account_ = account.has_value();
    // All that goes on makes the store larger: on a full disk only answers that are under way are taken in, and what is
    // to be forgotten is forgotten.
    waits_for_room_ = account && context.store.full();
    if (waits_for_room_) {
      forget_key_packages(context);
      conversations_.step(context, *account);
      expiry_.step(context);
      session_.wait_for_room(context);
    } else if (account) {
      go_on(context, *account);
    }
    rpc_.step(context);
    if (account) key_ = std::move(account->signing_key);
  }

  void go_on(Context& context, Account& account) {
    views_.step(context, account);
    links_.step(context, account);
    own_name_.step(context, account, links_.under_way(context.store));
    session_.step(context, account);
    forget_key_packages(context);
    forget_used_last_resorts(context, session_);
    refill_key_packages(context, account, calls_, session_);
    for (const directory::Name& name : views_.take_changed()) {
      if (name == account.name) {
        own_name_.changed(context, account);
        own_devices_.own_name_changed(context, account);
      }
      conversations_.name_changed(context.store, name);
      gossips_.look_again();
    }
    session_.step(context, account);  // the account may have become active just now
    vetoes_.step(context, account);
    conversations_.step(context, account);
    gossips_.step(context, account);
    receipts_.step(context, account);
    attachments_.step(context, account);
    invites_.step(context, account);
    own_devices_.step(context, account);
    conversations_.step(context, account);  // with what they may have to say
    backups_.step(context, account);
    expiry_.step(context);  // last: all before it may begin a life
  }

  Calls calls_;
  Views views_;
  Session session_;
  OwnName own_name_;
  Conversations conversations_;
  Gossips gossips_;
  Links links_;
  Vetoes vetoes_;
  Receipts receipts_;
  Expiry expiry_;
  Roles roles_;
  Search search_;
  Typing typing_;
  Invites invites_;
  Attachments attachments_;
  OwnDevices own_devices_;
  Backups backups_;
  Rpc rpc_;
  std::optional<crypto::SigningKey> key_;  ///< of the account, between two steps
  bool has_account_ = false;
  bool waits_for_room_ = false;
};

}  // namespace

std::unique_ptr<proto::Mind> make_client(ClientConfig config) { return std::make_unique<Client>(std::move(config)); }

}  // namespace cairn::client
