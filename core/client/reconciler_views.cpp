// Whether the names of a conversation were looked up lately enough for something to be sent there.
#include "core/client/identity.h"
#include "core/client/reconciler.h"
#include "core/client/suspicions.h"

namespace cairn::client {
namespace {

/// Whether the last look-up is a no. What is merely too old, or did not come, may be a yes the next time, and what
/// waits for it goes on waiting.
bool is_refused(const Views::Outcome& last) { return last.absent || (last.refused && !last.stale); }

}  // namespace

// A device never sent to before needs a view of at most 15 minutes, all others one of at most 24 hours.
Reconciler::Outcome Reconciler::check_views() {
  Outcome outcome = Outcome::ready;
  bool refused = false;
  std::string why;
  for (const std::string& text : conversation_.names) {
    const auto name = directory::Name::from(text);
    if (!name) continue;
    if (owner_.views_.awaits_admission(context_.store, account_, *name)) {
      tell_of_reset(*name);
      return Outcome::waiting;
    }
    const auto stopped = first_contacts_stopped(*name);
    if (stopped && !has_only_known(*name)) {
      trouble(*stopped);
      owner_.refuse_outbox(context_, home_, Conversations::Unsent::not_given_yet);
      return Outcome::waiting;
    }
    const auto view = owner_.views_.view(context_.store, account_, *name);
    bool new_device = !view;
    if (view) {
      for (const directory::Device& device : view->devices()) {
        const auto& known = conversation_.sent_to;
        const bool is_own = device.id() == account_.device_id();
        if (!stopped && !is_own && !std::binary_search(known.begin(), known.end(), device.id())) new_device = true;
      }
    }
    const std::uint64_t max_age_ms = new_device ? kFreshForNewMs : kFreshForKnownMs;
    if (owner_.views_.fresh(context_, account_, *name, max_age_ms)) continue;
    outcome = Outcome::waiting;
    const Views::Outcome last = owner_.views_.outcome(*name);
    if (is_refused(last)) {
      why = last.trouble;
      owner_.refuse_outbox(context_, home_, Conversations::Unsent::not_given_yet);
      refused = true;
    } else if (refused) {
      // what was refused stays the reason, whatever else is being waited for
    } else if (!last.trouble.empty()) {
      why = last.trouble;
    } else if (last.late && new_device && view) {
      const auto log = owner_.views_.domain(context_.store, account_, name->domain());
      why = late_sentence(account_, *name, log ? view->age_ms(log->trusted_now(context_.now)) : 0);
    }
    // Whoever is wanted here comes in when the auditors are back, though nobody writes.
    if (!is_refused(last) || has_outbox()) {
      owner_.views_.want(context_, account_, *name, max_age_ms);
    }
  }
  if (!why.empty()) trouble(std::move(why));
  return outcome;
}

// The own devices are nobody's word but one's own.
std::optional<std::string> Reconciler::first_contacts_stopped(const directory::Name& name) const {
  if (name == account_.name) return std::nullopt;
  return no_first_contacts(context_.store, account_, name.domain());
}

bool Reconciler::has_only_known(const directory::Name& name) const {
  const auto view = owner_.views_.view(context_.store, account_, name);
  if (!view) return false;
  const std::set<DeviceId> known = owner_.ever_sent_to(context_.store);
  for (const mls::Member& member : group_->members()) {
    const auto who = parse_identity(*member.node);
    if (!who || who->name != name || known.contains(who->device)) continue;
    if (view->state().is_active(who->device)) return false;
  }
  const auto devices = view->devices();
  return std::any_of(devices.begin(), devices.end(),
                     [&](const directory::Device& device) { return known.contains(device.id()); });
}

// After a reset a name is a first contact again: every conversation shows it, and waits for its people.
void Reconciler::tell_of_reset(const directory::Name& name) {
  const std::string sentence = reset_sentence(name);
  owner_.refuse_outbox(context_, home_, Conversations::Unsent::not_given_yet);
  if (conversation_.trouble == sentence) return;
  conversation_.trouble = sentence;
  Message notice;
  notice.delivery = Delivery::notice;
  notice.time_ms = context_.now.ms;
  notice.text = sentence;
  owner_.add_message(context_, conversation_, notice);
}

}  // namespace cairn::client
