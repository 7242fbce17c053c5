#include "core/relay/internal/blobs.h"

#include "core/crypto/hash.h"
#include "core/crypto/labels.h"
#include "core/crypto/signature.h"
#include "core/relay/internal/parts.h"

namespace cairn::relay {
namespace {

/// A commit's blob outlives its envelopes by this much: who got that on its last day has time to fetch.
constexpr std::uint64_t kHeldLongerMs = 2 * kDayMs;

Parts parts_of(ByteView blob) { return {table::kBlobParts, blob}; }

std::uint64_t room_of(std::uint64_t size) { return std::max(size, proto::kMinBlobCharge); }

Bytes account_key(const BlobAccount& account) {
  const auto payer = static_cast<std::uint8_t>(account.payer);
  return concat({ByteView(&payer, 1), as_bytes(account.name)});
}

BlobAccount account_of(const BlobRow& row) { return {row.payer, row.name}; }

Result<BlobAccountRow> load_account(const StoreView& rows, const BlobAccount& account) {
  return TRY(load<BlobAccountRow>(rows, table::kBlobAccounts, account_key(account)))
  .value_or(BlobAccountRow{});
}

void save_account(Turn& turn, const BlobAccount& account, const BlobAccountRow& row) {
  if (row.blobs == 0 && row.dying == 0) return turn.rows.erase(table::kBlobAccounts, account_key(account));
  save(turn.rows, table::kBlobAccounts, account_key(account), row);
}

std::uint64_t left_of(std::uint64_t quota, const BlobAccountRow& account) {
  return quota > account.bytes ? quota - account.bytes : 0;
}

Status charge(BlobAccountRow& account, std::uint64_t quota, std::uint64_t size) {
  const std::uint64_t room = room_of(size);
  const std::uint64_t left = left_of(quota, account);
  REQUIRE(room <= left && account.blobs < proto::kMaxBlobs, ErrorCode::over_limit,
          "The room that this server gives a name for attachments is used up; wait until older ones have run out, or "
          "ask its operator for more.");
  REQUIRE(account.dying <= left - room, ErrorCode::unavailable,
          "What was deleted to make room is just being erased; try again in a minute.");
  account.blobs += 1;
  account.bytes += room;
  return ok();
}

/// Nobody finds the blob from now on; its parts are erased later.
Status drop(Turn& turn, ByteView key, const BlobRow& row) {
  BlobAccountRow account = TRY(load_account(turn.rows, account_of(row)));
  REQUIRE(account.blobs > 0 && account.bytes >= room_of(row.size), ErrorCode::internal, "a blob is not in its account");
  account.blobs -= 1;
  account.bytes -= room_of(row.size);
  account.dying += room_of(row.size);
  save_account(turn, account_of(row), account);
  turn.rows.erase(table::kBlobs, to_bytes(key));
  turn.rows.erase(table::kHandshakeBlobs, to_bytes(key));
  save(turn.rows, table::kDyingBlobs, to_bytes(key), row);
  return ok();
}

Result<Hash> digest_of(const StoreView& rows, ByteView blob, std::uint64_t size) {
  crypto::Hasher hasher(crypto::HashAlgorithm::sha256);
  for (std::uint64_t number = 0; number < Parts::count(size); ++number) {
    hasher.update(TRY(parts_of(blob).load(rows, number)));
  }
  return Hash::from(hasher.finish().view());
}

Status give_back(Turn& turn, const BlobRow& row) {
  BlobAccountRow account = TRY(load_account(turn.rows, account_of(row)));
  REQUIRE(account.dying >= room_of(row.size), ErrorCode::internal, "a deleted blob is not in its account");
  account.dying -= room_of(row.size);
  save_account(turn, account_of(row), account);
  return ok();
}

}  // namespace

Result<Answer> Blobs::put(Turn& turn, const BlobAccount& payer, const proto::BlobPut& request) const {
  const Bytes content = request.content(crypto::sha256(request.data));
  TRY(crypto::verify_labelled(request.owner_key, crypto::kSignBlobPut, content, request.signature));
  auto row = TRY(load<BlobRow>(turn.rows, table::kBlobs, request.blob));
  const bool same = !row || (row->owner_key == request.owner_key && row->size == request.size &&
                             row->payer == payer.payer && row->name == payer.name);
  REQUIRE(same, ErrorCode::conflict, "This blob id is taken; choose another one.");
  BlobAccountRow account = TRY(load_account(turn.rows, payer));
  const std::uint64_t have = row ? row->have : 0;
  if (request.data.empty() || request.offset != have) {
    return Answer{200, wire::encode(proto::BlobPutAnswer{have, left_of(quota(payer.payer), account)}), {}};
  }
  if (!row) {
    REQUIRE(!turn.rows.get(table::kDyingBlobs, request.blob), ErrorCode::unavailable,
            "A blob of this id is just being erased; try again in a minute.");
    TRY(charge(account, quota(payer.payer), request.size));
    save_account(turn, payer, account);
    row = BlobRow{0, payer.payer, payer.name, request.owner_key, request.size, 0};
  }
  parts_of(request.blob).append(turn, row->have, request.data);
  row->have += request.data.size();
  row->expires_ms = after(turn.now, row->is_whole() ? limits.blob_ms : proto::kBlobUploadMs).ms;
  save(turn.rows, table::kBlobs, to_bytes(request.blob), *row);
  if (row->is_whole() && row->payer == BlobPayer::channels) {
    // Now, and never when a commit names it: a commit that is refused would cost as much each time.
    const Hash digest = TRY(digest_of(turn.rows, request.blob, row->size));
    save(turn.rows, table::kHandshakeBlobs, to_bytes(request.blob), HandshakeBlobRow{digest, 0});
  }
  return Answer{200, wire::encode(proto::BlobPutAnswer{row->have, left_of(quota(payer.payer), account)}), {}};
}

Result<proto::BlobPart> Blobs::get(const StoreView& rows, Time now, const proto::BlobGet& request) {
  const auto row = TRY(load<BlobRow>(rows, table::kBlobs, request.blob));
  REQUIRE(row && row->is_whole() && row->expires_ms > now.ms, ErrorCode::not_found,
          "This is not on the server, or not any more; ask whoever sent it to send it again.");
  REQUIRE(request.offset < row->size, ErrorCode::over_limit, "The blob ends before the range begins.");
  const std::uint64_t end = std::min<std::uint64_t>(row->size, request.offset + request.length);
  return proto::BlobPart { row->size, TRY(parts_of(request.blob).read(rows, request.offset, end)) };
}

Status Blobs::remove(Turn& turn, const proto::BlobDelete& request) {
  const auto row = TRY(load<BlobRow>(turn.rows, table::kBlobs, request.blob));
  REQUIRE(row, ErrorCode::not_found, "There is no such blob here.");
  TRY(crypto::verify_labelled(row->owner_key, crypto::kSignBlobDelete, request.content(), request.signature));
  const auto known = TRY(load<HandshakeBlobRow>(turn.rows, table::kHandshakeBlobs, request.blob));
  REQUIRE(!known || turn.now.ms >= known->held_until_ms, ErrorCode::conflict,
          "A commit names this, and others may still have to fetch it.");
  return drop(turn, request.blob, *row);
}

Status Blobs::hold(Turn& turn, std::string_view creator, const proto::BlobRef& ref, Wait wait) const {
  auto row = TRY(load<BlobRow>(turn.rows, table::kBlobs, ref.blob));
  auto known = TRY(load<HandshakeBlobRow>(turn.rows, table::kHandshakeBlobs, ref.blob));
  // Of whatever else anybody may know the id: it is not to be kept on its owner's account by who names it.
  const bool is_of_channels = row && row->payer == BlobPayer::channels && row->name == creator;
  REQUIRE(is_of_channels && known && row->size == ref.size, ErrorCode::not_found,
          "The blob that a commit or welcome lies in is not here; put it first.");
  REQUIRE(known->digest == ref.digest, ErrorCode::not_found,
          "What lies here is not what the commit or welcome says; put it anew.");
  const std::uint64_t mailboxes = wait == Wait::here_and_elsewhere ? 2 : 1;
  const std::uint64_t until = after(after(turn.now, mailboxes * limits.undelivered_ms), kHeldLongerMs).ms;
  if (known->held_until_ms >= until) return ok();
  known->held_until_ms = until;
  save(turn.rows, table::kHandshakeBlobs, to_bytes(ref.blob), *known);
  row->expires_ms = std::max(row->expires_ms, until);
  save(turn.rows, table::kBlobs, to_bytes(ref.blob), *row);
  return ok();
}

void expire_blob(Turn& turn, ByteView key) {
  const auto row = load<BlobRow>(turn.rows, table::kBlobs, key);
  if (!row || !*row) return turn.rows.erase(table::kBlobs, to_bytes(key));
  if (const Status status = drop(turn, key, **row); !status) {
    turn.events.push_back({proto::Event::Level::error, status.error().where, 0});
    turn.rows.erase(table::kBlobs, to_bytes(key));
  }
}

bool erase_dying_blobs(Turn& turn) {
  std::uint64_t most = kEraseAtOnce;
  for (const Row& dying : turn.rows.scan(table::kDyingBlobs, {}, {}, kEraseRowsAtOnce)) {
    auto row = wire::decode<BlobRow>(dying.value);
    if (row && !parts_of(dying.key).erase(turn, row->have, most)) {
      save(turn.rows, table::kDyingBlobs, dying.key, *row);
      return true;
    }
    turn.rows.erase(table::kDyingBlobs, dying.key);
    const Status status = row ? give_back(turn, *row) : fail(ErrorCode::internal, "a row of the store does not decode");
    if (!status) turn.events.push_back({proto::Event::Level::error, status.error().where, 0});
  }
  return !turn.rows.scan(table::kDyingBlobs, {}, {}, 1).empty();
}

}  // namespace cairn::relay
