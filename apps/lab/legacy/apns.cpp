#include "apps/lab/legacy/apns.h"

namespace cairn::lab::legacy {

Status Apns::send(Push push) {
  REQUIRE(push.payload.size() <= payload_limit_, ErrorCode::over_limit, "push payload");
  seen_.push_back(push);
  std::optional<Push> out = tap_ ? tap_(std::move(push)) : std::optional<Push>(std::move(push));
  if (out) queues_[out->to].push_back(std::move(*out));
  return ok();
}

std::vector<Push> Apns::drain(ByteView token, Time now) {
  std::vector<Push> out;
  const auto found = queues_.find(to_bytes(token));
  if (found == queues_.end()) return out;
  for (Push& push : found->second) {
    if (elapsed_ms(now, push.at) <= kKeepMs) out.push_back(std::move(push));
  }
  queues_.erase(found);
  return out;
}

}  // namespace cairn::lab::legacy
