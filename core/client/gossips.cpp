#include "core/client/gossips.h"

#include "core/client/domains.h"
#include "core/client/tables.h"
#include "core/directory/lookup.h"
#include "core/tlog/checkpoint.h"

namespace cairn::client {
namespace {

constexpr std::uint32_t kProofTimeoutMs = 10'000;

Bytes head_key(const Account& account, std::string_view domain, std::uint64_t size) {
  wire::Writer w;
  w.raw(name_key(account, domain));
  w.u64(size);
  return w.take();
}

void keep_head(Context& context, const Account& account, std::string_view domain, std::uint64_t size,
               const KnownHead& head) {
  context.store.put(tables::kKnownHeads, head_key(account, domain, size), wire::encode(head));
  const auto rows = context.store.scan_prefix(tables::kKnownHeads, name_key(account, domain), kMaxKnownHeads + 1);
  // Heads without a note go first: who says many of them does not make this device forget what it may have to show.
  const Bytes* least = nullptr;
  bool least_has_note = true;
  std::size_t count = rows.size();
  for (const Row& row : rows) {
    const auto kept = wire::decode<KnownHead>(row.value);
    if (!kept || elapsed_ms(context.now, Time{kept->stored_ms}) > kKnownHeadLifeMs) {
      context.store.erase(tables::kKnownHeads, row.key);
      --count;
    } else if (least == nullptr || (least_has_note && kept->note.empty())) {
      least = &row.key;
      least_has_note = !kept->note.empty();
    }
  }
  if (count > kMaxKnownHeads && least != nullptr) context.store.erase(tables::kKnownHeads, *least);
}

std::optional<KnownHead> known_head(const StoreView& store, const Account& account, std::string_view domain,
                                    std::uint64_t size) {
  const auto row = store.get(tables::kKnownHeads, head_key(account, domain, size));
  if (!row) return std::nullopt;
  auto head = wire::decode<KnownHead>(*row);
  if (!head) return std::nullopt;
  return std::move(*head);
}

std::optional<Claim> load(const StoreView& store, ByteView key) {
  const auto row = store.get(tables::kGossips, key);
  if (!row) return std::nullopt;
  auto claim = wire::decode<Claim>(*row);
  if (!claim) return std::nullopt;
  return std::move(*claim);
}

void save(Context& context, const StoredClaim& one) {
  context.store.put(tables::kGossips, one.key, wire::encode(one.claim));
}

/// A name of this domain among them; empty when there is none.
std::string name_at(const std::vector<std::string>& names, std::string_view domain) {
  for (const std::string& text : names) {
    const auto name = directory::Name::from(text);
    if (name && name->domain() == domain) return text;
  }
  return {};
}

/// One proof of a domain at a time.
std::string call_key(const std::string& domain) { return "prefix " + domain; }

}  // namespace

void keep_said(Context& context, const Account& account, const directory::DomainState& log) {
  const std::string domain = domain_of(log.config.origin);
  const auto kept = known_head(context.store, account, domain, log.edge.size());
  if (kept && !kept->note.empty()) return;
  keep_head(context, account, domain, log.edge.size(), {log.newest().root, context.now.ms, log.checkpoint});
}

// ---- what is said ----

void Gossips::heard(Context& context, const Account& account, const Heard& heard) {
  std::set<std::string> origins;
  for (const directory::Gossip& gossip : heard.gossip) {
    const std::string domain = domain_of(gossip.origin);
    const std::string about = name_at(heard.names, domain);
    if (domain.empty() || about.empty() || !origins.insert(gossip.origin).second) continue;
    Claim claim;
    claim.gossip = gossip;
    claim.about = about;
    claim.name = heard.name.text();
    claim.device = heard.device;
    claim.home = heard.home;
    take(context, account, std::move(claim), domain);
  }
  if (!heard.control) return;
  if (const auto* request = std::get_if<NoteRequest>(&*heard.control)) show_note(context, account, heard, *request);
  if (const auto* answer = std::get_if<NoteAnswer>(&*heard.control)) take_note(context, account, *answer);
}

void Gossips::take(Context& context, const Account& account, Claim claim, const std::string& domain) {
  const auto convicted = two_histories(context.store, account, domain);
  if (convicted && is_of_present_log(context.store, account, *convicted)) return;
  const auto log = views_.domain(context.store, account, domain);
  if (!log || claim.gossip.tree.size == 0) return;
  const auto known = compare(context.store, account, *log, claim.gossip);
  if (known && known->same) return;
  claim.since_ms = log->trusted_now(context.now).ms;
  auto key = place(context, account, claim, domain);
  if (!key) return;
  tries_.erase(*key);
  save(context, {std::move(*key), std::move(claim)});
  due_ = true;
}

std::optional<Gossips::Compared> Gossips::compare(const StoreView& store, const Account& account,
                                                  const directory::DomainState& log,
                                                  const directory::Gossip& gossip) const {
  if (gossip.tree.size == log.edge.size()) return Compared{gossip.tree == log.newest(), log.checkpoint};
  const auto head = known_head(store, account, domain_of(gossip.origin), gossip.tree.size);
  if (!head || (head->root != gossip.tree.root && head->note.empty())) return std::nullopt;
  return Compared{head->root == gossip.tree.root, head->note};
}

// A device's history only grows: if its newest checkpoint is of ours, so is what it said before. So the oldest that is
// not proved is kept, for its time, and the newest, for what it may show; what comes between says nothing more.
std::optional<Bytes> Gossips::place(Context& context, const Account& account, const Claim& claim,
                                    const std::string& domain) {
  const auto key_of = [&](Slot slot) {
    wire::Writer w;
    w.raw(name_key(account, domain));
    w.raw(claim.device);
    w.u8(static_cast<std::uint8_t>(slot));
    return w.take();
  };
  for (const Slot slot : {Slot::held, Slot::newest, Slot::dismissed}) {
    const auto before = load(context.store, key_of(slot));
    if (before && before->gossip == claim.gossip) return std::nullopt;
  }
  const auto held = load(context.store, key_of(Slot::held));
  if (!held) {
    if (!make_room(context, account, claim, domain)) return std::nullopt;
    return key_of(Slot::held);
  }
  const auto newest = load(context.store, key_of(Slot::newest));
  const bool moves = held->state != ClaimState::contradicted && (!newest || newest->state == ClaimState::waiting);
  return moves ? std::optional(key_of(Slot::newest)) : std::nullopt;
}

// Strangers do not keep those from being heard whom the owner has written to. Of either the name with the most devices
// here yields: many devices of a few names do not keep others from being heard. A suspicion yields to nothing.
bool Gossips::make_room(Context& context, const Account& account, const Claim& claim, const std::string& domain) {
  auto all = claims(context.store, account, domain);
  std::erase_if(all, [](const StoredClaim& one) { return one.claim.state == ClaimState::dismissed; });
  if (all.size() < kMaxClaimants) return true;
  const std::set<DeviceId> written_to = conversations_.ever_sent_to(context.store);
  const bool is_known = written_to.contains(claim.device);
  std::erase_if(all, [&](const StoredClaim& one) { return written_to.contains(one.claim.device) != is_known; });
  std::map<std::string, std::set<DeviceId>> speakers;
  std::set<DeviceId> devices;
  std::set<DeviceId> suspected;
  for (const StoredClaim& one : all) {
    speakers[one.claim.name].insert(one.claim.device);
    devices.insert(one.claim.device);
    if (one.claim.state != ClaimState::waiting) suspected.insert(one.claim.device);
  }
  if (devices.contains(claim.device) || devices.size() < kMaxClaimants) return true;
  const StoredClaim* last = nullptr;
  for (const StoredClaim& one : all) {
    if (suspected.contains(one.claim.device)) continue;
    const auto rank = [&](const StoredClaim& any) {
      return std::pair(speakers[any.claim.name].size(), any.claim.since_ms);
    };
    if (last == nullptr || rank(one) >= rank(*last)) last = &one;
  }
  if (last == nullptr || speakers[last->claim.name].size() <= speakers[claim.name].size() + 1) return false;
  for (const StoredClaim& one : all) {
    if (one.claim.device == last->claim.device) erase(context, one.key);
  }
  return true;
}

void Gossips::erase(Context& context, const Bytes& key) {
  tries_.erase(key);
  context.store.erase(tables::kGossips, key);
}

// ---- judging ----

void Gossips::step(Context& context, const Account& account) {
  if (!due_ && context.now < next_) return;
  due_ = false;
  next_ = Time::never();
  if (account.state != AccountState::active) return;  // it hears nobody yet, or no more
  std::set<std::string> domains;
  for (const StoredClaim& one : claims(context.store)) domains.insert(domain_of(one.claim.gossip.origin));
  for (const std::string& domain : domains) judge(context, account, domain);
}

void Gossips::judge(Context& context, const Account& account, const std::string& domain) {
  const auto log = views_.domain(context.store, account, domain);
  if (!log) return;
  settle(context, account, *log);
  const Time now = log->trusted_now(context.now);
  std::vector<StoredClaim> ahead;
  std::optional<StoredClaim> next;
  for (StoredClaim& one : claims(context.store, account, domain)) {
    if (one.claim.since_ms > now.ms || one.claim.asked_ms > context.now.ms) {  // a clock was set back
      one.claim.since_ms = std::min(one.claim.since_ms, now.ms);
      one.claim.asked_ms = std::min(one.claim.asked_ms, context.now.ms);
      save(context, one);
    }
    if (one.claim.is_suspicion()) ask_for_note(context, one);
    if (one.claim.state != ClaimState::waiting && one.claim.state != ClaimState::unproved) continue;
    if (one.claim.gossip.tree.size > log->edge.size()) {
      ahead.push_back(std::move(one));
    } else if (const Time again = tries_[one.key].next; again > context.now) {
      next_ = std::min(next_, again);
    } else if (!next || comes_before(one, *next, now)) {
      next = std::move(one);
    }
  }
  if (next) prove(context, account, *log, *next);
  if (!ahead.empty()) want_growth(context, account, ahead, *log);
}

/// What the own heads say of claims, without asking anybody.
void Gossips::settle(Context& context, const Account& account, const directory::DomainState& log) {
  for (StoredClaim& one : claims(context.store, account, domain_of(log.config.origin))) {
    if (one.claim.state != ClaimState::waiting && one.claim.state != ClaimState::unproved) continue;
    if (!load(context.store, one.key)) continue;  // proved by a newer one just now
    const auto known = compare(context.store, account, log, one.claim.gossip);
    if (!known) continue;
    if (known->same) {
      proved(context, account, one);
    } else {
      one.claim.ours = known->ours;
      suspect(context, std::move(one), ClaimState::contradicted);
    }
  }
}

// There is one proof at a time. First what is overdue, the longest first: the next try decides it, whatever else a
// server lets wait. Then whatever was not tried for the longest, and of that the largest: what a message just said.
bool Gossips::comes_before(const StoredClaim& a, const StoredClaim& b, Time now) const {
  const auto is_overdue = [&](const StoredClaim& one) {
    return one.claim.state == ClaimState::waiting && elapsed_ms(now, Time{one.claim.since_ms}) >= kProofDueMs;
  };
  if (is_overdue(a) != is_overdue(b)) return is_overdue(a);
  if (is_overdue(a)) return a.claim.since_ms < b.claim.since_ms;
  const auto tried = [&](const StoredClaim& one) {
    const auto found = tries_.find(one.key);
    return found == tries_.end() ? Time{} : found->second.started;
  };
  if (tried(a) != tried(b)) return tried(a) < tried(b);
  return a.claim.gossip.tree.size > b.claim.gossip.tree.size;
}

void Gossips::prove(Context& context, const Account& account, const directory::DomainState& log,
                    const StoredClaim& one) {
  const std::string domain = domain_of(log.config.origin);
  if (calls_.under_way(call_key(domain))) return;
  const Time allowed = next_proof_[domain];
  if (allowed > context.now) {
    next_ = std::min(next_, allowed);
    return;
  }
  Try& attempt = tries_[one.key];
  attempt.started = log.trusted_now(context.now);
  attempt.next = after(context.now, kProofRetryMs);
  const std::string path = std::string(proto::kPathLog) + "/prefix/" + std::to_string(one.claim.gossip.tree.size) +
                           "/" + std::to_string(log.edge.size());
  proto::Call call = call_to(context.store, account, domain, path);
  call.method = proto::Method::get;
  call.timeout_ms = kProofTimeoutMs;
  calls_.start(context, call_key(domain), std::move(call), [this, log, one](Context& later, const Answer& answer) {
    const auto own = load_account(later.store);
    if (own) answered(later, *own, log, one, answer);
  });
}

// `log` is as it was when it was asked: a head of ours, whatever came since.
void Gossips::answered(Context& context, const Account& account, const directory::DomainState& log,
                       const StoredClaim& one, const Answer& answer) {
  due_ = true;
  next_proof_[domain_of(log.config.origin)] = after(context.now, kProofPauseMs);
  const auto now = load(context.store, one.key);
  if (!now || !(now->gossip == one.claim.gossip)) return;  // settled, or another one by now
  const Time started = tries_[one.key].started;
  const auto proof = answer.body ? wire::decode<tlog::PrefixProof>(*answer.body)
                                 : Result<tlog::PrefixProof>(tl::unexpected<Error>(answer.body.error()));
  if (!proof) return failed(context, {one.key, *now}, started);
  const tlog::TreeHead& said = now->gossip.tree;
  const auto roots = tlog::prefix_roots(*proof, said.size, log.edge.size());
  if (!roots || roots->newer != log.newest().root) return failed(context, {one.key, *now}, started);
  if (roots->older == said.root) return proved(context, account, {one.key, *now});
  StoredClaim contradicted{one.key, *now};
  contradicted.claim.ours = log.checkpoint;
  contradicted.claim.prefix = *proof;
  suspect(context, std::move(contradicted), ClaimState::contradicted);
}

void Gossips::want_growth(Context& context, const Account& account, const std::vector<StoredClaim>& ahead,
                          const directory::DomainState& log) {
  const std::string domain = domain_of(log.config.origin);
  const auto before = growth_.find(domain);
  if (before == growth_.end() || before->second.next <= context.now) {
    if (before != growth_.end()) {
      for (const StoredClaim& one : ahead) failed(context, one, before->second.started);
    }
    growth_[domain] = {log.trusted_now(context.now), after(context.now, kProofRetryMs)};
    const auto about = directory::Name::from(ahead.front().claim.about);
    if (account.name.domain() == domain) {
      views_.look_up_now(context, account, account.name);
    } else if (about) {
      views_.look_up_now(context, account, *about);
    }
  }
  next_ = std::min(next_, growth_[domain].next);
}

// A computer that slept for a day has asked nobody meanwhile: it is the last try that must have come too late.
void Gossips::failed(Context& context, StoredClaim one, Time started) {
  const bool over = elapsed_ms(started, Time{one.claim.since_ms}) >= kProofDueMs;
  if (one.claim.state == ClaimState::waiting && over) suspect(context, std::move(one), ClaimState::unproved);
}

void Gossips::proved(Context& context, const Account& account, const StoredClaim& one) {
  const tlog::TreeHead& tree = one.claim.gossip.tree;
  const std::string domain = domain_of(one.claim.gossip.origin);
  if (!known_head(context.store, account, domain, tree.size)) {
    keep_head(context, account, domain, tree.size, {tree.root, context.now.ms, {}});
  }
  bool ended = one.claim.is_suspicion();
  erase(context, one.key);
  Bytes other_key = one.key;
  other_key.back() ^= 1;  // the other one of held and newest
  const auto other = load(context.store, other_key);
  if (other && one.key.back() == static_cast<std::uint8_t>(Slot::held)) {
    erase(context, other_key);
    save(context, {one.key, *other});
  } else if (other && other->state != ClaimState::contradicted && other->gossip.tree.size <= tree.size) {
    ended = ended || other->is_suspicion();
    erase(context, other_key);
  }
  due_ = true;
  if (ended) conversations_.connection_changed(context.store);
}

void Gossips::suspect(Context& context, StoredClaim one, ClaimState state) {
  one.claim.state = state;
  save(context, one);
  context.note(proto::Event::Level::warning, "a contact verified another history of a log, as it says");
  conversations_.notice(context, one.claim.home, suspicion_sentence(one.claim));
  conversations_.connection_changed(context.store);
  due_ = true;
  const auto account = load_account(context.store);
  if (account && state == ClaimState::contradicted && !one.claim.note.empty()) {
    conclude(context, *account, one.claim);
  }
}

std::size_t Gossips::dismiss(Context& context, const std::string& name) {
  std::size_t count = 0;
  for (StoredClaim& one : claims(context.store)) {
    if (one.claim.name != name || !one.claim.is_suspicion()) continue;
    ++count;
    erase(context, one.key);
    Bytes held = one.key;
    held.back() = static_cast<std::uint8_t>(Slot::held);
    Bytes newest = one.key;
    newest.back() = static_cast<std::uint8_t>(Slot::newest);
    const auto other = one.key == held ? load(context.store, newest) : std::nullopt;
    if (other && !other->is_suspicion()) {
      erase(context, newest);
      save(context, {held, *other});
    }
    keep_dismissed(context, std::move(one));
  }
  due_ = true;
  if (count != 0) conversations_.connection_changed(context.store);
  return count;
}

void Gossips::keep_dismissed(Context& context, StoredClaim one) {
  one.key.back() = static_cast<std::uint8_t>(Slot::dismissed);
  one.claim.state = ClaimState::dismissed;
  save(context, one);
  auto all = claims(context.store);
  std::erase_if(all, [&](const StoredClaim& other) {
    return other.claim.state != ClaimState::dismissed || other.claim.gossip.origin != one.claim.gossip.origin ||
           other.key == one.key;
  });
  if (all.size() < kMaxClaimants) return;
  const auto oldest = std::min_element(all.begin(), all.end(), [](const StoredClaim& a, const StoredClaim& b) {
    return a.claim.since_ms < b.claim.since_ms;
  });
  erase(context, oldest->key);
}

// ---- notes ----

void Gossips::ask_for_note(Context& context, StoredClaim one) {
  if (!one.claim.note.empty()) return;
  const Time again = after(Time{one.claim.asked_ms}, kAskAgainMs);
  if (one.claim.asked_ms != 0 && again > context.now) {
    next_ = std::min(next_, again);
    return;
  }
  one.claim.asked_ms = context.now.ms;
  save(context, one);
  next_ = std::min(next_, after(context.now, kAskAgainMs));
  conversations_.tell(context, one.claim.home, NoteRequest{one.claim.device, one.claim.gossip});
}

void Gossips::show_note(Context& context, const Account& account, const Heard& heard, const NoteRequest& request) {
  const std::string domain = domain_of(request.gossip.origin);
  if (request.device != account.device_id() || domain.empty() || name_at(heard.names, domain).empty()) return;
  const auto head = known_head(context.store, account, domain, request.gossip.tree.size);
  if (!head || head->root != request.gossip.tree.root || head->note.empty()) return;
  std::erase_if(shown_, [&](const auto& one) { return after(one.second, kShowPauseMs) <= context.now; });
  if (!shown_.emplace(std::pair(heard.home, head->root), context.now).second) return;
  conversations_.tell(context, heard.home, NoteAnswer{head->note});
}

void Gossips::take_note(Context& context, const Account& account, const NoteAnswer& answer) {
  const auto checkpoint = tlog::SignedCheckpoint::parse(answer.note, tlog::ExtensionLines::refuse);
  if (!checkpoint) return;
  const std::string domain = domain_of(checkpoint->claim().origin);
  std::vector<StoredClaim> meant = claims(context.store, account, domain);
  std::erase_if(meant, [&](const StoredClaim& one) {
    // One that was dismissed stays contradicted: a note convicts whether or not its owner believed who said it.
    const bool is_open = one.claim.is_suspicion() || !one.claim.ours.empty();
    return one.claim.gossip.tree != checkpoint->claim().tree || !is_open || !one.claim.note.empty();
  });
  const auto log = views_.domain(context.store, account, domain);
  const auto policy = tlog::ClientPolicy::parse(policy_of(context.store, account, domain));
  if (meant.empty() || !log || !policy) return;
  const auto name = tlog::KeyName::from(log->config.origin);
  CHECK(name.has_value());
  const tlog::VerifierKey key(*name, tlog::SignatureType::ed25519, log->config.log_key);
  if (!tlog::VerifiedCheckpoint::verify(*checkpoint, key)) return;
  if (!tlog::CosignedCheckpoint::verify(*checkpoint, *policy, log->trusted_now(context.now))) return;
  for (StoredClaim& one : meant) {
    one.claim.note = answer.note;
    save(context, one);
    if (!one.claim.ours.empty()) return conclude(context, account, one.claim);
  }
}

// Both notes are there, and what contradicts is ours or the server's own proof: nobody's word is needed any more.
void Gossips::conclude(Context& context, const Account& account, const Claim& claim) {
  const std::string domain = domain_of(claim.gossip.origin);
  const auto log = views_.domain(context.store, account, domain);
  CHECK(log.has_value());
  const directory::Evidence evidence{log->config.log_key, policy_of(context.store, account, domain), claim.note,
                                     claim.ours, claim.prefix};
  if (!directory::verify_evidence(evidence, log->config.log_key, nullptr)) {
    return context.note(proto::Event::Level::error, "two notes that contradict each other are no evidence");
  }
  const TwoHistories found{context.now.ms, domain, claim.name, evidence.encode()};
  context.store.put(tables::kTwoHistories, name_key(account, domain), wire::encode(found));
  for (const StoredClaim& one : claims(context.store, account, domain)) erase(context, one.key);
  conversations_.notice(context, claim.home, evidence_alarm(found));
  conversations_.connection_changed(context.store);
}

void Gossips::forget_all() {
  due_ = true;
  next_ = Time::never();
  tries_.clear();
  next_proof_.clear();
  growth_.clear();
  shown_.clear();
}

}  // namespace cairn::client
