#include "core/tlog/policy.h"

#include <map>
#include <set>

#include "core/tlog/internal/text.h"

namespace cairn::tlog {
namespace {

constexpr std::string_view kAuditors = "auditors";

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// tlog-policy, "Structure": items between sequences of spaces and tabs.
std::vector<std::string_view> items_of(std::string_view line) {
  std::vector<std::string_view> items;
  for (std::size_t at = 0; at < line.size();) {
    if (is_blank(line[at])) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < line.size() && !is_blank(line[at])) ++at;
    items.push_back(line.substr(begin, at - begin));
  }
  return items;
}

/// tlog-policy, "Character set".
bool is_policy_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto octet = static_cast<std::uint8_t>(c);
    return octet == '\t' || octet == '\n' || (octet >= 0x20 && octet != 0x7f);
  });
}

using Items = std::span<const std::string_view>;

}  // namespace

/// Reads a policy line by line; names are known from the line on that defines them.
class PolicyParser {
 public:
  Status read_line(std::string_view line);
  Result<Policy> finish();

 private:
  Status read_log(Items items);
  Status read_witness(Items items);
  Status read_group(Items items);
  Status read_quorum(Items items);
  Status define(std::string_view name, Policy::Member member);
  Result<Policy::Member> lookup(std::string_view name) const;

  Policy policy_;
  std::map<std::string, Policy::Member, std::less<>> names_;
  std::set<std::string, std::less<>> grouped_;  ///< names that are members of a group already
  bool has_quorum_ = false;
};

Status PolicyParser::read_line(std::string_view line) {
  const std::vector<std::string_view> items = items_of(line);
  if (items.empty() || items[0].starts_with('#')) return ok();
  const Items rest = Items(items).subspan(1);
  if (items[0] == "log") return read_log(rest);
  if (items[0] == "witness") return read_witness(rest);
  if (items[0] == "group") return read_group(rest);
  if (items[0] == "quorum") return read_quorum(rest);
  return fail(ErrorCode::malformed, "policy: unknown line");
}

// log <vkey> [<url>]
Status PolicyParser::read_log(Items items) {
  REQUIRE(items.size() == 1 || items.size() == 2, ErrorCode::malformed, "policy: log line");
  REQUIRE(policy_.logs_.size() < kMaxPolicyLogs, ErrorCode::over_limit, "policy: logs");
  VerifierKey key = TRY(VerifierKey::parse(items[0]));
  REQUIRE(key.type() == SignatureType::ed25519, ErrorCode::unsupported, "policy: type of a log's key");
  for (const Policy::Log& other : policy_.logs_) {
    REQUIRE(other.key.key() != key.key(), ErrorCode::malformed, "policy: log twice");
  }
  policy_.logs_.push_back({std::move(key), std::string(items.size() == 2 ? items[1] : "")});
  return ok();
}

// witness <name> <vkey> [<url>]
Status PolicyParser::read_witness(Items items) {
  REQUIRE(items.size() == 2 || items.size() == 3, ErrorCode::malformed, "policy: witness line");
  REQUIRE(policy_.witnesses_.size() < kMaxPolicyWitnesses, ErrorCode::over_limit, "policy: witnesses");
  VerifierKey key = TRY(VerifierKey::parse(items[1]));
  REQUIRE(key.type() == SignatureType::cosignature_v1, ErrorCode::unsupported, "policy: type of a witness's key");
  for (const Policy::Witness& other : policy_.witnesses_) {
    REQUIRE(other.key.key() != key.key(), ErrorCode::malformed, "policy: witness twice");
  }
  TRY(define(items[0], {false, policy_.witnesses_.size()}));
  policy_.witnesses_.push_back({std::string(items[0]), std::move(key), std::string(items.size() == 3 ? items[2] : "")});
  return ok();
}

// group <name> all|any|<k> <name>...
Status PolicyParser::read_group(Items items) {
  REQUIRE(items.size() >= 3, ErrorCode::malformed, "policy: group line");
  REQUIRE(policy_.groups_.size() < kMaxPolicyGroups, ErrorCode::over_limit, "policy: groups");
  Policy::Group group;
  group.name = items[0];
  for (std::string_view name : items.subspan(2)) {
    group.members.push_back(TRY(lookup(name)));
    REQUIRE(grouped_.emplace(name).second, ErrorCode::malformed, "policy: member of two groups");
  }
  if (items[1] == "all") {
    group.threshold = group.members.size();
  } else if (items[1] != "any") {
    group.threshold = TRY(internal::parse_decimal(items[1], group.members.size()));
    REQUIRE(group.threshold >= 1, ErrorCode::malformed, "policy: threshold");
  }
  TRY(define(group.name, {true, policy_.groups_.size()}));
  policy_.groups_.push_back(std::move(group));
  return ok();
}

// quorum <name>|none
Status PolicyParser::read_quorum(Items items) {
  REQUIRE(items.size() == 1 && !has_quorum_, ErrorCode::malformed, "policy: quorum line");
  has_quorum_ = true;
  if (items[0] != "none") policy_.quorum_ = TRY(lookup(items[0]));
  return ok();
}

Status PolicyParser::define(std::string_view name, Policy::Member member) {
  REQUIRE(name != "none" && names_.emplace(name, member).second, ErrorCode::malformed, "policy: name twice");
  return ok();
}

Result<Policy::Member> PolicyParser::lookup(std::string_view name) const {
  const auto found = names_.find(name);
  REQUIRE(found != names_.end(), ErrorCode::malformed, "policy: unknown name");
  return found->second;
}

Result<Policy> PolicyParser::finish() {
  REQUIRE(has_quorum_, ErrorCode::malformed, "policy: no quorum");
  return std::move(policy_);
}

Result<Policy> Policy::parse(std::string_view text) {
  REQUIRE(text.size() <= kMaxPolicyBytes, ErrorCode::over_limit, "policy size");
  REQUIRE(is_policy_text(text), ErrorCode::malformed, "policy: control character");
  PolicyParser parser;
  while (!text.empty()) {
    const std::string_view line = TRY(internal::take_line(text));
    TRY(parser.read_line(line));
  }
  return parser.finish();
}

std::vector<VerifierKey> Policy::cosigners() const {
  std::vector<VerifierKey> out;
  for (const Witness& witness : witnesses_) out.push_back(witness.key);
  return out;
}

bool Policy::holds(Member member, const std::vector<bool>& witnesses, const std::vector<bool>& groups) const {
  return member.is_group ? groups[member.index] : witnesses[member.index];
}

bool Policy::satisfied(std::span<const PublicKey> cosigners) const {
  if (!quorum_) return true;
  std::vector<bool> witnesses;
  for (const Witness& witness : witnesses_) {
    witnesses.push_back(std::find(cosigners.begin(), cosigners.end(), witness.key.key()) != cosigners.end());
  }
  std::vector<bool> groups;  // each group stands after its members
  for (const Group& group : groups_) {
    const auto held = std::count_if(group.members.begin(), group.members.end(),
                                    [&](Member member) { return holds(member, witnesses, groups); });
    groups.push_back(static_cast<std::size_t>(held) >= group.threshold);
  }
  return holds(*quorum_, witnesses, groups);
}

std::optional<std::uint64_t> Policy::latest_time_s(std::span<const CosignatureTime> cosignatures) const {
  if (!quorum_) return std::nullopt;
  std::vector<CosignatureTime> newest_first(cosignatures.begin(), cosignatures.end());
  std::stable_sort(newest_first.begin(), newest_first.end(),
                   [](const CosignatureTime& a, const CosignatureTime& b) { return a.time_s > b.time_s; });
  std::vector<PublicKey> signers;
  for (const CosignatureTime& cosignature : newest_first) {
    signers.push_back(cosignature.cosigner);
    if (satisfied(signers)) return cosignature.time_s;
  }
  return std::nullopt;
}

Result<ClientPolicy> ClientPolicy::parse(std::string_view text) {
  Policy policy = TRY(Policy::parse(text));
  REQUIRE(policy.logs_.empty(), ErrorCode::malformed, "client policy: log line");
  REQUIRE(policy.quorum_, ErrorCode::not_authorised, "client policy: no quorum");
  // From the quorum down to the auditors, through groups of which all must sign. A name is a member of one group at
  // most, so there is one way; `open` are the groups on it that are still to be looked into.
  const Policy::Group* auditors = nullptr;
  std::vector<Policy::Member> open{*policy.quorum_};
  while (!open.empty() && !auditors) {
    const Policy::Member member = open.back();
    open.pop_back();
    if (!member.is_group) continue;
    const Policy::Group& group = policy.groups_[member.index];
    if (group.name == kAuditors) auditors = &group;
    if (group.threshold == group.members.size()) open.insert(open.end(), group.members.begin(), group.members.end());
  }
  REQUIRE(auditors, ErrorCode::not_authorised, "client policy: quorum without the group auditors");
  std::vector<PublicKey> keys;
  for (Policy::Member member : auditors->members) {
    REQUIRE(!member.is_group, ErrorCode::not_authorised, "client policy: group among the auditors");
    keys.push_back(policy.witnesses_[member.index].key.key());
  }
  const std::size_t needed = auditors->threshold;
  REQUIRE(2 * needed > keys.size(), ErrorCode::not_authorised, "client policy: half the auditors or fewer");
  return ClientPolicy(std::move(policy), std::move(keys), needed);
}

bool ClientPolicy::is_auditor(const PublicKey& key) const {
  return std::find(auditors_.begin(), auditors_.end(), key) != auditors_.end();
}

Result<CosignedCheckpoint> CosignedCheckpoint::verify(const SignedCheckpoint& checkpoint, const ClientPolicy& policy,
                                                      Time now, crypto::Verified* verified) {
  std::vector<VerifiedCosignature> cosignatures =
      TRY(verify_cosignatures(checkpoint.note(), policy.policy().cosigners(), verified));
  const std::uint64_t latest_s = after(now, kMaxCosignatureAheadMs).ms / kSecondMs;
  std::erase_if(cosignatures, [&](const VerifiedCosignature& one) { return one.time_s > latest_s; });
  std::vector<CosignatureTime> times;
  for (const VerifiedCosignature& one : cosignatures) times.push_back({one.cosigner, one.time_s});
  const auto time_s = policy.policy().latest_time_s(times);
  REQUIRE(time_s, ErrorCode::no_quorum, "checkpoint without the policy's quorum");
  return CosignedCheckpoint(checkpoint, std::move(cosignatures), *time_s);
}

}  // namespace cairn::tlog
