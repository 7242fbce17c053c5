// A directory that writes its own history, and the auditor whose verdicts become vectors.
#pragma once

#include "core/directory/closing.h"
#include "tests/support/naive_map.h"
#include "tests/vectors/make_directory/maker.h"

namespace cairn::testing {

using directory::Auditor;
using directory::CloseAnswer;
using directory::Closed;
using directory::CloseRequest;
using directory::EpochAudit;
using directory::extend_head;
using directory::NameLeaf;
using directory::Notice;
using directory::notices_hash;
using directory::NotYet;
using directory::ResetNotice;
using directory::Update;
using directory::VetoNotice;

/// What an auditor that refuses an epoch does with what it has only read (s.5).
enum class Then : std::uint8_t { forgets, keeps };

/// A directory, an auditor that follows it, and what it is asked. As core/witness has it (replay.h), the auditor is two
/// of core/directory's: what it has read, and what it has taken over of that.
class History {
 public:
  explicit History(std::uint64_t seed)
      : domain("example.org", seed), read_(*Auditor::enrol(domain.config, 0)), taken_over_(read_) {}

  TestDomain domain;

  // ---- honest steps ----

  /// Audits what the directory has published since the last time.
  void follow(std::string_view what) { follow(what, domain.audits.size()); }
  void follow(std::string_view what, std::uint64_t end) {
    while (read_.size() < end) {
      const Bytes& bytes = domain.audits[read_.size()];
      const auto epoch = EpochAudit::decode(bytes);
      hold(epoch && read_.audit(*epoch, domain.now), what);
      recall_vetoes(*epoch);
      Json step = step_of("audit", what, {});
      step["now_ms"] = domain.now.ms;
      step["audit"] = hex(bytes);
      step["size"] = read_.size();
      step["root"] = hex(read_.head().root);
      steps_.push_back(std::move(step));
    }
    for (const auto& [name, entry] : domain.entries) {
      const Hash at = domain.key_of(entry.state.name());
      old.leaves[at] = *domain.map.find(at);
    }
  }
  /// The log signs the head up to which it was followed.
  void sign(std::string_view what) {
    hold(read_.check_head(read_.head()).has_value(), what);
    read_.begin_waiting(read_.not_begun());
    taken_over_ = read_;
    put_head(what, {}, read_.head());
  }
  void cosign(std::string_view what) {
    sign(what);
    cosign_signed(what);
  }
  void cosign_signed(std::string_view what) {
    hold(taken_over_.size() == read_.size() && taken_over_.check_cosigning(domain.now), what);
    read_.record_cosigned();
    taken_over_.record_cosigned();
    put_cosign(what, {});
  }
  void elapse(std::uint64_t ms) {
    read_.add_elapsed(ms);
    taken_over_.add_elapsed(ms);
    Json step = step_of("elapsed", "time goes by", {});
    step["ms"] = ms;
    steps_.push_back(std::move(step));
  }
  void take_veto(std::string_view what, const VetoNotice& veto) {
    const auto taken = accept_veto(veto);
    hold(taken.has_value(), what);
    put_veto(what, {}, veto);
    if (*taken == directory::TakenVeto::forgets) steps_.back()["then"] = read_.size();
  }
  /// The auditor is asked to close the veto mailbox of the request, and answers.
  void close(std::string_view what, const ResetNotice& request) {
    const auto veto = close_mailbox(request.hash());
    hold(veto.has_value(), what);
    const CloseRequest asked = ask(request);
    CloseAnswer answer{sign_closed(asked, key_)};
    if (*veto) answer.body = **veto;
    put_answer(what, {}, asked, wire::encode(answer));
  }
  /// And says that it does not close it yet.
  void put_off_closing(std::string_view what, const ResetNotice& request) {
    const auto veto = close_mailbox(request.hash());
    hold(!veto && veto.error().code == ErrorCode::unavailable, what);
    const CloseRequest asked = ask(request);
    put_answer(what, {}, asked, wire::encode(CloseAnswer{sign_not_yet(asked, key_)}));
  }
  /// An auditor that enrols late and adopts what there is.
  void adopt(std::uint64_t size) {
    read_ = *Auditor::enrol(domain.config, size);
    taken_over_ = read_;
    vetoes_.clear();
    Json step = step_of("adopt", "a new auditor begins", {});
    step["size"] = size;
    steps_.push_back(std::move(step));
  }

  /// So many requests besides are open, of which nothing else is heard.
  void crowd(std::uint64_t count) {
    for (std::uint64_t number = 0; number < count; ++number) {
      wire::Writer name;
      name.u64(number);
      for (Auditor* one : {&read_, &taken_over_}) one->put(crypto::sha256(name.view()), directory::OpenRequest{});
    }
    Json step = step_of("crowd", "so many requests are open besides", {});
    step["count"] = count;
    steps_.push_back(std::move(step));
  }

  // ---- refusals ----

  void refuse(std::string_view what, std::string_view rule, const EpochAudit& epoch) {
    refuse_bytes(what, rule, wire::encode(epoch));
  }
  void refuse_bytes(std::string_view what, std::string_view rule, const Bytes& bytes) {
    const auto epoch = EpochAudit::decode(bytes);
    hold(!epoch || !Auditor(read_).audit(*epoch, domain.now), what);
    put_refused(what, rule, bytes);
  }
  /// The same, and the auditor goes on from there.
  void refuse_for_good(std::string_view what, std::string_view rule, const EpochAudit& epoch, Then then) {
    refuse_for_good(what, rule, wire::encode(epoch), then);
  }
  void refuse_for_good(std::string_view what, std::string_view rule, const Bytes& bytes, Then then) {
    const auto epoch = EpochAudit::decode(bytes);
    bool forgets = false;
    if (epoch) {
      const Status audited = read_.audit(*epoch, domain.now);
      hold(!audited, what);
      forgets = !directory::is_of_the_moment(audited.error().code);
    }
    hold(forgets == (then == Then::forgets), what);
    if (forgets) forget();
    put_refused(what, rule, bytes);
    steps_.back()["then"] = read_.size();
  }
  void refuse_veto(std::string_view what, const VetoNotice& veto) {
    const auto taken = accept_veto(veto);
    hold(!taken && taken.error().code != ErrorCode::stale, what);
    put_veto(what, "mailbox", veto);
  }
  void refuse_late_veto(std::string_view what, const VetoNotice& veto) {
    const auto taken = accept_veto(veto);
    hold(!taken && taken.error().code == ErrorCode::stale, what);
    put_veto(what, "mailbox closed", veto);
  }
  /// What is no VetoNotice.
  void refuse_veto_bytes(std::string_view what, const Bytes& bytes) {
    hold(!wire::decode<VetoNotice>(bytes), what);
    Json step = step_of("veto", what, "format");
    step["veto"] = hex(bytes);
    steps_.push_back(std::move(step));
  }
  /// What is no question of /close, about this request but for that.
  void refuse_questions(const ResetNotice& request) {
    Bytes bytes = wire::encode(ask(request));
    bytes.push_back(0);
    hold(!wire::decode<CloseRequest>(bytes), "a question and a byte");
    put_close("a question and a byte", "format", bytes);
    bytes.resize(directory::kMaxCloseBytes + 1);
    put_close("a question of more than 8 KiB", "format", bytes);
  }
  void refuse_closing(std::string_view what, const ResetNotice& request) {
    const auto veto = close_mailbox(request.hash());
    hold(!veto && veto.error().code == ErrorCode::not_found, what);
    put_close(what, "close", ask(request));
  }
  /// As if the log were another one.
  void refuse_closing_elsewhere(std::string_view what, const ResetNotice& request) {
    CloseRequest asked = ask(request);
    asked.origin = "example.net/cairn";
    put_close(what, "close", asked);
  }
  void refuse_barred_closing(std::string_view what, const ResetNotice& request) {
    hold(taken_over_.is_barred(), what);
    put_close(what, "close barred", ask(request));
  }
  /// Answers that an auditor does not give, about a mailbox that it has closed.
  void refuse_closed_answers(const ResetNotice& request) {
    const CloseRequest asked = ask(request);
    SeededEntropy entropy(58);
    const auto stranger = crypto::SigningKey::generate(entropy);
    CloseRequest other = asked;
    other.origin = "example.net/cairn";
    const auto refuse = [&](std::string_view what, std::string_view rule, Bytes answer) {
      put_answer(what, rule, asked, answer);
    };
    refuse("closed by another key", "closing", wire::encode(CloseAnswer{sign_closed(asked, stranger)}));
    refuse("closed in another log", "closing", wire::encode(CloseAnswer{sign_closed(other, key_)}));
    refuse("closed, by the signature of not yet", "closing",
           wire::encode(CloseAnswer{Closed{sign_not_yet(asked, key_).signature}}));
    Bytes answer = wire::encode(CloseAnswer{sign_closed(asked, key_)});
    answer[0] = 4;
    refuse("a fourth state", "format", answer);
    answer[0] = 1;
    answer.push_back(0);
    refuse("an answer and a byte", "format", answer);
    other.origin = std::string(tlog::kMaxOriginBytes + 1, 'o');
    hold(!wire::decode<CloseRequest>(wire::encode(other)), "a question with an origin that is too long");
    put_close("a question with an origin of 260 bytes", "format", other);
  }
  /// And about one whose delay is not over.
  void refuse_not_yet_answers(const ResetNotice& request) {
    const CloseRequest asked = ask(request), another = ask(request);
    put_answer("not yet, said to another question", "closing", asked,
               wire::encode(CloseAnswer{sign_not_yet(another, key_)}));
    put_answer("not yet, by the signature of closed", "closing", asked,
               wire::encode(CloseAnswer{NotYet{sign_closed(asked, key_).signature}}));
  }
  void refuse_head(std::string_view what, const tlog::TreeHead& head) {
    hold(!read_.check_head(head), what);
    put_head(what, "head", head);
  }
  /// The same, and the auditor goes on from there.
  void refuse_head_for_good(std::string_view what, const tlog::TreeHead& head, Then then) {
    const Status ours = read_.check_head(head);
    hold(!ours && (ours.error().code == ErrorCode::inconsistent) == (then == Then::forgets), what);
    if (then == Then::forgets) forget();
    put_head(what, "head", head);
    steps_.back()["then"] = read_.size();
  }
  void refuse_cosigning(std::string_view what, std::string_view rule) {
    hold(taken_over_.size() != read_.size() || !read_.check_cosigning(domain.now), what);
    put_cosign(what, rule);
  }

  // ---- epochs that lie in one thing: their proofs and roots fit the lie ----

  /// Leads from `old` to `now` and says this of it.
  EpochAudit forge(std::vector<Update> updates, const NaiveMap& now, std::vector<Notice> notices = {}) const {
    EpochAudit out;
    out.record = {domain.records.size(), domain.now.ms,        now.root(),
                  now.leaves.size(),     domain.config.hash(), notices_hash(notices)};
    std::vector<Hash> keys;
    for (const Update& one : updates) keys.push_back(one.key);
    out.proof.nodes = old.prove_all(keys);
    out.updates = std::move(updates);
    out.notices = std::move(notices);
    return out;
  }
  /// With one update, whose leaf becomes this.
  EpochAudit forge(const Update& update, const NameLeaf& leaf, std::vector<Notice> notices = {}) const {
    NaiveMap now = old;
    now.leaves[update.key] = leaf;
    return forge(std::vector<Update>{update}, now, std::move(notices));
  }
  Update update(const TestPerson& person) const {
    const Hash key = domain.key_of(person.name());
    return {key, old.leaves.at(key), {crypto::sha256(Bytes{1})}};
  }
  static NameLeaf extended(const Update& update) {
    NameLeaf leaf = update.old.value_or(NameLeaf{});
    for (const Hash& commitment : update.commitments) leaf.head = extend_head(leaf.head, commitment);
    leaf.count += update.commitments.size();
    return leaf;
  }

  NaiveMap old;  ///< the map as audited so far

  /// What it has read.
  const Auditor& auditor() const { return read_; }
  Json take_all() {
    return {{"config", hex(wire::encode(domain.config))},
            {"config_hash", hex(domain.config.hash())},
            {"steps", std::move(steps_)}};
  }

 private:
  // ---- what core/witness makes of the two (replay.cpp) ----

  void forget() { read_ = taken_over_; }
  Result<directory::TakenVeto> accept_veto(const VetoNotice& veto) {
    const auto taken = TRY(directory::accept_veto(taken_over_, read_, veto));
    vetoes_.emplace(veto.request.hash(), veto);
    if (taken == directory::TakenVeto::forgets) forget();
    return taken;
  }
  void recall_vetoes(const EpochAudit& epoch) {
    for (const Notice& notice : epoch.notices) {
      const auto kept = vetoes_.find(notice.request().hash());
      if (kept == vetoes_.end() || !std::holds_alternative<directory::RequestNotice>(notice.body)) continue;
      hold(read_.accept_veto(kept->second).has_value(), "a veto that was kept");
    }
  }
  Result<std::optional<VetoNotice>> close_mailbox(const Hash& request) {
    const directory::OpenRequest* read = read_.find(request);
    REQUIRE(read != nullptr && !read->completed, ErrorCode::not_found, "not open");
    const directory::OpenRequest* taken_over = taken_over_.find(request);
    REQUIRE(taken_over != nullptr, ErrorCode::unavailable, "only read");
    if (taken_over->closed) return std::optional<VetoNotice>{};
    REQUIRE(!read_.owes(), ErrorCode::unavailable, "a completion is owed");
    auto veto = TRY(taken_over_.close(request, domain.now));
    if (!veto) hold(read_.close(request, domain.now).has_value(), "closed in what was read too");
    return veto;
  }

  static Json step_of(const char* act, std::string_view what, std::string_view rule) {
    Json out{{"do", act}};
    out.update(item_of(what, rule));
    return out;
  }
  void put_refused(std::string_view what, std::string_view rule, const Bytes& bytes) {
    Json step = step_of("audit", what, rule);
    step["now_ms"] = domain.now.ms;
    step["audit"] = hex(bytes);
    steps_.push_back(std::move(step));
  }
  void put_head(std::string_view what, std::string_view rule, const tlog::TreeHead& head) {
    Json step = step_of("sign", what, rule);
    step["size"] = head.size;
    step["root"] = hex(head.root);
    steps_.push_back(std::move(step));
  }
  void put_cosign(std::string_view what, std::string_view rule) {
    Json step = step_of("cosign", what, rule);
    step["now_ms"] = domain.now.ms;
    steps_.push_back(std::move(step));
  }
  void put_veto(std::string_view what, std::string_view rule, const VetoNotice& veto) {
    Json step = step_of("veto", what, rule);
    step["veto"] = hex(wire::encode(veto));
    steps_.push_back(std::move(step));
  }

  void put_close(std::string_view what, std::string_view rule, const CloseRequest& asked) {
    put_close(what, rule, wire::encode(asked));
  }
  void put_close(std::string_view what, std::string_view rule, const Bytes& asked) {
    Json step = step_of("close", what, rule);
    step["now_ms"] = domain.now.ms;
    step["request"] = hex(asked);
    steps_.push_back(std::move(step));
  }
  void put_answer(std::string_view what, std::string_view rule, const CloseRequest& asked, const Bytes& answer) {
    put_close(what, rule, asked);
    steps_.back()["auditor"] = hex(key_.public_key());
    steps_.back()["answer"] = hex(answer);
  }
  CloseRequest ask(const ResetNotice& request) {
    return {domain.config.origin, request.hash(), random_value<Nonce16>(nonces_)};
  }
  static crypto::SigningKey make_key() {
    SeededEntropy entropy(57);
    return crypto::SigningKey::generate(entropy);
  }

  Auditor read_;
  Auditor taken_over_;                   ///< core/witness lets nothing else be cosigned
  std::map<Hash, VetoNotice> vetoes_;    ///< that were taken, by R: kept for ever
  crypto::SigningKey key_ = make_key();  ///< the auditor's
  SeededEntropy nonces_{59};
  Json steps_ = Json::array();
};

// ---- epochs with one notice ----

inline EpochAudit forge_request(const History& history, const TestPerson& person, const ResetNotice& request,
                                std::optional<ResetNotice> vetoed = {}) {
  const Update update = history.update(person);
  NameLeaf leaf = History::extended(update);
  leaf.pending = request.hash();
  return history.forge(update, leaf, {{directory::RequestNotice{request, std::move(vetoed)}}});
}

inline EpochAudit forge_veto(const History& history, const TestPerson& person, const VetoNotice& veto) {
  const Update update = history.update(person);
  NameLeaf leaf = History::extended(update);
  leaf.pending = directory::veto_mark(veto.request.hash());
  return history.forge(update, leaf, {{veto}});
}

inline EpochAudit forge_completion(const History& history, const TestPerson& person, const ResetNotice& request) {
  const Update update = history.update(person);
  NameLeaf leaf = History::extended(update);
  leaf.pending = {};
  leaf.resets = directory::extend_resets(leaf.resets, request.hash());
  return history.forge(update, leaf, {{directory::CompleteNotice{request}}});
}

inline ResetNotice request_now(const History& history, const TestPerson& person,
                               std::optional<ResetNotice> vetoed = {}) {
  return directory::make_request_notice(person.state, history.domain.key_of(person.name()), history.domain.now.ms,
                                        history.domain.config.min_reset_delay_s, std::move(vetoed))
      .request;
}

/// Logs of their own: for what is decided at the edge of a rule, for what is forgotten and what stays, and for resets.
Json make_audit_edges();
Json make_forgetting_audits();
Json make_reset_audits();

}  // namespace cairn::testing
