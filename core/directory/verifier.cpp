#include "core/directory/verifier.h"

#include <algorithm>

namespace cairn::directory {
namespace {

/// The same failure under the name of the condition that it breaks.
template <class T>
Result<T> as_condition(Result<T> result, const char* condition) {
  if (!result) return fail(result.error().code, condition);
  return result;
}

}  // namespace

/// One answer against the conditions, each its own function, in the order of the specification but for its age: that is
/// judged last, so what is refused for it is good in all else, and time may mend it.
class LookupVerifier {
 public:
  LookupVerifier(const Name& name, const Known& known, const tlog::ClientPolicy& policy, const LookupResponse& response,
                 Time now)
      : name_(name),
        known_(known),
        policy_(policy),
        response_(response),
        now_(known.domain != nullptr ? known.domain->trusted_now(now) : now),
        state_(known.pinned != nullptr ? known.pinned->state() : NameState(name)) {
    CHECK(known.pinned == nullptr || known.pinned->name() == name);
    if (known.pinned == nullptr) return;
    pending_ = known.pinned->pending_;
    resets_ = known.pinned->resets_;
    newest_reset_ = known.pinned->newest_reset_;
  }

  Result<Lookup> run() {
    const auto checkpoint =
        TRY(as_condition(tlog::SignedCheckpoint::parse(response_.checkpoint, tlog::ExtensionLines::refuse),
                         "condition 1: not a checkpoint"));
    const auto cosigned = TRY(check_quorum(checkpoint));
    TRY(check_size(cosigned.tree()));
    auto edge = TRY(check_growth(cosigned.tree()));
    const DirectoryConfig config = TRY(find_config());
    TRY(check_config(config, checkpoint));
    const Hash key = TRY(check_vrf(config));
    const auto leaf =
        TRY(as_condition(response_.map_proof.verify(response_.record.map_root, key), "condition 5: map proof"));
    TRY(check_names());
    for (const Statement& statement : response_.statements) TRY(take_statement(statement, key));
    TRY(check_leaf(leaf));
    TRY(check_resets(leaf.value_or(NameLeaf{})));
    TRY(check_fresh(cosigned));
    return Lookup{make_domain(std::move(edge), config, cosigned), make_view(cosigned)};
  }

 private:
  Result<tlog::CosignedCheckpoint> check_quorum(const tlog::SignedCheckpoint& checkpoint) const {
    auto cosigned = tlog::CosignedCheckpoint::verify(checkpoint, policy_, now_, known_.verified);
    if (cosigned) return cosigned;
    const ErrorCode code = cosigned.error().code;
    // What is a quorum only when time does not matter lies ahead of our clock: another thing to tell the person.
    if (code == ErrorCode::no_quorum &&
        tlog::CosignedCheckpoint::verify(checkpoint, policy_, Time::never(), known_.verified)) {
      return fail(ErrorCode::stale, kAheadOfClock);
    }
    return fail(code, code == ErrorCode::no_quorum ? "condition 1: no quorum" : "condition 1: a cosignature is wrong");
  }

  Status check_size(const tlog::TreeHead& tree) const {
    REQUIRE(known_.domain == nullptr || tree.size >= known_.domain->edge.size(), ErrorCode::stale,
            "condition 2: smaller than one verified before");
    return ok();
  }

  Status check_fresh(const tlog::CosignedCheckpoint& cosigned) const {
    const Time cosigned_at{cosigned.time_s() * kSecondMs};
    REQUIRE(elapsed_ms(now_, cosigned_at) <= kMaxViewAgeMs, ErrorCode::stale, kNotFresh);
    return ok();
  }

  Result<DirectoryConfig> find_config() const {
    REQUIRE(response_.config.has_value() == (known_.domain == nullptr), ErrorCode::malformed,
            "condition 4: a config where none belongs, or none where one does");
    return known_.domain != nullptr ? known_.domain->config : *response_.config;
  }

  /// Conditions 3 and 4 have one proof: the stored tree, and the record after all others, give the new tree.
  Result<tlog::RightEdge> check_growth(const tlog::TreeHead& tree) const {
    constexpr const char* kGrown = "condition 3: not what was verified before and has grown by this record";
    constexpr const char* kRecord = "condition 4: the record is not in the log";
    REQUIRE(tree.size != 0 && response_.record.epoch == tree.size - 1, ErrorCode::inconsistent,
            "condition 4: not the newest record");
    const Hash leaf = response_.record.log_leaf();
    if (known_.domain == nullptr) {
      return as_condition(tlog::verify_growth(response_.growth, tlog::RightEdge(), leaf, tree), kRecord);
    }
    const DomainState& domain = *known_.domain;
    if (tree.size != domain.edge.size()) {
      return as_condition(tlog::verify_growth(response_.growth, domain.edge, leaf, tree), kGrown);
    }
    REQUIRE(tree == domain.newest(), ErrorCode::inconsistent, "condition 3: another log of the same size");
    REQUIRE(response_.growth.hashes.empty(), ErrorCode::malformed, "condition 3: a proof of no growth");
    REQUIRE(response_.record == domain.newest_record, ErrorCode::inconsistent, kRecord);
    return domain.edge;
  }

  Status check_config(const DirectoryConfig& config, const tlog::SignedCheckpoint& checkpoint) const {
    REQUIRE(config.check() && config.hash() == response_.record.config, ErrorCode::inconsistent,
            "condition 4: not the config of the record");
    REQUIRE(config.origin == origin_of(name_.domain()) && checkpoint.claim().origin == config.origin,
            ErrorCode::inconsistent, "condition 4: another domain's log");
    const auto key_name = TRY(as_condition(tlog::KeyName::from(config.origin), "condition 4: another domain's log"));
    const tlog::VerifierKey log_key(key_name, tlog::SignatureType::ed25519, config.log_key);
    TRY(as_condition(tlog::VerifiedCheckpoint::verify(checkpoint, log_key, known_.verified),
                     "condition 4: not signed by the log"));
    if (known_.domain != nullptr) return ok();  // that config passed here before it was stored
    return as_condition(crypto::vrf_validate_key(config.vrf_key), "condition 4: VRF key");
  }

  Result<Hash> check_vrf(const DirectoryConfig& config) const {
    const auto output = known_.verified != nullptr
                            ? known_.verified->vrf_verify(config.vrf_key, name_.bytes(), response_.vrf_proof)
                            : crypto::vrf_verify(config.vrf_key, name_.bytes(), response_.vrf_proof);
    return map_key(TRY(as_condition(output, "condition 5: VRF proof")));
  }

  Status check_names() const {
    for (const Statement& statement : response_.statements) {
      REQUIRE(statement.content.name == name_, ErrorCode::not_authorised, "condition 8: a statement of another name");
    }
    return ok();
  }

  Status take_statement(const Statement& statement, const Hash& key) {
    const StatementType type = statement.content.type();
    const std::optional<NameState> before =
        type == StatementType::request_reset ? std::optional<NameState>(state_) : std::nullopt;
    TRY(as_condition(state_.apply(statement), "condition 6: a statement that is not valid here"));
    if (before) return take_request(*before, key);
    if (type == StatementType::veto_reset) pending_ = veto_mark(pending_);
    if (type == StatementType::complete_reset) return take_completion();
    return ok();
  }

  Status take_request(const NameState& before, const Hash& key) {
    REQUIRE(notices_taken_ < response_.notices.size(), ErrorCode::inconsistent,
            "condition 7: a reset without its notice");
    const ResetNotice& notice = response_.notices[notices_taken_++];
    REQUIRE(notice.key == key && notice.request_sequence == before.count(), ErrorCode::inconsistent,
            "condition 7: the notice of another request");
    REQUIRE(notice.veto_keys == before.veto_holders() && notice.veto_recovery == before.recovery_commitment(),
            ErrorCode::inconsistent, "condition 7: not the owner's veto keys");
    const std::uint64_t delay_s = std::max(before.reset_delay_s(), kMinResetDelayS);
    REQUIRE(notice.delay_ms() >= delay_s * kSecondMs, ErrorCode::not_authorised, "condition 7: delay too short");
    REQUIRE(notice.after ? pending_ == veto_mark(*notice.after) : pending_.is_zero(), ErrorCode::inconsistent,
            "condition 7: not after the vetoed request");
    pending_ = notice.hash();
    newest_reset_ = notice;
    return ok();
  }

  Status take_completion() {
    REQUIRE(newest_reset_ && newest_reset_->hash() == pending_, ErrorCode::inconsistent,
            "condition 7: completed without a request");
    REQUIRE(newest_reset_->matures_ms <= response_.record.time_ms, ErrorCode::not_authorised,
            "condition 7: completed too soon");
    const bool vetoed = std::any_of(known_.vetoes.begin(), known_.vetoes.end(), [&](const VetoNotice& veto) {
      return veto.request == *newest_reset_ && veto.verify().has_value();
    });
    REQUIRE(!vetoed, ErrorCode::not_authorised, "condition 7: its owner vetoed it");
    resets_ = extend_resets(resets_, pending_);
    pending_ = {};
    return ok();
  }

  Status check_leaf(const std::optional<NameLeaf>& leaf) const {
    if (!leaf) {
      REQUIRE(state_.count() == 0, ErrorCode::inconsistent, "condition 6: the map has no such name");
      return ok();
    }
    REQUIRE(leaf->count != 0 && leaf->count == state_.count() && leaf->head == state_.head(), ErrorCode::inconsistent,
            "condition 6: the statements do not lead to the map's head");
    return ok();
  }

  Status check_resets(const NameLeaf& leaf) const {
    REQUIRE(notices_taken_ == response_.notices.size(), ErrorCode::malformed,
            "condition 7: a notice without its reset");
    REQUIRE(leaf.pending == pending_ && leaf.resets == resets_, ErrorCode::inconsistent,
            "condition 7: the map's resets are not the chain's");
    return ok();
  }

  DomainState make_domain(tlog::RightEdge edge, const DirectoryConfig& config,
                          const tlog::CosignedCheckpoint& cosigned) const {
    DomainState out;
    out.edge = std::move(edge);
    out.newest_record = response_.record;
    out.checkpoint = response_.checkpoint;
    out.config = config;
    out.greatest_time_s = std::max(cosigned.time_s(), known_.domain != nullptr ? known_.domain->greatest_time_s : 0);
    return out;
  }

  VerifiedView make_view(const tlog::CosignedCheckpoint& cosigned) {
    VerifiedView out(std::move(state_));
    out.pending_ = pending_;
    out.resets_ = resets_;
    out.newest_reset_ = newest_reset_;
    out.checkpoint_ = {cosigned.origin(), cosigned.tree()};
    out.time_s_ = cosigned.time_s();
    for (const tlog::VerifiedCosignature& cosignature : cosigned.cosignatures()) {
      auto& quorum = out.quorum_;
      const bool new_one = std::find(quorum.begin(), quorum.end(), cosignature.cosigner) == quorum.end();
      if (new_one && cosignature.time_s >= out.time_s_) quorum.push_back(cosignature.cosigner);
    }
    return out;
  }

  const Name& name_;
  const Known& known_;
  const tlog::ClientPolicy& policy_;
  const LookupResponse& response_;
  Time now_;
  NameState state_;
  Hash pending_;
  Hash resets_;
  std::optional<ResetNotice> newest_reset_;
  std::size_t notices_taken_ = 0;
};

LookupRequest make_lookup(const Name& name, const Known& known) {
  LookupRequest out{name, 0, {}, 0};
  if (known.pinned != nullptr) {
    out.known_count = known.pinned->count();
    out.known_head = known.pinned->head();
  }
  if (known.domain != nullptr) out.known_size = known.domain->edge.size();
  return out;
}

Result<Lookup> verify_lookup(const Name& name, const Known& known, const tlog::ClientPolicy& policy,
                             const LookupResponse& response, Time now) {
  return LookupVerifier(name, known, policy, response, now).run();
}

}  // namespace cairn::directory
