// The push service: carries envelopes to tokens, and sees sender, recipient, time and size in the clear.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/environment.h"

namespace cairn::lab::legacy {

constexpr std::size_t kSmallPayload = 4 * 1024;
constexpr std::size_t kLargePayload = 16 * 1024;
constexpr std::uint64_t kKeepMs = 30 * kDayMs;

struct Push {
  std::string sender;  ///< the name that the service vouches for
  Bytes to;            ///< token
  Bytes payload;
  Time at;
};

class Apns {
 public:
  explicit Apns(std::size_t payload_limit = kLargePayload) : payload_limit_(payload_limit) {}

  /// `over_limit` for a payload that is too large.
  Status send(Push push);
  /// What is kept for the token and not older than 30 days; it is deleted by this.
  std::vector<Push> drain(ByteView token, Time now);

  /// What its operator sees of everything that went through.
  const std::vector<Push>& seen() const { return seen_; }
  /// Lets its operator change or drop what goes through: nothing is dropped.
  using Tap = std::function<std::optional<Push>(Push)>;
  void tap(Tap tap) { tap_ = std::move(tap); }

 private:
  std::size_t payload_limit_;
  std::map<Bytes, std::deque<Push>> queues_;
  std::vector<Push> seen_;
  Tap tap_;
};

}  // namespace cairn::lab::legacy
