// A cosigner of a server under test, without the audit: it answers add-checkpoint as C2SP tlog-witness says.
#pragma once

#include <functional>

#include "core/directory/closing.h"
#include "core/tlog/cosignature.h"
#include "core/tlog/witness_request.h"
#include "tests/support/relay_driver.h"

namespace cairn::testing {

class FakeCosigner {
 public:
  FakeCosigner(std::string_view name, std::uint64_t seed)
      : entropy_(seed), name_(*tlog::KeyName::from(name)), key_(crypto::SigningKey::generate(entropy_)) {}

  /// What it answers. dead: nothing, until the call times out. busy: 503. stranger: 404, it knows no such log. behind a
  /// proxy: what that says of a cosigner that does not run.
  enum class Mood : std::uint8_t {
    honest,
    dead,
    busy,
    garbled,
    wrong_key,
    too_old,
    stranger,
    behind_proxy
  } mood = Mood::honest;
  proto::CallReply proxy_says{404, to_bytes("404 page not found\n"), {}};
  tlog::TreeHead head{0, tlog::empty_root()};  ///< cosigned last
  std::uint64_t asked = 0;
  std::map<std::uint64_t, std::string> texts;                  ///< every checkpoint text ever seen, by size
  std::uint64_t max_age_ms = 5 * kMinuteMs;                    ///< of too_old: refuses a new size whose record is older
  std::function<std::uint64_t(std::uint64_t)> record_time_ms;  ///< of too_old: time of the newest record of a size

  /// What it says of veto mailboxes. unsigned_not_yet: 503, as anybody between may say; stale_not_yet: what it said to
  /// the first who asked; silent: 404, as from what is no auditor.
  enum class Mailbox : std::uint8_t {
    closes,
    not_yet,
    unsigned_not_yet,
    stale_not_yet,
    silent,
    forges
  } mailbox = Mailbox::closes;
  std::optional<directory::VetoNotice> veto;  ///< that it has: given for whatever request it is asked about
  std::uint64_t asked_to_close = 0;

  std::string url() const { return "http://" + name_.text(); }
  std::string policy_line() const {
    return "witness " + name_.text() + " " + verifier().to_text() + " " + url() + "\n";
  }
  tlog::VerifierKey verifier() const { return {name_, tlog::SignatureType::cosignature_v1, key_.public_key()}; }

  /// Cosigns anything.
  tlog::NoteSignature lie_about(std::string_view text, Time now) const {
    return tlog::cosign(name_, key_, now.ms / kSecondMs, text);
  }

  /// The answer to a call to its url.
  proto::CallDone answer(const proto::Call& call, Time now) {
    if (call.url == url() + "/close") return close(call);
    ++asked;
    CHECK(call.url == url() + "/add-checkpoint");
    const auto request = tlog::AddCheckpoint::parse(as_text(call.body), tlog::ExtensionLines::refuse);
    CHECK(request.has_value());
    const auto& claim = request->checkpoint.claim();
    // Whatever it answers, it remembers: no size may ever have two texts.
    const auto [seen, first] = texts.emplace(claim.tree.size, request->checkpoint.note().text);
    CHECK(first || seen->second == request->checkpoint.note().text);
    switch (mood) {
      case Mood::dead: return {call.id, fail(ErrorCode::unavailable, "no answer")};
      case Mood::busy: return reply(call, tlog::reply_refused(tlog::WitnessStatus::unavailable, "not now"));
      case Mood::garbled: return {call.id, proto::CallReply{200, to_bytes("what?"), {}}};
      case Mood::stranger: return reply(call, tlog::reply_refused(tlog::WitnessStatus::not_found, tlog::kUnknownLog));
      case Mood::behind_proxy: return {call.id, proxy_says};
      default: break;
    }
    if (request->old_size != head.size) return reply(call, tlog::reply_conflict(head.size));
    if (mood == Mood::too_old && claim.tree.size > head.size &&
        elapsed_ms(now, Time{record_time_ms(claim.tree.size)}) > max_age_ms) {
      return reply(call, tlog::reply_refused(tlog::WitnessStatus::unavailable, "too old"));
    }
    if (head.size != 0 && !tlog::verify_consistency(request->proof, head, claim.tree)) {
      return reply(call, tlog::reply_refused(tlog::WitnessStatus::unprocessable, "proof"));
    }
    head = claim.tree;
    const auto signer = mood == Mood::wrong_key ? crypto::SigningKey::generate(entropy_) : key_.clone();
    const auto line = tlog::cosign(name_, signer, now.ms / kSecondMs, request->checkpoint.note().text);
    return reply(call, tlog::reply_cosigned({&line, 1}));
  }

 private:
  proto::CallDone close(const proto::Call& call) {
    ++asked_to_close;
    const auto request = wire::decode<directory::CloseRequest>(call.body);
    CHECK(request.has_value());
    if (mood == Mood::dead) return {call.id, fail(ErrorCode::unavailable, "no answer")};
    if (mailbox == Mailbox::silent) return {call.id, proto::CallReply{404, {}, {}}};
    if (mailbox == Mailbox::unsigned_not_yet) return {call.id, proto::CallReply{503, {}, {}}};
    const auto signer = mailbox == Mailbox::forges ? crypto::SigningKey::generate(entropy_) : key_.clone();
    directory::CloseAnswer answer{directory::sign_closed(*request, signer)};
    if (veto) answer.body = *veto;
    if (mailbox == Mailbox::not_yet) answer.body = directory::sign_not_yet(*request, signer);
    if (mailbox == Mailbox::stale_not_yet) {
      if (!first_asked_) first_asked_ = *request;
      answer.body = directory::sign_not_yet(*first_asked_, signer);
    }
    return {call.id, proto::CallReply{200, wire::encode(answer), {}}};
  }
  static proto::CallDone reply(const proto::Call& call, const tlog::WitnessReply& reply) {
    return {call.id, proto::CallReply{static_cast<int>(reply.status), to_bytes(reply.body), {}}};
  }

  std::optional<directory::CloseRequest> first_asked_;
  SeededEntropy entropy_;
  tlog::KeyName name_;
  crypto::SigningKey key_;
};

/// Three cosigners, of which two are needed, and a way to let them answer.
class TestCosigners {
 public:
  FakeCosigner all[3] = {{"one.example", 51}, {"two.example", 52}, {"three.example", 53}};

  relay::RelayConfig config() const {
    relay::RelayConfig config = open_config();
    std::string text;
    for (const FakeCosigner& it : all) text += it.policy_line();
    text += "group auditors 2 one.example two.example three.example\nquorum auditors\n";
    config.policy = *tlog::Policy::parse(text);
    return config;
  }

  FakeCosigner& of(const proto::Call& call) {
    for (FakeCosigner& it : all) {
      if (call.url.starts_with(it.url())) return it;
    }
    CHECK(false);
  }

  /// Answers every call that is open.
  void answer(RelayDriver& driver) {
    for (const proto::Call& call : driver.take_calls()) driver.batch({of(call).answer(call, driver.now)});
  }

  /// Lets time pass in steps, answering calls as they come.
  void pass(RelayDriver& driver, std::uint64_t ms, std::uint64_t step_ms = 100) {
    for (std::uint64_t passed = 0; passed < ms; passed += step_ms) {
      driver.pass(step_ms);
      answer(driver);
    }
  }
};

}  // namespace cairn::testing
