#include "core/witness/internal/health.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/wire/reader.h"

namespace cairn::witness {
namespace {

using Json = nlohmann::ordered_json;

/// When we cosigned it, by our line in it, which nobody verifies anew: it lay in our own store.
std::optional<Time> cosigned_at(const tlog::SignedCheckpoint& checkpoint, const tlog::VerifierKey& ours) {
  for (const tlog::NoteSignature& line : checkpoint.note().signatures) {
    if (!line.names(ours)) continue;
    wire::Reader reader(line.signature);
    const auto time_s = reader.u64();
    if (time_s && *time_s <= Time::never().ms / kSecondMs) return Time{*time_s * kSecondMs};
  }
  return std::nullopt;
}

/// What an auditor alone has: its own copy of the log.
void add_replay(Json& json, const Replay& replay, std::uint64_t cosigned) {
  const directory::Auditor& settled = replay.settled();
  json["read"] = replay.working().size();
  json["taken_over"] = settled.size();
  json["lag"] = std::max(replay.offered(), cosigned) - cosigned;
  json["owed_ms"] = settled.owed_ms();
  json["barred"] = settled.is_barred();
  json["open_requests"] = settled.open_requests().size();
}

Json describe(Role role, const Log& log, const tlog::VerifierKey& ours, Time now) {
  const std::uint64_t cosigned = log.head().size;
  Json json{{"origin", log.origin()}, {"cosigned", cosigned}};
  const auto at = log.cosigned ? cosigned_at(*log.cosigned, ours) : std::nullopt;
  if (at) json["cosigned_age_ms"] = elapsed_ms(now, *at);
  json["contradicted"] = log.contradicted;
  if (role == Role::witness) return json;
  json["has_config"] = log.replay.has_value();
  if (log.replay) add_replay(json, *log.replay, cosigned);
  return json;
}

}  // namespace

std::string health(const WitnessConfig& config, const tlog::VerifierKey& ours, const Logs& logs, bool full, Time now) {
  Json json{{"store", full ? "full" : "ok"},     {"role", config.role == Role::auditor ? "auditor" : "witness"},
            {"peers", config.list.peers.size()}, {"listed", config.list.logs.size() + config.list.domains.size()},
            {"followed", logs.size()},           {"logs", Json::array()}};
  for (const auto& [id, log] : logs) json["logs"].push_back(describe(config.role, log, ours, now));
  return json.dump(2) + "\n";
}

}  // namespace cairn::witness
