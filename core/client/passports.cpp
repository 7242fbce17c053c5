#include "core/client/passports.h"

#include "core/client/session.h"
#include "core/proto/federation.h"

namespace cairn::client {
namespace {

/// A passport is not begun with when it ends so soon.
constexpr std::uint64_t kLeastPassportMs = 5 * kMinuteMs;

}  // namespace

std::string Passports::text(std::string_view domain, Time now) const {
  const auto found = held_.find(domain);
  return found != held_.end() && after(now, kLeastPassportMs) < found->second.until ? found->second.text
                                                                                    : std::string();
}

bool Passports::ask(Context& context, const Account& account, const std::string& domain, Calls::Continuation then) {
  proto::Call call;
  call.method = proto::Method::post;
  call.url = account.server_url + std::string(proto::kPathPassport);
  call.bearer = session_.token();
  call.body = wire::encode(proto::PassportRequest{domain});
  return calls_.start(context, "passport " + domain, std::move(call),
                      [this, domain, then = std::move(then)](Context& later, const Answer& answer) {
                        const auto given = answer.body
                                               ? wire::decode<proto::PassportAnswer>(*answer.body)
                                               : Result<proto::PassportAnswer>(fail(ErrorCode::not_found, "no"));
                        if (given) held_[domain] = {given->passport, after(later.now, proto::kPassportLifeMs)};
                        if (answer.status == 401) session_.token_refused();
                        then(later, answer);
                      });
}

void Passports::refused(std::string_view domain) {
  const auto found = held_.find(domain);
  if (found != held_.end()) held_.erase(found);
}

}  // namespace cairn::client
