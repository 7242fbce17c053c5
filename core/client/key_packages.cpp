#include "core/client/key_packages.h"

#include "core/client/gatekeeper.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

constexpr const char* kUploadKey = "key packages";
constexpr std::string_view kLastResortMade = "last resort made";
constexpr std::string_view kRenewed = "key packages renewed";
constexpr std::string_view kForgotten = "key packages forgotten";
constexpr std::size_t kMostForgotten = 10'000;
/// Leaves are valid from a day ago: the clocks of two devices may disagree by so much.
constexpr std::uint64_t kBackdateMs = kDayMs;

proto::KeyPackageUpload::Item make(Context& context, const Account& account, std::uint64_t life_ms,
                                   mls::ExtensionList extensions) {
  auto package =
      mls::PrivateKeyPackage::create(mls::kDefaultSuite, account.signing_identity(), leaf_options(context.now, life_ms),
                                     context.entropy, std::move(extensions));
  CHECK(package.has_value());
  context.store.put(tables::kKeyPackages, to_bytes(package->reference().view()),
                    to_bytes(package->serialise().expose()));
  return {wire::encode(package->package()), random_value<proto::JoinToken>(context.entropy)};
}

/// Whether what was last noted under `counter` is older than that, or never was.
bool is_due(const Context& context, std::string_view counter, std::uint64_t after_ms) {
  const auto noted = context.store.get(tables::kCounters, as_bytes(counter));
  if (!noted) return true;
  wire::Reader r(*noted);
  const auto time = r.u64();
  return !time || elapsed_ms(context.now, Time{*time}) > after_ms;
}

void note_time(Context& context, std::string_view counter) {
  wire::Writer w;
  w.u64(context.now.ms);
  context.store.put(tables::kCounters, to_bytes(counter), w.take());
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
    if (!last || *last < context.now) context.store.erase(tables::kKeyPackages, row.key);
  }
}

void refill_key_packages(Context& context, const Account& account, Calls& calls, Session& session) {
  if (session.token().empty() || calls.under_way(kUploadKey)) return;
  const std::uint32_t have = session.server_key_packages();
  if (!session.refilling() && have >= kKeyPackageRefill) return;
  if (have >= kKeyPackageStock) return session.set_refilling(false);
  session.set_refilling(true);

  proto::KeyPackageUpload upload;
  const std::uint32_t count = std::min(kKeyPackagesAtOnce, kKeyPackageStock - have);
  for (std::uint32_t i = 0; i < count; ++i) upload.items.push_back(make(context, account, kKeyPackageLifeMs, {}));
  if (is_due(context, kLastResortMade, kLastResortLifeMs - kDayMs)) {
    mls::ExtensionList marked;
    marked.set(mls::extension_type::kLastResort, {});
    upload.last_resort.push_back(make(context, account, kLastResortLifeMs, std::move(marked)));
    note_time(context, kLastResortMade);
  }
  proto::Call call;
  call.method = proto::Method::post;
  call.url = account.server_url + std::string(proto::kPathKeyPackageUpload);
  call.bearer = session.token();
  call.body = wire::encode(upload);
  calls.start(context, kUploadKey, std::move(call), [&session, have, count](Context&, const Answer& answer) {
    if (answer.body) return session.set_server_key_packages(have + count);
    session.set_refilling(false);
    if (answer.status == 401) session.token_refused();
  });
}

void renew_key_packages(Context& context, Session& session) {
  context.store.erase(tables::kCounters, to_bytes(kLastResortMade));
  session.set_server_key_packages(0);
  note_time(context, kRenewed);
}

std::optional<Time> last_gap(const StoreView& store) {
  const auto noted = store.get(tables::kCounters, as_bytes(kRenewed));
  if (!noted) return std::nullopt;
  return Time{wire::Reader(*noted).u64().value_or(0)};
}

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

void erase_key_package(Context& context, const mls::PrivateKeyPackage& package) {
  if (package.package().is_last_resort()) return;
  context.store.erase(tables::kKeyPackages, to_bytes(package.reference().view()));
}

}  // namespace cairn::client
