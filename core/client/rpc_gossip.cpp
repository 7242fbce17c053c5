// Methods about what others verified of a log, and about the proof that one has two histories.
#include "core/base/encoding.h"
#include "core/client/rpc_page.h"

namespace cairn::client {
namespace {

const char* state_word(ClaimState state) {
  switch (state) {
    case ClaimState::waiting: return "waiting";
    case ClaimState::unproved: return "unproved";
    case ClaimState::contradicted: return "contradicted";
    case ClaimState::dismissed: return "dismissed";
  }
  return "unknown";
}

/// `said` has half of the answer at most; what is proved has the other half.
json lists_json(const StoreView& store, Page said) {
  for (const StoredClaim& one : claims(store)) {
    const Claim& claim = one.claim;
    if (!said.wants(one.key)) continue;
    said.add(one.key, {{"domain", domain_of(claim.gossip.origin)},
                       {"name", claim.name},
                       {"device", to_hex(claim.device)},
                       {"conversation", to_hex(claim.home)},
                       {"size", claim.gossip.tree.size},
                       {"root", to_base64(claim.gossip.tree.root)},
                       {"state", state_word(claim.state)},
                       {"since_ms", claim.since_ms},
                       {"note_shown", !claim.note.empty()},
                       {"sentence", claim.is_suspicion() ? suspicion_sentence(claim) : ""}});
  }
  Page found(kMaxPageItems, kMaxPageBytes / 2);  // there is no second one, so any order will do
  for (const TwoHistories& one : two_histories(store)) {
    const auto place = as_bytes(one.domain);
    if (!found.wants(place)) continue;
    found.add(
        place,
        {{"domain", one.domain}, {"name", one.name}, {"since_ms", one.since_ms}, {"sentence", evidence_alarm(one)}});
  }
  json out = said.take("claims");
  out["evidence"] = found.take("evidence")["evidence"];
  return out;
}

}  // namespace

void add_gossip_alarms(const StoreView& store, json& alarms) {
  for (const TwoHistories& one : two_histories(store)) {
    alarms.push_back({{"domain", one.domain}, {"seen_ms", one.since_ms}, {"sentence", evidence_alarm(one)}});
  }
  for (const StoredClaim& one : claims(store)) {
    if (!one.claim.is_suspicion()) continue;
    alarms.push_back({{"domain", domain_of(one.claim.gossip.origin)},
                      {"seen_ms", one.claim.since_ms},
                      {"sentence", suspicion_sentence(one.claim)}});
  }
}

RpcBegun rpc_gossip_list(const RpcRooms&, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  auto asked = Page::of(params, kMaxPageBytes / 2);
  if (auto* failed = std::get_if<RpcFailure>(&asked)) return std::move(*failed);
  return lists_json(context.store, std::move(std::get<Page>(asked)));
}

RpcBegun rpc_gossip_dismiss(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  const auto name = name_param(*account, text_param(params, "name"));
  if (const auto* failed = std::get_if<RpcFailure>(&name)) return *failed;
  const std::string& whose = std::get<directory::Name>(name).text();
  if (rooms.gossips.dismiss(context, whose) == 0) {
    return failure(ErrorCode::invalid_state, "There is nothing to dismiss of what " + whose +
                                                 " said; gossip list shows what there is, and evidence stays.");
  }
  return lists_json(context.store, Page(kMaxPageItems, kMaxPageBytes / 2));
}

RpcBegun rpc_evidence_export(const RpcRooms&, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  const std::string typed = text_param(params, "domain");
  const auto all = two_histories(context.store);
  for (const TwoHistories& one : all) {
    if (!typed.empty() && one.domain != typed) continue;
    if (typed.empty() && all.size() > 1) {
      return failure(ErrorCode::conflict, "There is evidence about several domains; say which one.");
    }
    return json{{"domain", one.domain}, {"evidence", to_base64(one.evidence)}, {"sentence", evidence_alarm(one)}};
  }
  return failure(ErrorCode::not_found, "This device has no proof that a log has two histories.");
}

}  // namespace cairn::client
