#include "core/client/calls.h"

#include "core/base/secret.h"

namespace cairn::client {
namespace {

Answer answer_of(const proto::CallDone& done) {
  if (!done.reply) {
    Answer unreached{fail(ErrorCode::unavailable, "server not reached"), 0, {}, {}};
    const Error& why = done.reply.error();
    if (why.code == ErrorCode::not_authorised) {
      unreached.message = std::string("No connection is made: ") + why.where + ".";
    }
    return unreached;
  }
  const proto::CallReply& reply = *done.reply;
  if (reply.status >= 200 && reply.status < 300) return {reply.body, reply.status, {}, {}};
  const auto error = wire::decode<proto::ErrorAnswer>(reply.body);
  Answer answer{
      fail(error ? error->code : ErrorCode::unavailable, "refused by the server"), reply.status, reply.body, {}};
  if (error) answer.message = error->message;
  const bool may_ask_for_patience = reply.status == 429 || reply.status == 503;
  if (may_ask_for_patience && reply.retry_after_s)
    answer.retry_after_ms = std::min(*reply.retry_after_s * kSecondMs, kMostRetryAfterMs);
  return answer;
}

}  // namespace

bool Calls::start(Context& context, std::string key, proto::Call call, Continuation then) {
  if (!key.empty() && under_way(key)) return false;
  call.id = proto::CallId{next_id_++};
  pending_.emplace(call.id, Pending{std::move(key), std::move(then)});
  context.send(std::move(call));
  return true;
}

bool Calls::under_way(const std::string& key) const {
  return std::any_of(pending_.begin(), pending_.end(), [&](const auto& entry) { return entry.second.key == key; });
}

void Calls::done(Context& context, const proto::CallDone& done) {
  const auto found = pending_.find(done.id);
  if (found == pending_.end()) return;  // of before a rebuild
  const Continuation then = std::move(found->second.then);
  pending_.erase(found);
  Answer answer = answer_of(done);
  then(context, answer);
  if (answer.body) wipe(*answer.body);  // there are shares of keys among them
  wipe(answer.error_body);
}

void Calls::forget_all() { pending_.clear(); }

}  // namespace cairn::client
