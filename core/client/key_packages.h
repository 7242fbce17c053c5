// This device's own key packages: made, stored with their private keys, uploaded, refilled.
#pragma once

#include "core/client/account.h"
#include "core/client/calls.h"
#include "core/client/session.h"

namespace cairn::client {

constexpr std::uint32_t kKeyPackageStock = 100;
constexpr std::uint32_t kKeyPackageRefill = 25;   ///< refill below this
constexpr std::uint32_t kKeyPackagesAtOnce = 10;  ///< made and uploaded in one input
constexpr std::uint64_t kKeyPackageLifeMs = 30 * kDayMs;
/// All that lie at the server give way to new ones after so long: who is given one has time left to use it.
constexpr std::uint64_t kStockLifeMs = 20 * kDayMs;
constexpr std::uint64_t kLastResortLifeMs = 7 * kDayMs;

/// How long after its time a Welcome to a key package can still arrive: as long as a server keeps one.
constexpr std::uint64_t kLateWelcomeMs = 30 * kDayMs;

/// How long a last-resort package that was used opens Welcomes after another one has taken its place: by then who was
/// given it has used it. A Welcome that comes later all the same leaves this device to rejoin.h.
constexpr std::uint64_t kUsedLastResortLifeMs = 2 * kDayMs;
/// The same where something in the inbox has waited ever since.
constexpr std::uint64_t kMostUsedLastResortLifeMs = 7 * kDayMs;

/// Makes and uploads what the server lacks, and what is to take the place of old ones. Called when logged in; private
/// keys are stored in the same batch, so they are on disk before the upload is sent.
void refill_key_packages(Context& context, const Account& account, Calls& calls, Session& session);

/// Those at the server may be of another state of this device: their place is taken by new ones.
void renew_key_packages(Context& context, Session& session);

/// When renew_key_packages() was last called: envelopes of the mailbox were missed then. Nothing: never.
std::optional<Time> last_gap(const StoreView& store);
/// When this device came back after its key packages at the server had run out: what others began until then they may
/// have begun without it. Nothing: that never was.
std::optional<Time> came_back_at(const StoreView& store);
/// Whether it was there at that time.
bool is_older_than_gap(const StoreView& store, const mls::PrivateKeyPackage& package);

/// The private parts for a KeyPackageRef of a Welcome, or nothing. They stay until take_key_package().
std::optional<mls::PrivateKeyPackage> find_key_package(const StoreView& store, ByteView reference);
/// After a successful join. A last-resort package stays for a while, and is replaced at once: until then everybody gets
/// the same, and who comes to have its private key reads every Welcome to it.
void take_key_package(Context& context, const mls::PrivateKeyPackage& package);

/// Wipes the private parts of those that no Welcome can be for any more; looks at most once a day.
void forget_key_packages(Context& context);
/// Wipes those of last-resort packages that were used, kUsedLastResortLifeMs after they were replaced, once all that
/// waited for this device was read; opens the stream anew to know that.
void forget_used_last_resorts(Context& context, Session& session);

/// When a key package with that lifetime was made here, and whether it was a last-resort one.
Time made_at(const mls::Lifetime& lifetime);
bool is_of_last_resort(const mls::Lifetime& lifetime);

/// What this client says of itself in every leaf (docs/spec/client.md s.1).
mls::LeafOptions leaf_options(Time now, std::uint64_t life_ms);

}  // namespace cairn::client
