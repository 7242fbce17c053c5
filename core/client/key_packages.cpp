#include "core/client/key_packages.h"

#include "core/client/gatekeeper.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

constexpr const char* kUploadKey = "key packages";
constexpr std::string_view kLastResortMade = "last resort made";
constexpr std::string_view kRenewed = "key packages renewed";
constexpr std::string_view kStocked = "key packages stocked";
constexpr std::string_view kToStock = "key packages to stock";
constexpr std::string_view kCameBack = "came back without key packages";
constexpr std::string_view kForgotten = "key packages forgotten";
constexpr std::size_t kMostForgotten = 10'000;
/// Leaves are valid from a day ago: the clocks of two devices may disagree by so much.
constexpr std::uint64_t kBackdateMs = kDayMs;

/// With its private keys in the store.
mls::PrivateKeyPackage make(Context& context, const Account& account, std::uint64_t life_ms,
                            mls::ExtensionList extensions) {
  auto package =
      mls::PrivateKeyPackage::create(mls::kDefaultSuite, account.signing_identity(), leaf_options(context.now, life_ms),
                                     context.entropy, std::move(extensions));
  CHECK(package.has_value());
  context.store.put(tables::kKeyPackages, to_bytes(package->reference().view()),
                    to_bytes(package->serialise().expose()));
  return std::move(*package);
}

proto::KeyPackageUpload::Item item_of(Context& context, const mls::PrivateKeyPackage& package) {
  return {wire::encode(package.package()), random_value<proto::JoinToken>(context.entropy)};
}

/// Whether what was last noted under `counter` is older than that, or never was; or was noted by a clock that was
/// ahead: what was made then is good for nobody until that time.
bool is_due(const Context& context, std::string_view counter, std::uint64_t after_ms) {
  const auto noted = context.store.get(tables::kCounters, as_bytes(counter));
  if (!noted) return true;
  wire::Reader r(*noted);
  const auto time = r.u64();
  if (!time || *time > after(context.now, kBackdateMs).ms) return true;
  return elapsed_ms(context.now, Time{*time}) > after_ms;
}

void note_time(Context& context, std::string_view counter) {
  wire::Writer w;
  w.u64(context.now.ms);
  context.store.put(tables::kCounters, to_bytes(counter), w.take());
}

std::optional<Time> time_of(const StoreView& store, std::string_view counter) {
  const auto noted = store.get(tables::kCounters, as_bytes(counter));
  if (!noted) return std::nullopt;
  return Time{wire::Reader(*noted).u64().value_or(0)};
}

/// How many are still to be uploaded so that all at the server are new.
std::uint32_t to_stock(const StoreView& store) {
  const auto row = store.get(tables::kCounters, as_bytes(kToStock));
  return row ? wire::Reader(*row).u32().value_or(0) : 0;
}

void set_to_stock(Context& context, std::uint32_t count) {
  if (count == 0) return context.store.erase(tables::kCounters, to_bytes(kToStock));
  wire::Writer w;
  w.u32(count);
  context.store.put(tables::kCounters, to_bytes(kToStock), w.take());
}

/// The server hands out the oldest first, whether its time is over or not, and knows nothing of that.
void begin_new_stock(Context& context) {
  if (to_stock(context.store) != 0 || !is_due(context, kStocked, kStockLifeMs)) return;
  set_to_stock(context, kKeyPackageStock);
}

void stock_taken(Context& context, std::uint32_t count) {
  const std::uint32_t left = to_stock(context.store);
  if (left == 0) return;
  const bool had_some = context.store.get(tables::kCounters, as_bytes(kStocked)).has_value();
  if (had_some && is_due(context, kStocked, kKeyPackageLifeMs)) note_time(context, kCameBack);
  set_to_stock(context, left - std::min(left, count));
  if (left <= count) note_time(context, kStocked);
}

/// Of a row of tables::kUsedLastResorts: when; nothing while it is still handed out.
std::optional<Time> replaced_at(const Row& row) {
  const std::uint64_t ms = wire::Reader(row.value).u64().value_or(0);
  return ms == 0 ? std::nullopt : std::optional(Time{ms});
}

void note_used(Context& context, const Bytes& reference, Time replaced) {
  wire::Writer w;
  w.u64(replaced.ms);
  context.store.put(tables::kUsedLastResorts, reference, w.take());
}

/// The server hands out this one from now on. Somebody may have used it before we know: then it is replaced again.
void last_resort_taken(Context& context, const Bytes& reference) {
  if (!context.store.get(tables::kUsedLastResorts, reference)) note_time(context, kLastResortMade);
  for (const Row& row : context.store.scan(tables::kUsedLastResorts, {}, {}, kMostForgotten)) {
    if (row.key != reference && !replaced_at(row)) note_used(context, row.key, context.now);
  }
}

void forget_package(Context& context, const Bytes& reference) {
  context.store.erase(tables::kKeyPackages, reference);
  context.store.erase(tables::kUsedLastResorts, reference);
}

/// Until when the stored key package can be asked for; nothing when it cannot be read.
std::optional<Time> last_use(ByteView stored) {
  wire::Reader r(stored);
  const auto package = mls::KeyPackage::read(r);
  const auto* lifetime = package ? std::get_if<mls::Lifetime>(&package->leaf_node.origin) : nullptr;
  if (lifetime == nullptr) return std::nullopt;
  return after(Time{lifetime->not_after * kSecondMs}, kLateWelcomeMs);
}

}  // namespace

Time made_at(const mls::Lifetime& lifetime) {
  constexpr std::uint64_t kMostSeconds = Time::never().ms / kSecondMs;
  return after(Time{std::min(lifetime.not_before, kMostSeconds) * kSecondMs}, kBackdateMs);
}

bool is_of_last_resort(const mls::Lifetime& lifetime) {
  return lifetime.total_seconds() <= (kLastResortLifeMs + kBackdateMs) / kSecondMs;
}

mls::LeafOptions leaf_options(Time now, std::uint64_t life_ms) {
  const std::uint64_t begin = now.ms > kBackdateMs ? now.ms - kBackdateMs : 0;
  return mls::LeafOptions::basic(mls::kDefaultSuite, {begin / kSecondMs, after(now, life_ms).ms / kSecondMs},
                                 {ConversationInfo::kExtensionType, mls::extension_type::kLastResort});
}

void forget_key_packages(Context& context) {
  if (!is_due(context, kForgotten, kDayMs)) return;
  note_time(context, kForgotten);
  for (const Row& row : context.store.scan(tables::kKeyPackages, {}, {}, kMostForgotten)) {
    const auto last = last_use(row.value);
    if (!last || *last < context.now) forget_package(context, row.key);
  }
}

void forget_used_last_resorts(Context& context, Session& session) {
  if (!session.caught_up()) return;
  for (const Row& row : context.store.scan(tables::kUsedLastResorts, {}, {}, kMostForgotten)) {
    const auto replaced = replaced_at(row);
    if (!replaced || elapsed_ms(context.now, *replaced) < kUsedLastResortLifeMs) continue;
    // The stream may have died while this machine slept, with Welcomes waiting behind it.
    if (session.mailbox_ended_at() < after(*replaced, kUsedLastResortLifeMs)) return session.reconnect(context);
    // One that waits for a look-up may be a Welcome to it; but whoever keeps the look-up back keeps no key here.
    const bool waits = !context.store.scan(tables::kInbox, {}, {}, 1).empty();
    if (waits && elapsed_ms(context.now, *replaced) < kMostUsedLastResortLifeMs) return;
    forget_package(context, row.key);
  }
}

void refill_key_packages(Context& context, const Account& account, Calls& calls, Session& session) {
  if (!session.may_refill(context.now) || session.token().empty() || calls.under_way(kUploadKey)) return;
  begin_new_stock(context);
  const std::uint32_t have = session.server_key_packages();
  if (have < kKeyPackageRefill) session.set_refilling(true);
  if (have >= kKeyPackageStock) session.set_refilling(false);
  const bool wants_last_resort = is_due(context, kLastResortMade, kLastResortLifeMs - kDayMs);
  const std::uint32_t lacking = std::max(session.refilling() ? kKeyPackageStock - have : 0, to_stock(context.store));
  if (lacking == 0 && !wants_last_resort) return;

  proto::KeyPackageUpload upload;
  const std::uint32_t count = std::min(kKeyPackagesAtOnce, lacking);
  for (std::uint32_t i = 0; i < count; ++i)
    upload.items.push_back(item_of(context, make(context, account, kKeyPackageLifeMs, {})));
  Bytes last_resort;
  if (wants_last_resort) {
    mls::ExtensionList marked;
    marked.set(mls::extension_type::kLastResort, {});
    const auto package = make(context, account, kLastResortLifeMs, std::move(marked));
    last_resort = to_bytes(package.reference().view());
    upload.last_resort.push_back(item_of(context, package));
  }
  proto::Call call;
  call.method = proto::Method::post;
  call.url = account.server_url + std::string(proto::kPathKeyPackageUpload);
  call.bearer = session.token();
  call.body = wire::encode(upload);
  calls.start(context, kUploadKey, std::move(call),
              [&session, count, last_resort](Context& later, const Answer& answer) {
                if (answer.body) {
                  stock_taken(later, count);
                  session.set_server_key_packages(std::min(session.server_key_packages() + count, kKeyPackageStock));
                  if (!last_resort.empty()) last_resort_taken(later, last_resort);
                  return;
                }
                session.set_refilling(false);
                session.put_off_refill(later.now, answer);
                if (answer.status == 401) session.token_refused();
              });
}

void renew_key_packages(Context& context, Session& session) {
  context.store.erase(tables::kCounters, to_bytes(kLastResortMade));
  set_to_stock(context, kKeyPackageStock);
  session.set_server_key_packages(0);
  note_time(context, kRenewed);
}

std::optional<Time> last_gap(const StoreView& store) { return time_of(store, kRenewed); }

std::optional<Time> came_back_at(const StoreView& store) { return time_of(store, kCameBack); }

bool is_older_than_gap(const StoreView& store, const mls::PrivateKeyPackage& package) {
  const auto gap = last_gap(store);
  const auto* lifetime = std::get_if<mls::Lifetime>(&package.package().leaf_node.origin);
  return gap && lifetime != nullptr && made_at(*lifetime) <= *gap;
}

std::optional<mls::PrivateKeyPackage> find_key_package(const StoreView& store, ByteView reference) {
  const auto row = store.get(tables::kKeyPackages, reference);
  if (!row) return std::nullopt;
  auto package = mls::PrivateKeyPackage::restore(*row);
  if (!package) return std::nullopt;
  return std::move(*package);
}

void take_key_package(Context& context, const mls::PrivateKeyPackage& package) {
  Bytes reference = to_bytes(package.reference().view());
  if (!package.package().is_last_resort()) return forget_package(context, reference);
  if (context.store.get(tables::kUsedLastResorts, reference)) return;
  note_used(context, reference, {});
  context.store.erase(tables::kCounters, to_bytes(kLastResortMade));
}

}  // namespace cairn::client
