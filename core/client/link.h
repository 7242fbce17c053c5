// Linking a device: the code, the two slots of the rendezvous, both sides (docs/spec/client.md s.4).
#pragma once

#include "core/client/account.h"
#include "core/client/calls.h"
#include "core/client/views.h"

namespace cairn::client {

using LinkSecret = Secret<struct LinkSecretTag, 16>;

/// What the new device shows.
std::string link_code(const PublicKey& signature_key, const LinkSecret& secret);
struct LinkCode {
  PublicKey signature_key;
  LinkSecret secret;
};
/// Accepts spaces, dashes and either case; `malformed` when the checksum does not fit.
Result<LinkCode> parse_link_code(std::string_view text);

/// Both sides, resumable from tables::kPendingLinks.
class Links {
 public:
  Links(Calls& calls, Views& views) : calls_(calls), views_(views) {}

  /// New device: makes the account in state linking and gives the code. Posts slot A.
  Result<std::string> begin(Context& context, Account account);
  /// Existing device: after its owner pasted the code. The rest happens in step().
  Status approve(Context& context, const Account& account, std::string_view code);

  /// Does the next thing that is missing, on either side.
  void step(Context& context, Account& account);
  void forget_all();
  Time next_deadline() const { return retry_at_; }

  /// Of the link under way: one sentence when it failed or waits, empty when it is done or there is none.
  std::string trouble(const StoreView& store) const;
  bool under_way(const StoreView& store) const;

 private:
  Calls& calls_;
  Views& views_;
  Time retry_at_ = Time::never();
};

}  // namespace cairn::client
