#include "core/relay/internal/directory_writer.h"

#include <utility>

#include "core/directory/notice.h"
#include "core/relay/invitation.h"

namespace cairn::relay {
namespace {

using directory::Statement;
using directory::StatementType;

/// Whether a statement asks for a reset, or makes one possible.
bool is_for_resets(const Statement& statement) {
  if (statement.content.type() == StatementType::request_reset) return true;
  const auto* genesis = std::get_if<directory::Genesis>(&statement.content.body);
  const auto* delay = std::get_if<directory::SetResetDelay>(&statement.content.body);
  return (genesis != nullptr && genesis->reset_delay_s != 0) || (delay != nullptr && delay->reset_delay_s != 0);
}

bool is_of_a_reset(StatementType type) {
  return type == StatementType::request_reset || type == StatementType::veto_reset ||
         type == StatementType::complete_reset;
}

/// Resets that may be open at a time: auditors keep each, write all of them down every minute while they wait, and read
/// no epoch beyond 100,000.
constexpr std::uint64_t kMaxOpenResets = 20'000;

Result<std::uint64_t> open_resets(const Turn& turn) {
  const auto row = TRY(load<NumberRow>(turn.rows, table::kOpenResets, {}));
  return row ? row->value : 0;
}

void count_open_resets(Turn& turn, std::uint64_t count) { save(turn.rows, table::kOpenResets, {}, NumberRow{count}); }

/// After how long a statement that finds no room is to be tried again.
constexpr std::uint32_t kRoomPauseS = 60;

/// How many statements of one name may wait where what its recovery key signs finds room all the same.
constexpr std::size_t kMaxDueOfAnOwner = 256;

/// What an owner does against a thief, or the maker of a false reset, waits for nobody: it is no more than devices,
/// open resets, and what the recovery key signs of a name of which little else waits.
bool always_finds_room(const Statement& statement, const std::optional<DueRow>& due) {
  const StatementType type = statement.content.type();
  const bool by_recovery = statement.content.next_recovery.has_value();
  return type == StatementType::veto_reset || type == StatementType::remove_device ||
         (by_recovery && (!due || due->steps.size() < kMaxDueOfAnOwner));
}

/// Statements that are due; of more rows than `most` these alone.
std::size_t count_due(const StoreView& store, std::size_t most) {
  std::size_t count = 0;
  for (const Row& row : store.scan(table::kDue, {}, {}, most)) {
    const auto due = wire::decode<DueRow>(row.value);
    count += due ? due->steps.size() : 1;  // what does not decode the publisher reports
  }
  return count;
}

/// The device that a statement brings in, if it does.
const directory::Device* device_of(const Statement& statement) {
  return std::visit(
      [](const auto& body) -> const directory::Device* {
        if constexpr (requires { body.device.signature_key; }) return &body.device;
        return nullptr;
      },
      statement.content.body);
}

/// A device and a mailbox belong for ever to who named them first: ids are public, and nobody may take another's post.
Status claim(Turn& turn, const directory::Name& name, const directory::Device& device) {
  const DeviceId id = device.id();
  const std::optional<Bytes> owner = turn.rows.get(table::kDevices, id);
  REQUIRE(!owner || equal(*owner, name.bytes()), ErrorCode::conflict,
          "This device belongs to another name; make a new key.");
  const auto mailbox = TRY(load<MailboxRow>(turn.rows, table::kMailboxes, device.mailbox));
  REQUIRE(!mailbox || mailbox->device == id, ErrorCode::conflict,
          "This mailbox belongs to another device; choose a new one.");
  turn.rows.put(table::kDevices, to_bytes(id), to_bytes(name.bytes()));
  if (!mailbox) save(turn.rows, table::kMailboxes, to_bytes(device.mailbox), MailboxRow{id, 0});
  return ok();
}

/// The newest request of a reset of this name, with its sequence; nothing if there never was one.
struct KnownRequest {
  std::uint32_t sequence = 0;
  directory::RequestNotice notice;
};
Result<std::optional<KnownRequest>> newest_request(const Turn& turn, const std::string& name) {
  const auto rows = turn.rows.scan(table::kNotices, chain_key(name, 0), prefix_end(concat({as_bytes(name), Bytes{0}})),
                                   1, Order::descending);
  if (rows.empty()) return std::optional<KnownRequest>{};
  auto notice = wire::decode<directory::RequestNotice>(rows.front().value);
  REQUIRE(notice.has_value(), ErrorCode::internal, "a notice in the store does not decode");
  const auto sequence = static_cast<std::uint32_t>(number_of_key(ByteView(rows.front().key).last(4)));
  return std::optional(KnownRequest{sequence, std::move(*notice)});
}

/// Puts down the notice of a request that `before` is about to take. Its times are filled in when its epoch is made.
Status draft_request(Turn& turn, const NameRow& before, std::uint32_t min_reset_delay_s) {
  const std::string& name = before.state.name().text();
  const auto last = TRY(newest_request(turn, name));
  std::optional<directory::ResetNotice> vetoed;
  if (last) {
    const bool completed = std::ranges::any_of(
        before.state.completed_resets(), [&](const auto& reset) { return reset.request_sequence == last->sequence; });
    if (!completed) vetoed = last->notice.request;
  }
  REQUIRE(!vetoed || vetoed->matures_ms <= turn.now.ms, ErrorCode::invalid_state,
          "A reset of this name was vetoed; it can be asked for again when the delay of that one has passed.");
  const auto notice =
      directory::make_request_notice(before.state, before.map_key, 0, min_reset_delay_s, std::move(vetoed));
  save(turn.rows, table::kNotices, chain_key(name, before.state.count()), notice);
  return ok();
}

/// Whether a statement at a place of the chain that is taken is the one that took it.
Result<DirectoryWriter::Accepted> compare_with_taken(const Turn& turn, const Statement& statement, ByteView bytes) {
  const std::optional<Bytes> taken =
      turn.rows.get(table::kStatements, chain_key(statement.content.name.text(), statement.content.sequence));
  const bool is_same = taken && equal(*taken, bytes);
  REQUIRE(is_same || statement.content.sequence != 0, ErrorCode::conflict, "This name is taken; choose another one.");
  REQUIRE(is_same, ErrorCode::conflict,
          "Another statement took this place in the chain; look the name up and sign it anew.");
  return DirectoryWriter::Accepted::again;
}

/// What a name that was removed does goes nowhere. Its chain stays, as everything in the log.
Status check_not_removed(const Turn& turn, const directory::Name& name) {
  const auto block = TRY(load<BlockRow>(turn.rows, table::kBlocked, name.bytes()));
  REQUIRE(!block || block->kind != BlockRow::Kind::removed, ErrorCode::not_authorised,
          "This name was removed from this domain by its operator; ask him why.");
  return ok();
}

}  // namespace

void DirectoryWriter::rebuild(const StoreView& store) {
  const auto newest = store.scan(table::kDue, {}, {}, 1, Order::descending);
  next_due_ = newest.empty() ? 1 : number_of_key(newest.front().key) + 1;
  due_ = count_due(store, config_.limits.due_statements);
  counted_at_ = 0;
}

/// Only epochs take away what is due: where none was built since, the count is right, and is not made again.
Status DirectoryWriter::check_room(Turn& turn, std::uint64_t epochs) {
  const std::size_t most = config_.limits.due_statements;
  if (due_ >= most && std::exchange(counted_at_, epochs) != epochs) due_ = count_due(turn.rows, most);
  if (due_ < most) return ok();
  turn.retry_after_s = kRoomPauseS;
  return fail(ErrorCode::unavailable,
              "Too many changes of names wait to be published by this server; try again later.");
}

Status DirectoryWriter::check_invitation(Turn& turn, const Statement& statement, std::string_view code) const {
  const StatementType type = statement.content.type();
  const bool asked = type == StatementType::genesis || type == StatementType::request_reset;
  if (config_.sign_up == SignUp::open || !asked) return ok();
  REQUIRE(config_.sign_up != SignUp::closed || type != StatementType::genesis, ErrorCode::not_authorised,
          "This domain takes no new names; ask its operator, or choose another domain.");
  return use_invitation(turn.rows, code, turn.now);
}

// A veto or completion refers to a request whose notice is in an epoch.
Result<std::optional<Hash>> DirectoryWriter::check_reset_step(Turn& turn, const NameRow& before,
                                                              const Statement& statement, ByteView veto_bytes) const {
  const StatementType type = statement.content.type();
  if (type != StatementType::veto_reset && type != StatementType::complete_reset) return std::optional<Hash>{};
  const auto request = TRY(newest_request(turn, before.state.name().text()));
  REQUIRE(request && before.state.open_reset(), ErrorCode::invalid_state, "No reset of this name is open.");
  const auto due = TRY(due_row(turn.rows, before));
  REQUIRE(!due || due->first > request->sequence, ErrorCode::unavailable,
          "The request of this reset is just being published; try again in a moment.");
  const directory::ResetNotice& notice = request->notice.request;
  if (type == StatementType::complete_reset) {
    REQUIRE(notice.matures_ms <= turn.now.ms, ErrorCode::invalid_state,
            "The delay of this reset has not passed yet; complete it later.");
    TRY(closings_.may_complete(notice.hash(), turn.now));
    return std::optional(notice.hash());
  }
  const auto veto = wire::decode<directory::VetoNotice>(veto_bytes);
  REQUIRE(veto && veto->request == notice, ErrorCode::malformed,
          "A veto comes with a notice that names the open request; look the name up and veto again.");
  TRY(veto->verify());
  save(turn.rows, table::kVetoes, chain_key(before.state.name().text(), before.state.count()), *veto);
  return std::optional(notice.hash());
}

Result<DirectoryWriter::Accepted> DirectoryWriter::accept(Turn& turn, const Keys& keys,
                                                          const proto::StatementRequest& request,
                                                          std::uint64_t epochs) {
  const Statement statement = TRY(Statement::decode(request.statement));
  const directory::Name& name = statement.content.name;
  REQUIRE(name.domain() == config_.domain, ErrorCode::not_authorised,
          "This server keeps names of its own domain only; ask the server of the name's domain.");
  auto row = TRY(load<NameRow>(turn.rows, table::kNames, name.bytes()));
  if (row && statement.content.sequence < row->state.count())
    return compare_with_taken(turn, statement, request.statement);
  TRY(check_not_removed(turn, name));
  const bool is_new = !row.has_value();
  if (is_new) row = NameRow{directory::NameState(name), {}, {}, 0};
  auto due = TRY(due_row(turn.rows, *row));

  const NameRow before = *row;
  TRY(row->state.apply(statement));
  if (!always_finds_room(statement, due)) TRY(check_room(turn, epochs));
  REQUIRE(config_.resets || !is_for_resets(statement), ErrorCode::not_authorised,
          "This server takes no resets of names; register without a reset delay, or ask its operator.");
  TRY(check_invitation(turn, statement, request.invitation));
  const std::optional<Hash> ended = TRY(check_reset_step(turn, before, statement, request.veto));
  if (statement.content.type() == StatementType::request_reset) {
    const std::uint64_t open = TRY(open_resets(turn));
    REQUIRE(open < kMaxOpenResets, ErrorCode::over_limit, "Too many resets are open on this server; try again later.");
    TRY(draft_request(turn, before, keys.directory.min_reset_delay_s));
    count_open_resets(turn, open + 1);
  }
  if (const directory::Device* device = device_of(statement)) TRY(claim(turn, name, *device));
  if (is_new) {
    const crypto::VrfResult place = crypto::vrf_prove(keys.vrf, name.bytes());
    row->map_key = directory::map_key(place.output);
    row->vrf_proof = place.proof;
  }
  if (ended) {
    count_open_resets(turn, std::max<std::uint64_t>(TRY(open_resets(turn)), 1) - 1);
    closings_.forget(turn, *ended);
  }
  if (!due) {
    due = DueRow{name.text(), row->map_key, before.state.count(), {}};
    row->due = next_due_++;
  }
  due->steps.push_back({statement.commitment(), is_of_a_reset(statement.content.type())});
  save(turn.rows, table::kDue, u64_key(row->due), *due);
  turn.rows.put(table::kStatements, chain_key(name.text(), before.state.count()), request.statement);
  save(turn.rows, table::kNames, to_bytes(name.bytes()), *row);
  const bool asks_for_reset = statement.content.type() == StatementType::request_reset;
  return asks_for_reset ? Accepted::reset_request : Accepted::anew;
}

}  // namespace cairn::relay
