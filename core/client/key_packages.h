// This device's own key packages: made, stored with their private keys, uploaded, refilled.
#pragma once

#include "core/client/account.h"
#include "core/client/calls.h"
#include "core/mls/key_package.h"

namespace cairn::client {

constexpr std::uint32_t kKeyPackageStock = 100;
constexpr std::uint32_t kKeyPackageRefill = 25;  ///< refill below this
constexpr std::uint64_t kLastResortLifeMs = 7 * kDayMs;

class Session;

/// Makes and uploads what the server lacks; called when logged in. Private keys are stored in the same batch, before
/// the upload is sent. `stock` new ones are made at most 25 a call, so that no input takes long.
void refill_key_packages(Context& context, const Account& account, Calls& calls, Session& session);

/// The private parts for a KeyPackageRef in a Welcome, or nothing. They stay until erase_key_package().
std::optional<mls::PrivateKeyPackage> find_key_package(const StoreView& store, ByteView reference);
/// After a successful join; a last-resort package stays until it is replaced.
void erase_key_package(Context& context, ByteView reference);

/// Leaf capabilities and extensions of everything this client makes (docs/spec/client.md s.1).
mls::LeafOptions leaf_options(Time now);

}  // namespace cairn::client
