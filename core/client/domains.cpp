#include "core/client/domains.h"

#include <algorithm>

#include "core/client/calls.h"
#include "core/client/invitation_tables.h"
#include "core/client/tables.h"
#include "core/directory/view.h"
#include "core/proto/limits.h"

namespace cairn::client {

void DomainPin::write(wire::Writer& w) const {
  w.opaque(domain);
  w.opaque(policy_text);
  w.opaque(server_url);
}
Result<DomainPin> DomainPin::read(wire::Reader& r) {
  DomainPin out;
  out.domain = TRY(r.opaque_text(proto::kMaxDomainSize));
  TRY(directory::check_domain(out.domain));
  out.policy_text = TRY(r.opaque_text(tlog::kMaxPolicyBytes));
  out.server_url = TRY(r.opaque_text(kMaxServerUrl));
  return out;
}

void DomainOrigin::write(wire::Writer& w) const {
  w.opaque(name);
  w.u64(time_ms);
}
Result<DomainOrigin> DomainOrigin::read(wire::Reader& r) {
  DomainOrigin out;
  out.name = TRY(r.opaque_text(proto::kMaxNameSize));
  out.time_ms = TRY(r.u64());
  return out;
}

std::optional<DomainPin> domain_pin(const StoreView& store, const Account& account, std::string_view domain) {
  const auto row = store.get(tables::kDomainPins, name_key(account, domain));
  auto pin = row ? wire::decode<DomainPin>(*row) : Result<DomainPin>(fail(ErrorCode::not_found, "domain"));
  if (!pin) return std::nullopt;
  return std::move(*pin);
}

std::vector<DomainPin> domain_pins(const StoreView& store) {
  std::vector<DomainPin> out;
  for (const Row& row : store.scan(tables::kDomainPins, {}, {}, kMaxDomainPins)) {
    if (auto pin = wire::decode<DomainPin>(row.value)) out.push_back(std::move(*pin));
  }
  std::sort(out.begin(), out.end(), [](const DomainPin& a, const DomainPin& b) { return a.domain < b.domain; });
  return out;
}

namespace {

constexpr std::size_t kRowsAtOnce = 1024;
constexpr std::uint8_t kOfFormerLog = 1;      // of a view, in kFormerPolicy
constexpr std::size_t kMostOfALog = 100'000;  // heads, and what others said

/// Calls `visit` with the key and name of each view of a name of that domain.
template <class Visit>
void for_each_view(Context& context, std::string_view domain, Visit visit) {
  Bytes first;
  for (std::vector<Row> page; !(page = context.store.scan(tables::kContacts, first, {}, kRowsAtOnce)).empty();) {
    for (const Row& row : page) {
      const auto view = wire::decode<directory::VerifiedView>(row.value);
      if (view && view->name().domain() == domain) visit(row.key);
    }
    first = std::move(page.back().key);
    first.push_back(0);
  }
}

/// Whether what is pinned of the domain's log is a quorum for its policy; also when nothing is.
bool is_vouched_for(const StoreView& store, const Account& account, std::string_view domain) {
  const auto row = store.get(tables::kDomains, name_key(account, domain));
  const auto log = row ? wire::decode<directory::DomainState>(*row)
                       : Result<directory::DomainState>(fail(ErrorCode::not_found, "log"));
  if (!log) return true;
  const auto policy = tlog::ClientPolicy::parse(policy_of(store, account, domain));
  const auto checkpoint = tlog::SignedCheckpoint::parse(log->checkpoint, tlog::ExtensionLines::refuse);
  return policy && checkpoint && tlog::CosignedCheckpoint::verify(*checkpoint, *policy, Time::never()).has_value();
}

void policy_became_another(Context& context, const Account& account, std::string_view domain) {
  for_each_view(context, domain, [&](const Bytes& key) {
    if (!context.store.get(tables::kFormerPolicy, key)) context.store.put(tables::kFormerPolicy, key, {});
  });
  if (is_vouched_for(context.store, account, domain)) {
    context.store.erase(tables::kFormerPolicy, name_key(account, domain));
  } else {
    context.store.put(tables::kFormerPolicy, name_key(account, domain), {});
  }
}

}  // namespace

Status pin_domain(Context& context, const Account& account, const DomainPin& pin) {
  TRY(directory::check_domain(pin.domain));
  REQUIRE(pin.domain != account.domain(), ErrorCode::invalid_state, "the own domain");
  REQUIRE(pin.server_url.size() <= kMaxServerUrl, ErrorCode::over_limit, "the server's address is too long");
  const std::string& url = pin.server_url;
  REQUIRE(url.empty() || url.starts_with("https://") || url.starts_with("http://"), ErrorCode::malformed,
          "the server's address begins with https://");
  if (!pin.policy_text.empty()) TRY(tlog::ClientPolicy::parse(pin.policy_text));
  REQUIRE(domain_pins(context.store).size() < kMaxDomainPins || domain_pin(context.store, account, pin.domain),
          ErrorCode::over_limit, "domains");
  const std::string before = policy_of(context.store, account, pin.domain);
  context.store.put(tables::kDomainPins, name_key(account, pin.domain), wire::encode(pin));
  context.store.erase(tables::kDomainOrigins, name_key(account, pin.domain));
  if (policy_of(context.store, account, pin.domain) != before) policy_became_another(context, account, pin.domain);
  return ok();
}

bool unpin_domain(Context& context, const Account& account, std::string_view domain) {
  if (!domain_pin(context.store, account, domain)) return false;
  const std::string before = policy_of(context.store, account, domain);
  context.store.erase(tables::kDomainPins, name_key(account, domain));
  context.store.erase(tables::kDomainOrigins, name_key(account, domain));
  if (policy_of(context.store, account, domain) != before) policy_became_another(context, account, domain);
  return true;
}

void note_origin(Context& context, const Account& account, std::string_view domain, const DomainOrigin& origin) {
  context.store.put(tables::kDomainOrigins, name_key(account, domain), wire::encode(origin));
}

std::optional<DomainOrigin> domain_origin(const StoreView& store, const Account& account, std::string_view domain) {
  const auto row = store.get(tables::kDomainOrigins, name_key(account, domain));
  auto origin = row ? wire::decode<DomainOrigin>(*row) : Result<DomainOrigin>(fail(ErrorCode::not_found, "origin"));
  if (!origin) return std::nullopt;
  return std::move(*origin);
}

bool is_of_former_policy(const StoreView& store, const Account& account, const directory::Name& name) {
  return store.get(tables::kFormerPolicy, name_key(account, name.text())).has_value();
}

bool is_view_of_former_log(const StoreView& store, const Account& account, const directory::Name& name) {
  const auto row = store.get(tables::kFormerPolicy, name_key(account, name.text()));
  return row && !row->empty();
}

bool is_log_of_former_policy(const StoreView& store, const Account& account, std::string_view domain) {
  return store.get(tables::kFormerPolicy, name_key(account, domain)).has_value();
}

void judged_by_present_policy(Context& context, const Account& account, const directory::Name& name) {
  const Bytes domain = name_key(account, name.domain());
  if (context.store.get(tables::kFormerPolicy, domain)) {
    // They stay, for what is read by them: without its members' views no commit of a conversation can be followed.
    for_each_view(context, name.domain(),
                  [&](const Bytes& key) { context.store.put(tables::kFormerPolicy, key, Bytes{kOfFormerLog}); });
    for (const Table table : {tables::kKnownHeads, tables::kGossips}) {
      for (const Row& row : context.store.scan_prefix(table, domain, kMostOfALog)) context.store.erase(table, row.key);
    }
    context.store.erase(tables::kDomains, domain);
    context.store.erase(tables::kFormerPolicy, domain);
  }
  const Bytes key = name_key(account, name.text());
  if (is_view_of_former_log(context.store, account, name)) context.store.erase(tables::kRemovalsSeen, key);
  context.store.erase(tables::kFormerPolicy, key);
}

bool has_policy(const StoreView& store, const Account& account, std::string_view domain) {
  const auto pin = domain == account.domain() ? std::nullopt : domain_pin(store, account, domain);
  return pin && !pin->policy_text.empty();
}

std::string policy_of(const StoreView& store, const Account& account, std::string_view domain) {
  if (!has_policy(store, account, domain)) return account.policy_text;
  return domain_pin(store, account, domain)->policy_text;
}

proto::Call call_to(const StoreView& store, const Account& account, std::string_view domain, std::string_view path) {
  proto::Call call;
  call.method = proto::Method::post;
  if (domain == account.domain()) {
    call.url = account.server_url;
  } else if (const auto pin = domain_pin(store, account, domain); pin && !pin->server_url.empty()) {
    call.url = pin->server_url;
  } else {
    call.url = "https://" + std::string(domain);
    call.reach = proto::CallReach::public_only;
  }
  call.url += path;
  return call;
}

std::string server_says(const Account& account, std::string_view domain) {
  return domain == account.domain() ? std::string() : "The server of " + std::string(domain) + " says: ";
}

std::string why_not(const Account& account, std::string_view domain, const Answer& answer, std::string_view tail) {
  const std::string server = domain == account.domain() ? "The server" : "The server of " + std::string(domain);
  if (answer.message.empty()) return server + " cannot be reached" + std::string(tail);
  if (answer.status == 0) return domain == account.domain() ? answer.message : server + ": " + answer.message;
  return server_says(account, domain) + answer.message;
}

}  // namespace cairn::client
