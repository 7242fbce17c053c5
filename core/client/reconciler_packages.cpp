// Key packages of the devices that are to be added, and which of these nobody waits for (docs/spec/client.md s.2).
#include <algorithm>

#include "core/client/domains.h"
#include "core/client/identity.h"
#include "core/client/reconciler.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

/// How long nobody waits for a device that was away for too long.
constexpr std::uint64_t kAwayMs = kHourMs;

bool has_run_out(const mls::KeyPackage& package, Time now) {
  const auto* lifetime = std::get_if<mls::Lifetime>(&package.leaf_node.origin);
  return lifetime != nullptr && lifetime->not_after < now.ms / kSecondMs;
}

}  // namespace

// A moment further away than any is put off is of a clock that was ahead.
bool Reconciler::is_away(const DeviceId& device) const {
  const auto of_channel = owner_.away_.find(channel_);
  if (of_channel == owner_.away_.end()) return false;
  const auto until = of_channel->second.find(device);
  return until != of_channel->second.end() && until->second > context_.now &&
         until->second <= after(context_.now, kAwayMs);
}

void Reconciler::tell_of_left_out(const Difference& wanted) {
  if (is_kept_quiet()) return;
  const auto tell = [this](std::string sentence) {
    Message notice;
    notice.delivery = Delivery::notice;
    notice.time_ms = context_.now.ms;
    notice.text = std::move(sentence);
    owner_.add_message(context_, conversation_, notice);
  };
  std::set<std::string> in;
  for (const mls::Member& member : wanted.stay) {
    const auto who = parse_identity(*member.node);
    if (who) in.insert(who->name.text());
  }
  for (const Row& row : context_.store.scan_prefix(tables::kLeftOut, channel_, ~std::size_t{0})) {
    const std::string name = as_text(row.value);
    const bool is_wanted = std::binary_search(conversation_.names.begin(), conversation_.names.end(), name);
    if (is_wanted && !in.contains(name)) continue;
    context_.store.erase(tables::kLeftOut, row.key);
    if (is_wanted) tell(name + " can read what is written here from here on.");
  }
  for (const directory::Name& name : wanted.left_out) {
    const Bytes key = concat({channel_, name_key(account_, name.text())});
    if (context_.store.get(tables::kLeftOut, key)) continue;
    context_.store.put(tables::kLeftOut, key, to_bytes(name.text()));
    tell(name.text() + " cannot read what is written here until a device of theirs is back; nothing waits for it.");
  }
}

bool Reconciler::may_add(const Difference& wanted) {
  bool may = true;
  for (const auto& [device, name] : wanted.adds) {
    const std::uint64_t known = owner_.adds_after_[channel_][name];
    if (owner_.views_.accepted(name) > known) continue;
    owner_.views_.want_newer(context_, account_, name, known);
    may = false;
  }
  return may;
}

bool Reconciler::fetch_packages(const Difference& wanted) {
  auto& fetched = owner_.fetched_[channel_];
  std::map<directory::Name, std::vector<DeviceId>> missing;
  for (const auto& [device, name] : wanted.adds) {
    if (!fetched.contains(device)) missing[name].push_back(device);
  }
  for (const auto& [name, devices] : missing) {
    if (!has_bearer_for(name.domain())) continue;
    proto::Call call = call_to(context_.store, account_, name.domain(), proto::kPathKeyPackageFetch);
    call.bearer = bearer_for(name.domain());
    call.body = wire::encode(proto::KeyPackageFetch{name.text(), devices});
    owner_.calls_.start(
        context_, "packages " + as_text(channel_) + name.text(), std::move(call),
        resume(owner_, channel_, [name = name, devices = devices](Reconciler& self, const Answer& answer) {
          self.packages_answered(name, devices, answer);
        }));
  }
  return missing.empty();
}

// Whoever made up one that has run out would decide whom a message reaches: a device is left out on its own word alone.
bool Reconciler::is_signed_by_device(const mls::KeyPackage& package, const directory::Name& name,
                                     const DeviceId& device) const {
  const auto view = owner_.views_.view(context_.store, account_, name);
  const auto* known = view ? view->state().find(device) : nullptr;
  return known != nullptr && equal(package.leaf_node.signature_key, known->device.signature_key) &&
         mls::VerifiedKeyPackage::verify(mls::cipher_suite(mls::kDefaultSuite), package).has_value();
}

// What the server hands out is a claim: it must be a key package of the very device that was asked for; that the
// device is its name's is the Gatekeeper's to say, when it is staged.
std::set<DeviceId> Reconciler::take_packages(const directory::Name& name, const std::vector<DeviceId>& asked,
                                             const Answer& answer) {
  std::set<DeviceId> left(asked.begin(), asked.end());
  auto& away = owner_.away_[channel_];
  const Time until = after(context_.now, kAwayMs);
  const auto parsed = answer.body ? wire::decode<proto::KeyPackageAnswer>(*answer.body)
                                  : Result<proto::KeyPackageAnswer>(tl::unexpected<Error>(answer.body.error()));
  if (parsed) {
    for (const auto& item : parsed->items) {
      auto package = wire::decode<mls::KeyPackage>(item.key_package);
      if (!package || !left.contains(item.device)) continue;
      const auto identity = package->leaf_node.credential.identity();
      if (!identity || !equal(*identity, identity_of(name, item.device))) continue;
      if (has_run_out(*package, context_.now)) {
        if (is_signed_by_device(*package, name, item.device)) away[item.device] = until;
        continue;
      }
      away.erase(item.device);
      owner_.fetched_[channel_].insert_or_assign(item.device, FetchedPackage{std::move(*package), item.join_token});
      left.erase(item.device);
    }
  }
  for (const DeviceId& device : left) {  // nothing else is known of those that were away
    const auto known = away.find(device);
    if (known == away.end()) continue;
    known->second = until;
    owner_.wake(channel_, until);
  }
  return left;
}

void Reconciler::packages_answered(const directory::Name& name, const std::vector<DeviceId>& asked,
                                   const Answer& answer) {
  auto conversation = owner_.find(context_.store, channel_);
  group_ = owner_.group(context_.store, channel_);
  if (!conversation || group_ == nullptr) return;
  conversation_ = std::move(*conversation);
  std::set<DeviceId> left = take_packages(name, asked, answer);
  heed_401(name.domain(), answer);
  const auto wanted = difference();
  std::erase_if(left, [&](const DeviceId& device) { return wanted && !wanted->adds.contains(device); });
  if (left.empty()) return owner_.due(channel_);
  owner_.retry_later(context_, channel_, &answer);
  if (!answer.message.empty() || answer.status == 0) return trouble(why_not(account_, name.domain(), answer));
  if (std::any_of(left.begin(), left.end(), [&](const DeviceId& device) { return is_away(device); })) {
    return trouble("No device of " + name.text() +
                   " was there for a month, so none can be added; what waits here is sent when one is back.");
  }
  trouble("A device of " + name.text() + " has left no key package yet, so it cannot be added; it is tried again.");
}

}  // namespace cairn::client
