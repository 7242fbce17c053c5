#include "core/client/realm_talk.h"

namespace cairn::client {
namespace {

using vault::RealmFate;

Result<proto::CallReply> reply_of(const Answer& answer) {
  REQUIRE(answer.status != 0, ErrorCode::unavailable, "a realm does not answer");
  proto::CallReply reply;
  reply.status = answer.status;
  reply.body = answer.body ? *answer.body : answer.error_body;
  return reply;
}

/// A machine that is being asked for, by shared_ptr.
template <class Machine, class Ask>
struct Carried {
  Calls& calls;
  std::shared_ptr<const RealmHouse> house;
  std::shared_ptr<Machine> machine;
  ThenRealms then;
  proto::Call (*call_of)(const RealmHouse&, const Ask&);
  void (*take)(Machine&, const Ask&, const Result<proto::CallReply>&);
  std::size_t open = 0;  ///< calls without an answer yet
};

template <class Machine, class Ask>
void go_on(Context& context, const std::shared_ptr<Carried<Machine, Ask>>& carried) {
  for (Ask& one : carried->machine->take_asks()) {
    const auto ask = std::make_shared<Ask>(std::move(one));
    proto::Call call = carried->call_of(*carried->house, *ask);
    call.timeout_ms = kRealmTimeoutMs;
    ++carried->open;
    carried->calls.start(context, {}, std::move(call), [carried, ask](Context& later, const Answer& answer) {
      --carried->open;
      auto reply = reply_of(answer);
      carried->take(*carried->machine, *ask, reply);
      if (reply) wipe(reply->body);  // it may be a share
      go_on(later, carried);
    });
  }
  if (carried->open == 0) std::exchange(carried->then, [](Context&) {})(context);
}

proto::Call call_of_pin(const RealmHouse& house, const vault::PinRecovery::Ask& ask) {
  const ByteView token = house.tokens.empty() ? ByteView{} : ByteView(house.tokens[ask.realm]);
  return pin_call(house.list.realms[ask.realm].url, house.who, ask, token);
}

proto::Call call_of_token(const RealmHouse& house, const vault::TokenAsk& ask) {
  return token_call(house.list.realms[ask.realm].url, ask);
}

template <class Machine>
void take_token(Machine& machine, const vault::TokenAsk& ask, const Result<proto::CallReply>& reply) {
  machine.take(ask.realm, token_reply(reply));
}

struct Round {
  RealmReplies replies;
  std::size_t open = 0;
  ThenReplies then;
};

}  // namespace

void carry_pin(Context& context, Calls& calls, std::shared_ptr<const RealmHouse> house,
               std::shared_ptr<vault::PinRecovery> machine, ThenRealms then) {
  using All = Carried<vault::PinRecovery, vault::PinRecovery::Ask>;
  go_on(context, std::make_shared<All>(All{calls, std::move(house), std::move(machine), std::move(then), call_of_pin,
                                           take_pin_reply, 0}));
}

void carry_token(Context& context, Calls& calls, std::shared_ptr<const RealmHouse> house,
                 std::shared_ptr<vault::TokenRecovery> machine, ThenRealms then) {
  using All = Carried<vault::TokenRecovery, vault::TokenAsk>;
  go_on(context, std::make_shared<All>(All{calls, std::move(house), std::move(machine), std::move(then), call_of_token,
                                           take_token<vault::TokenRecovery>, 0}));
}

void carry_change(Context& context, Calls& calls, std::shared_ptr<const RealmHouse> house,
                  std::shared_ptr<vault::TokenChange> machine, ThenRealms then) {
  using All = Carried<vault::TokenChange, vault::TokenAsk>;
  go_on(context, std::make_shared<All>(All{calls, std::move(house), std::move(machine), std::move(then), call_of_token,
                                           take_token<vault::TokenChange>, 0}));
}

void ask_all(Context& context, Calls& calls, std::vector<std::optional<proto::Call>> asked, ThenReplies then) {
  const auto round = std::make_shared<Round>();
  round->then = std::move(then);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    round->replies.emplace_back(fail(ErrorCode::invalid_state, "a realm was not asked"));
    if (!asked[i]) continue;
    asked[i]->timeout_ms = kRealmTimeoutMs;
    ++round->open;
    calls.start(context, {}, std::move(*asked[i]), [round, i](Context& later, const Answer& answer) {
      round->replies[i] = reply_of(answer);
      if (--round->open == 0) round->then(later, std::move(round->replies));
    });
  }
  if (round->open == 0) round->then(context, std::move(round->replies));
}

proto::Call pin_version_call(const std::string& url, const proto::RealmWho& who) {
  return pin_call(url, who, vault::PinRecovery::Ask{0, vault::PinRecovery::AskVersion{}}, {});
}

std::string_view fate_word(RealmFate fate) {
  switch (fate) {
    case RealmFate::waiting: return "not asked";
    case RealmFate::good: return "good";
    case RealmFate::dead: return "does not answer";
    case RealmFate::nothing_here: return "has nothing";
    case RealmFate::locked: return "locked";
    case RealmFate::refused: return "refuses";
    case RealmFate::other_version: return "lies: another registration";
    case RealmFate::wrong_signature: return "lies: wrong signature";
    case RealmFate::wrong_proof: return "lies: wrong proof";
    case RealmFate::wrong_share: return "lies: wrong share";
  }
  return "unknown";
}

nlohmann::json fates_json(const RealmList& list, const std::vector<RealmFate>& fates) {
  nlohmann::json out = nlohmann::json::array();
  for (std::size_t i = 0; i < fates.size(); ++i) {
    out.push_back({{"name", list.realms[i].name()}, {"state", fate_word(fates[i])}});
  }
  return out;
}

std::vector<std::string> liar_sentences(const RealmList& list, const std::vector<RealmFate>& fates) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < fates.size(); ++i) {
    if (!vault::broke_a_rule(fates[i])) continue;
    out.push_back("The realm " + list.realms[i].name() + " " + std::string(fate_word(fates[i])) +
                  "; it was left out. Tell its operator, or take another realm: pin change --realms.");
  }
  return out;
}

std::string unwell(const RealmList& list, const std::vector<RealmFate>& fates) {
  std::string out;
  for (std::size_t i = 0; i < fates.size(); ++i) {
    if (fates[i] == RealmFate::good) continue;
    out += (out.empty() ? "" : ", ") + list.realms[i].name() + " (" + std::string(fate_word(fates[i])) + ")";
  }
  return out;
}

std::string pin_sentence(const vault::PinRecovery& recovery, const RealmList& list) {
  using State = vault::PinRecovery::State;
  const unsigned left = recovery.guesses_left();
  switch (recovery.state()) {
    case State::wrong_pin:
      return "That is not the PIN; " +
             (left == 0
                  ? std::string("it is locked now, and a device of the name unlocks it: pin unlock.")
                  : std::to_string(left) + (left == 1 ? " guess is" : " guesses are") + " left until it is locked.");
    case State::locked:
      return "The PIN is locked after ten guesses; nothing is lost: a device of the name unlocks it with pin unlock, "
             "or "
             "the recovery key brings the name back.";
    case State::not_registered:
      return "The realms hold no PIN of this name; look whether the name, the realm list and --number are right.";
    case State::no_memory: return "There is not enough memory to work with the PIN (64 MiB); make room and try again.";
    default:
      return "Too few realms answered as they must, of " + std::to_string(list.realms.size()) + " it takes " +
             std::to_string(list.threshold) + ": " + unwell(list, recovery.fates()) + "; try again later.";
  }
}

ErrorCode pin_code(vault::PinRecovery::State state) {
  using State = vault::PinRecovery::State;
  if (state == State::wrong_pin) return ErrorCode::not_authorised;
  if (state == State::locked) return ErrorCode::invalid_state;
  if (state == State::not_registered) return ErrorCode::not_found;
  return ErrorCode::unavailable;
}

}  // namespace cairn::client
