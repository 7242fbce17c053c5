#include "tests/lying/false_epoch.h"

#include "core/base/overlay.h"
#include "core/directory/update.h"
#include "core/tlog/tile_store.h"
#include "tests/lying/own_store.h"

namespace cairn::lying {
namespace {

/// Of the lying server alone, behind those of core/relay.
constexpr Table kFalseAudits{250};  ///< u64 epoch: the EpochAudit that auditors are given
constexpr Table kShown{251};        ///< empty key: a LookupResponse for who knows nothing, without its checkpoint

struct Word {
  FalseEpoch epoch;
  std::string_view word;
};
constexpr Word kEpochWords[] = {
    {FalseEpoch::flash, "epoch-flash"},
    {FalseEpoch::taken_back, "epoch-taken-back"},
    {FalseEpoch::silent_request, "epoch-silent-request"},
    {FalseEpoch::backdated_request, "epoch-backdated-request"},
    {FalseEpoch::completion, "epoch-completion"},
};

constexpr Refusal kRefusals[] = {
    {"epoch-flash", "For one epoch the name has a chain of the server's own.", "rule 6: another new map"},
    {"epoch-taken-back", "And in the next epoch its own again.", "rule 6: another new map"},
    {"epoch-silent-request", "A reset is asked for, and the epoch has no notice of it.", "rule 6: another new map"},
    {"epoch-backdated-request", "A reset is said to have been asked for longer ago than its delay takes.",
     "rule 8: time of the request"},
    {"epoch-completion", "A reset is completed before its delay is over.", "rule 8: completed too soon"},
    {"epoch-completion", "A reset is completed when its delay is over, and the server has kept its owner's veto back.",
     "rule 9: its owner vetoed it"},
};

/// What an epoch does to the victim's name.
struct Step {
  Chain chain;  ///< as clients are shown it
  directory::NameLeaf old, leaf;
  Hash commitment;
  std::vector<directory::Notice> notices;
};

/// One statement more.
void extend(Step& step, directory::Statement statement) {
  step.commitment = statement.commitment();
  step.leaf.head = directory::extend_head(step.leaf.head, step.commitment);
  ++step.leaf.count;
  step.chain.statements.push_back(std::move(statement));
}

Step request_step(FalseEpoch what, Liar& liar, Step step, const relay::NameRow& row, Time now) {
  const auto state = state_of(liar.victim(), step.chain.statements);
  auto notice =
      directory::make_request_notice(state, row.map_key, now.ms, directory::kMinResetDelayS, std::nullopt).request;
  const std::uint64_t back_ms = what == FalseEpoch::backdated_request ? notice.delay_ms() + kHourMs : 0;
  notice.requested_ms -= back_ms;
  notice.matures_ms -= back_ms;
  extend(step, liar.request_reset(state));
  step.leaf.pending = notice.hash();
  if (what == FalseEpoch::backdated_request) {
    step.notices = {directory::Notice{directory::RequestNotice{notice, std::nullopt}}};
  }
  step.chain.notices.push_back(std::move(notice));
  return step;
}

Step step_of(FalseEpoch what, Liar& liar, const StoreView& store, const relay::NameRow& row, Time now) {
  const directory::NameLeaf honest = leaves_of(store).at(row.map_key);
  Step step{chain_of(store, liar.victim(), honest.count), honest, honest, {}, {}};
  switch (what) {
    case FalseEpoch::none: break;
    case FalseEpoch::flash:
      step.chain = {};
      step.leaf = {};
      extend(step, liar.false_genesis());
      break;
    case FalseEpoch::taken_back:
      step.old = need<directory::LookupResponse>(store, kShown, {}).map_proof.leaf;
      step.commitment = step.chain.statements.back().commitment();
      break;
    case FalseEpoch::silent_request:
    case FalseEpoch::backdated_request: return request_step(what, liar, std::move(step), row, now);
    case FalseEpoch::completion: {
      const auto state = state_of(liar.victim(), step.chain.statements);
      extend(step, liar.complete_reset(state));
      step.notices = {directory::Notice{directory::CompleteNotice{step.chain.notices.back()}}};
      step.leaf.resets = directory::extend_resets(step.leaf.resets, step.leaf.pending);
      step.leaf.pending = {};
      break;
    }
  }
  return step;
}

directory::EpochRecord newest_record(const StoreView& store) {
  const auto rows = store.scan(relay::table::kRecords, {}, {}, 1, Order::descending);
  CHECK(!rows.empty());
  auto record = wire::decode<directory::EpochRecord>(rows.front().value);
  CHECK(record.has_value());
  return std::move(*record);
}

bool is_time_for(FalseEpoch what, const StoreView& store) {
  if (what == FalseEpoch::none) return false;
  const auto served = relay::load<relay::ServedRow>(store, relay::table::kServed, {});
  if (!served || !*served) return false;
  const std::uint64_t size = newest_record(store).epoch + 1;
  return size == (what == FalseEpoch::taken_back ? false_size(store) : (*served)->size);
}

}  // namespace

FalseEpoch false_epoch_named(std::string_view word) {
  for (const Word& it : kEpochWords) {
    if (it.word == word) return it.epoch;
  }
  return FalseEpoch::none;
}

std::span<const Refusal> refusals() { return kRefusals; }

std::string refusal_table_text() {
  std::string out = "| epoch | what it is | what an honest auditor says |\n|---|---|---|\n";
  for (const Refusal& row : kRefusals) {
    for (const std::string_view part : {std::string_view("| "), row.word, std::string_view(" | "), row.sentence,
                                        std::string_view(" | "), row.rule, std::string_view(" |\n")}) {
      out += part;
    }
  }
  return out;
}

std::vector<Write> forge(FalseEpoch what, Liar& liar, const StoreView& store, Time now) {
  if (!is_time_for(what, store)) return {};
  const auto row = need<relay::NameRow>(store, relay::table::kNames, liar.victim().bytes());
  const Step step = step_of(what, liar, store, row, now);
  if (what == FalseEpoch::taken_back && step.old == step.leaf) return {};  // it is already
  const directory::Map before = map_with(store, row.map_key, step.old);
  const directory::Map map = map_with(store, row.map_key, step.leaf);
  directory::EpochRecord record = newest_record(store);
  const std::uint64_t size = ++record.epoch;
  record.time_ms = std::max(record.time_ms, now.ms);
  record.map_root = map.root();
  record.notices = directory::notices_hash(step.notices);

  Overlay rows(store);
  const Bytes key = relay::u64_key(record.epoch);
  relay::save(rows, relay::table::kRecords, key, record);
  // The server reads its own audits again when it starts, and would not believe this one.
  relay::save(rows, relay::table::kAudits, key, directory::EpochAudit{record, {}, {}, before.excerpt({}).proof});
  const directory::Update update{row.map_key, step.old, {step.commitment}};
  const Hash keys[] = {row.map_key};
  relay::save(rows, kFalseAudits, key,
              directory::EpochAudit{record, {update}, step.notices, before.excerpt(keys).proof});
  const Hash leaf = record.log_leaf();
  const tlog::StoredTiles tiles(store, relay::table::kTiles);
  auto grown = tlog::grow(tiles, size, {&leaf, 1});
  CHECK(grown.has_value());
  for (tlog::Tile& tile : *grown) rows.apply(tlog::store_tile(relay::table::kTiles, std::move(tile)));
  directory::LookupResponse shown;
  shown.record = record;
  shown.vrf_proof = row.vrf_proof;
  shown.map_proof = map.prove(row.map_key);
  shown.statements = step.chain.statements;
  shown.notices = step.chain.notices;
  relay::save(rows, kShown, {}, shown);
  return rows.take_writes();
}

std::optional<Bytes> false_audit(const StoreView& store, std::string_view target) {
  constexpr std::string_view kAudit = "/log/audit/";
  if (!target.starts_with(kAudit)) return std::nullopt;
  std::uint64_t epoch = 0;
  for (const char digit : target.substr(kAudit.size())) {
    if (digit < '0' || digit > '9') return std::nullopt;
    epoch = epoch * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return store.get(kFalseAudits, relay::u64_key(epoch));
}

std::uint64_t false_size(const StoreView& store) {
  const auto shown = relay::load<directory::LookupResponse>(store, kShown, {});
  return shown && *shown ? (*shown)->record.epoch + 1 : 0;
}

Bytes show_false_epoch(ByteView request_bytes, Bytes honest, const directory::Name& victim, const StoreView& store,
                       const std::vector<tlog::NoteSignature>& lines) {
  const auto request = wire::decode<directory::LookupRequest>(request_bytes);
  CHECK(request.has_value());
  const std::uint64_t size = false_size(store);
  if (size == 0 || !(request->name == victim)) return honest;
  const auto shown = need<directory::LookupResponse>(store, kShown, {});
  directory::LookupResponse response = *wire::decode<directory::LookupResponse>(honest);
  const Chain truth{response.statements, {}};
  response.record = shown.record;
  response.map_proof = shown.map_proof;
  answer_with({shown.statements, shown.notices}, truth, *request, response);
  auto checkpoint = sign_log(store, entries_of(store, size), request->known_size, response.growth);
  for (const tlog::NoteSignature& line : lines) CHECK(checkpoint.add(line).has_value());
  response.checkpoint = checkpoint.encode();
  return wire::encode(response);
}

}  // namespace cairn::lying
