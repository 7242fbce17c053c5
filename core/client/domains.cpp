#include "core/client/domains.h"

#include <algorithm>

#include "core/client/tables.h"
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
  context.store.put(tables::kDomainPins, name_key(account, pin.domain), wire::encode(pin));
  return ok();
}

bool unpin_domain(Context& context, const Account& account, std::string_view domain) {
  if (!domain_pin(context.store, account, domain)) return false;
  context.store.erase(tables::kDomainPins, name_key(account, domain));
  return true;
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

std::string unreachable(const Account& account, std::string_view domain) {
  return (domain == account.domain() ? std::string("The server") : "The server of " + std::string(domain)) +
         " cannot be reached";
}

}  // namespace cairn::client
