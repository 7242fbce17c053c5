// Bringing vetoes to where they count: to every auditor of the policy, and through conversations to the contacts, who
// bring them to theirs (docs/spec/client.md s.8). What is to be done stands in the store, so that a restart goes on.
#pragma once

#include "core/client/conversations.h"
#include "core/client/held_veto.h"

namespace cairn::client {

/// Of one name, and of all, as contacts tell them; a device's own come beside them.
constexpr std::size_t kMaxVetoesOfName = 4;
constexpr std::size_t kMaxVetoes = 256;

class Vetoes {
 public:
  Vetoes(Calls& calls, Views& views, Conversations& conversations)
      : calls_(calls), views_(views), conversations_(conversations) {}

  /// What somebody's device has told: kept if it is a veto, of a reset of that name that may be open, and looked into.
  void heard(Context& context, const Account& account, const Heard& heard);
  /// Tells contacts and auditors what they have not heard yet, and forgets what is decided. Called after every input.
  void step(Context& context, const Account& account);

  struct Auditor {
    /// too_late: it says that the delay is over and its mailbox closed.
    enum class State { has_it, waits, too_late, no_address } state = State::waits;
    std::string name;     ///< in the policy
    int last_status = 0;  ///< that it answered, while it waits; 0: it was not reached
  };
  /// How far the veto of this request has come; in the order of the policy.
  std::vector<Auditor> auditors(const StoreView& store, const Account& account, const Hash& request) const;

  Time next_deadline() const { return due_; }
  void forget_all();

 private:
  using Post = std::pair<Hash, PublicKey>;  // request and auditor
  struct Retry {
    unsigned failures = 0;
    int status = 0;
    Time at;
  };

  bool is_over(const StoreView& store, const Account& account, const HeldVeto& veto) const;
  void forget(Context& context, const Bytes& key, const HeldVeto& veto);
  void tell_contacts(Context& context, const Account& account, HeldVeto& veto);
  void post(Context& context, const Bytes& key, const HeldVeto& veto, const tlog::Policy::Witness& auditor);
  void answered(Context& context, const Bytes& key, const Post& post, const Answer& answer);

  Calls& calls_;
  Views& views_;
  Conversations& conversations_;
  std::map<Post, Retry> retries_;
  Time due_ = Time::never();
};

}  // namespace cairn::client
