// Linking a device: both sides of it (docs/spec/client.md s.4). What is under way stands in tables::kPendingLinks, so
// that it goes on after a crash.
#pragma once

#include "core/client/account.h"
#include "core/client/calls.h"
#include "core/client/pending_link.h"
#include "core/client/views.h"

namespace cairn::client {

/// While it waits for the other device, each side asks this often.
constexpr std::uint64_t kLinkPollMs = kSecondMs;
/// After this long without the other device a link is given up. The server forgets what lies in a slot as soon.
constexpr std::uint64_t kLinkLifeMs = proto::kRendezvousLifeMs;

class Links {
 public:
  Links(Calls& calls, Views& views) : calls_(calls), views_(views) {}

  /// New device: makes the account in state linking and gives the code. A link that was begun before and not
  /// submitted is forgotten. `invalid_state` when this device has a name, `invalid_name`, `not_authorised` for a
  /// policy that is too weak.
  Result<std::string> begin(Context& context, const std::string& name, const std::string& server_url,
                            const std::string& policy_text, HistoryChoice history = HistoryChoice::everything);
  /// Forgets a link of this device as the new one, and the account with it, unless its statement may be in the
  /// directory already: `invalid_state`. Nothing to do when there is none.
  Status abandon(Context& context);

  /// Existing device: after its owner gave the code and said yes. The rest happens in step(). Gives the new device's
  /// signature key, to ask status() with. `invalid_state` when this device is not active, `malformed` for what is no
  /// code, `duplicate` when the device is in the chain already.
  Result<PublicKey> approve(Context& context, const Account& account, std::string_view code,
                            HistoryChoice history = HistoryChoice::everything);

  /// Does the next thing that is missing, on either side.
  void step(Context& context, Account& account);
  void forget_all();
  Time next_deadline() const { return due_; }

  struct Progress {
    bool failed = false;
    std::string sentence;  ///< why it failed, or waits; empty while it gets on
  };
  /// Of the link with this new device; nothing when there is none, or it is done.
  std::optional<Progress> progress(const StoreView& store, const PublicKey& newcomer) const;
  bool under_way(const StoreView& store) const;

 private:
  using Record = PendingLink;

  void advance(Context& context, const Account& account, Record link);
  void give_up(Context& context, Record& link);
  void ask(Context& context, const Account& account, const Record& link, proto::Method method, std::string path,
           Bytes body);
  void ask_slot(Context& context, const Account& account, const Record& link, LinkSlot slot);
  void fill_slot(Context& context, const Account& account, const Record& link, LinkSlot slot, ByteView plaintext);
  void answered(Context& context, const Account& account, Record link, const Answer& answer);

  void take_offer(Context& context, const Account& account, Record& link, ByteView sealed);
  void check_offer(Context& context, const Account& account, Record& link);
  void submitted(Context& context, Record& link, const Answer& answer);
  void take_request(Context& context, const Account& account, Record& link, ByteView sealed);
  void make_offer(Context& context, const Account& account, Record& link);
  void await_newcomer(Context& context, const Account& account, Record& link);

  void move_to(Context& context, Record& link, LinkStage stage);
  void fail_link(Context& context, Record& link, std::string sentence);

  Calls& calls_;
  Views& views_;
  std::map<PublicKey, Time> asked_;  ///< when a link's server was last asked something
  std::string trouble_;              ///< of the last call; empty when it went well
  Time due_ = Time::never();
};

}  // namespace cairn::client
