// What this device shows at other domains' servers in the place of a login: its own server's word, for an hour
// (docs/spec/relay.md s.10).
#pragma once

#include <functional>
#include <map>

#include "core/client/account.h"
#include "core/client/calls.h"

namespace cairn::client {

class Session;

/// In memory only: a new one costs one call.
class Passports {
 public:
  Passports(Calls& calls, Session& session) : calls_(calls), session_(session) {}

  /// Of a passport that is good for a few minutes at least; empty when there is none.
  std::string text(std::string_view domain, Time now) const;
  /// Asks the own server for one; `then` is called with its answer, once it was taken in. False, and nothing is called,
  /// when it is being asked already.
  bool ask(Context& context, const Account& account, const std::string& domain, Calls::Continuation then);
  /// A server did not take it.
  void refused(std::string_view domain);
  void forget_all() { held_.clear(); }

 private:
  struct Held {
    std::string text;
    Time until;  ///< by this device's clock
  };
  Calls& calls_;
  Session& session_;
  std::map<std::string, Held, std::less<>> held_;
};

}  // namespace cairn::client
