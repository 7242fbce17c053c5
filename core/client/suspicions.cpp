#include "core/client/suspicions.h"

#include "core/base/encoding.h"
#include "core/client/tables.h"
#include "core/directory/lookup.h"
#include "core/directory/record.h"
#include "core/directory/view.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMaxNameText = directory::kMaxDomainBytes + 65;
constexpr std::size_t kClaimsAtMost = 100'000;

template <class T>
std::vector<T> decoded(const std::vector<Row>& rows) {
  std::vector<T> out;
  for (const Row& row : rows) {
    if (auto value = wire::decode<T>(row.value)) out.push_back(std::move(*value));
  }
  return out;
}

std::vector<StoredClaim> stored(const std::vector<Row>& rows) {
  std::vector<StoredClaim> out;
  for (const Row& row : rows) {
    if (auto claim = wire::decode<Claim>(row.value)) out.push_back({row.key, std::move(*claim)});
  }
  return out;
}

std::string said_by(const Claim& claim) { return claim.name + " (device " + to_hex(claim.device).substr(0, 8) + ")"; }

}  // namespace

void Claim::write(wire::Writer& w) const {
  gossip.write(w);
  w.opaque(about);
  w.opaque(name);
  w.raw(device);
  w.raw(home);
  w.u64(since_ms);
  w.u8(static_cast<std::uint8_t>(state));
  w.u64(asked_ms);
  w.opaque(note);
  w.opaque(ours);
  w.optional(prefix);
}

Result<Claim> Claim::read(wire::Reader& r) {
  Claim out;
  out.gossip = TRY(directory::Gossip::read(r));
  out.about = TRY(r.opaque_text(kMaxNameText));
  out.name = TRY(r.opaque_text(kMaxNameText));
  out.device = TRY(r.fixed<DeviceId>());
  out.home = TRY(r.fixed<ChannelId>());
  out.since_ms = TRY(r.u64());
  const std::uint8_t state = TRY(r.u8());
  REQUIRE(state >= 1 && state <= 4, ErrorCode::malformed, "claim state");
  out.state = static_cast<ClaimState>(state);
  out.asked_ms = TRY(r.u64());
  out.note = TRY(r.opaque_text(directory::kMaxLookupCheckpointBytes));
  out.ours = TRY(r.opaque_text(directory::kMaxLookupCheckpointBytes));
  out.prefix = TRY(r.optional<tlog::PrefixProof>());
  return out;
}

void KnownHead::write(wire::Writer& w) const {
  w.raw(root);
  w.u64(stored_ms);
  w.opaque(note);
}

Result<KnownHead> KnownHead::read(wire::Reader& r) {
  KnownHead out;
  out.root = TRY(r.fixed<Hash>());
  out.stored_ms = TRY(r.u64());
  out.note = TRY(r.opaque_text(directory::kMaxLookupCheckpointBytes));
  return out;
}

void TwoHistories::write(wire::Writer& w) const {
  w.u64(since_ms);
  w.opaque(domain);
  w.opaque(name);
  w.opaque(evidence);
}

Result<TwoHistories> TwoHistories::read(wire::Reader& r) {
  TwoHistories out;
  out.since_ms = TRY(r.u64());
  out.domain = TRY(r.opaque_text(directory::kMaxDomainBytes));
  out.name = TRY(r.opaque_text(kMaxNameText));
  out.evidence = TRY(r.opaque_bytes(directory::kMaxEvidenceBytes));
  return out;
}

std::vector<StoredClaim> claims(const StoreView& store) {
  return stored(store.scan(tables::kGossips, {}, {}, kClaimsAtMost));
}

std::vector<StoredClaim> claims(const StoreView& store, const Account& account, std::string_view domain) {
  return stored(store.scan_prefix(tables::kGossips, name_key(account, domain), kClaimsAtMost));
}

std::vector<TwoHistories> two_histories(const StoreView& store) {
  return decoded<TwoHistories>(store.scan(tables::kTwoHistories, {}, {}, kClaimsAtMost));
}

std::optional<TwoHistories> two_histories(const StoreView& store, const Account& account, std::string_view domain) {
  const auto row = store.get(tables::kTwoHistories, name_key(account, domain));
  if (!row) return std::nullopt;
  auto found = wire::decode<TwoHistories>(*row);
  if (!found) return std::nullopt;
  return std::move(*found);
}

bool is_of_present_log(const StoreView& store, const Account& account, const TwoHistories& found) {
  const auto row = store.get(tables::kDomains, name_key(account, found.domain));
  const auto log = row ? wire::decode<directory::DomainState>(*row)
                       : Result<directory::DomainState>(fail(ErrorCode::not_found, "log"));
  const auto evidence = directory::Evidence::decode(found.evidence);
  return !log || !evidence || evidence->log_key == log->config.log_key;
}

std::optional<std::string> convicted(const StoreView& store, const Account& account, std::string_view domain,
                                     const PublicKey& log_key) {
  const auto found = two_histories(store, account, domain);
  if (!found) return std::nullopt;
  const auto evidence = directory::Evidence::decode(found->evidence);
  if (!evidence || evidence->log_key != log_key) return std::nullopt;
  return evidence_alarm(*found);
}

std::optional<std::string> no_first_contacts(const StoreView& store, const Account& account, std::string_view domain) {
  const auto found = two_histories(store, account, domain);
  if (found && is_of_present_log(store, account, *found)) return evidence_alarm(*found);
  const Claim* worst = nullptr;
  const auto all = claims(store, account, domain);
  for (const StoredClaim& one : all) {
    if (one.claim.is_suspicion() && (worst == nullptr || one.claim.state > worst->state)) worst = &one.claim;
  }
  if (worst == nullptr) return std::nullopt;
  return suspicion_sentence(*worst);
}

std::string suspicion_sentence(const Claim& claim) {
  const std::string domain = domain_of(claim.gossip.origin);
  std::string out;
  if (claim.state == ClaimState::contradicted) {
    out = said_by(claim) + " says that it verified another history of the directory of " + domain +
          " than this device did: that directory lies to one of you, or that device does not tell the truth.";
  } else {
    out = "The server of " + domain + " does not prove that what " + said_by(claim) +
          (claim.note.empty() ? " says it verified there" : " verified there, with the auditors' signatures,") +
          " and what this device verified is one history.";
  }
  return out + " Until that is settled nobody new of " + domain + " is written to; ask " + claim.name +
         " another way, and if you do not believe that device say so with gossip dismiss " + claim.name + ".";
}

std::string evidence_alarm(const TwoHistories& found) {
  return "The directory of " + found.domain + " has two histories, and showed one to this device and the other to " +
         found.name + ": this device has the proof, and writes to nobody new of " + found.domain +
         " any more; save the proof with evidence export, and show it to others.";
}

std::string domain_of(std::string_view origin) {
  const std::size_t slash = origin.find('/');
  std::string domain(origin.substr(0, slash));
  return slash != std::string_view::npos && directory::origin_of(domain) == origin ? domain : std::string();
}

}  // namespace cairn::client
