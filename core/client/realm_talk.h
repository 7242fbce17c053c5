// Asks all realms of a list, one step of core/vault's state machines after the other (docs/spec/realm.md s.5). Who does
// not answer in time counts as dead; every answer is waited for, so that who lies is named.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/client/calls.h"
#include "core/client/realm_calls.h"
#include "core/client/realm_list.h"

namespace cairn::client {

/// After so long a realm is dead.
constexpr std::uint32_t kRealmTimeoutMs = 8'000;

/// A secret text, without a copy of it.
inline std::string_view text_of(const SecretBytes& secret) {
  return {reinterpret_cast<const char*>(secret.expose().data()), secret.size()};
}

using ThenRealms = std::function<void(Context&)>;

/// The realms of a list, and somebody's registration there.
struct RealmHouse {
  RealmList list;
  proto::RealmWho who;
  std::vector<Bytes> tokens;  ///< account tokens, in the order of the realms; empty where none are needed
};

/// Each carries what `machine` asks until every answer has come, then calls `then`. `calls` outlives it all.
void carry_pin(Context& context, Calls& calls, std::shared_ptr<const RealmHouse> house,
               std::shared_ptr<vault::PinRecovery> machine, ThenRealms then);
void carry_token(Context& context, Calls& calls, std::shared_ptr<const RealmHouse> house,
                 std::shared_ptr<vault::TokenRecovery> machine, ThenRealms then);
void carry_change(Context& context, Calls& calls, std::shared_ptr<const RealmHouse> house,
                  std::shared_ptr<vault::TokenChange> machine, ThenRealms then);

/// Replies in the order of the realms; `invalid_state` for one that was not asked.
using RealmReplies = std::vector<Result<proto::CallReply>>;
using ThenReplies = std::function<void(Context&, RealmReplies)>;
/// One call to each realm that has one.
void ask_all(Context& context, Calls& calls, std::vector<std::optional<proto::Call>> asked, ThenReplies then);

/// Asks which version a realm has; it costs no guess.
proto::Call pin_version_call(const std::string& url, const proto::RealmWho& who);

/// A word for programs: "good", "dead", "lies: wrong share".
std::string_view fate_word(vault::RealmFate fate);
/// `{ name, state }` each.
nlohmann::json fates_json(const RealmList& list, const std::vector<vault::RealmFate>& fates);
/// A sentence for each realm that broke a rule.
std::vector<std::string> liar_sentences(const RealmList& list, const std::vector<vault::RealmFate>& fates);
/// "r1 (dead), r2 (locked)": those that are not good.
std::string unwell(const RealmList& list, const std::vector<vault::RealmFate>& fates);
/// Why a PIN gave nothing: a sentence, and its code.
std::string pin_sentence(const vault::PinRecovery& recovery, const RealmList& list);
ErrorCode pin_code(vault::PinRecovery::State state);

}  // namespace cairn::client
