#include "core/relay/internal/vaults.h"

#include "core/crypto/hash.h"
#include "core/crypto/labels.h"
#include "core/crypto/signature.h"
#include "core/relay/internal/parts.h"

namespace cairn::relay {
namespace {

Bytes object_key(ByteView vault, ByteView object) { return concat({vault, object}); }

Parts parts_of(ByteView key) { return {table::kVaultParts, key}; }

/// A vault with its owner's account: both are saved, or neither.
struct Opened {
  VaultRow vault;
  VaultOwnerRow owner;

  void save(Turn& turn, const proto::VaultId& id) const {
    relay::save(turn.rows, table::kVaults, to_bytes(id), vault);
    save_vault_owner(turn, vault.owner, owner);
  }
};

Result<Opened> open(const StoreView& rows, ByteView id) {
  auto vault = TRY(load<VaultRow>(rows, table::kVaults, id));
  REQUIRE(vault, ErrorCode::not_found, "There is no such vault here.");
  VaultOwnerRow owner = TRY(load_vault_owner(rows, vault->owner));
  REQUIRE(owner.bytes >= vault->bytes && owner.vaults > 0, ErrorCode::internal,
          "a vault is not in its owner's account");
  return Opened{std::move(*vault), owner};
}

/// The vault of an owner who is logged in.
Result<Opened> open_own(const StoreView& rows, ByteView id, const std::string& who) {
  Opened opened = TRY(open(rows, id));
  REQUIRE(opened.vault.owner == who, ErrorCode::not_authorised,
          "This vault belongs to another name; use a device of the name that made it.");
  return opened;
}

std::uint64_t left_of(std::uint64_t quota, const VaultOwnerRow& owner) {
  return quota > owner.bytes ? quota - owner.bytes : 0;
}

/// The room that an object takes: its rows are more than its bytes.
std::uint64_t room_of(std::uint64_t size) { return std::max(size, proto::kMinVaultCharge); }

template <class T>
Answer vault_answer(const T& value) {
  return {200, wire::encode(value), {}};
}

/// Nobody finds the object from now on. Where its parts are erased is the caller's to say.
void take_out(Turn& turn, Opened& opened, ByteView key, const ObjectRow& object) {
  turn.rows.erase(table::kVaultObjects, to_bytes(key));
  if (!object.is_whole()) turn.rows.erase(table::kVaultUploads, to_bytes(key));
  opened.vault.objects -= 1;
  opened.vault.bytes -= room_of(object.size);
  opened.owner.bytes -= room_of(object.size);
}

/// Of a put, which a full disk refuses: no more is erased here than one object.
void drop_now(Turn& turn, Opened& opened, ByteView key, ObjectRow object) {
  take_out(turn, opened, key, object);
  std::uint64_t most = 2 * proto::kMaxVaultObject;
  CHECK(parts_of(key).erase(turn, object.have, most));
}

void drop_later(Turn& turn, Opened& opened, ByteView key, const ObjectRow& object) {
  take_out(turn, opened, key, object);
  opened.owner.dying += room_of(object.size);
  save(turn.rows, table::kDyingObjects, to_bytes(key), object);
}

/// Takes the room for an object that begins.
Status charge(Opened& opened, std::uint64_t quota, std::uint64_t size) {
  const std::uint64_t room = room_of(size);
  const std::uint64_t left = left_of(quota, opened.owner);
  REQUIRE(
      room <= left, ErrorCode::over_limit,
      "The room that this server gives a name for backups is used up; delete old ones, or ask its operator for more.");
  REQUIRE(opened.owner.dying <= left - room, ErrorCode::unavailable,
          "What was deleted to make room is just being erased; try again in a minute.");
  REQUIRE(opened.vault.objects < proto::kMaxVaultObjects, ErrorCode::over_limit,
          "A vault holds so many objects and no more; delete some, or begin another vault.");
  opened.vault.objects += 1;
  opened.vault.bytes += room;
  opened.owner.bytes += room;
  return ok();
}

Result<bool> fits_digest(const StoreView& rows, ByteView key, const ObjectRow& object) {
  crypto::Hasher hasher(crypto::HashAlgorithm::sha256);
  for (std::uint64_t i = 0; i < Parts::count(object.have); ++i) hasher.update(TRY(parts_of(key).load(rows, i)));
  return equal(hasher.finish(), object.digest);
}

/// An answer that refuses and yet changes something: what was uploaded is not what was announced.
Answer inconsistent() {
  const proto::ErrorAnswer error{ErrorCode::inconsistent,
                                 "What came of this object is not what was announced, and was dropped; put it again."};
  return {proto::status_of(error.code), wire::encode(error), {}};
}

/// What was erased of a deleted object, or of one of a deleted vault, may be put anew by its owner.
Status give_back(Turn& turn, ByteView vault, std::uint64_t room) {
  const auto standing = TRY(load<VaultRow>(turn.rows, table::kVaults, vault));
  const auto dying = turn.rows.get(table::kDyingVaults, vault);
  REQUIRE(standing || dying, ErrorCode::internal, "a deleted object has no owner");
  const std::string owner = standing ? standing->owner : as_text(*dying);
  VaultOwnerRow account = TRY(load_vault_owner(turn.rows, owner));
  REQUIRE(account.dying >= room, ErrorCode::internal, "a deleted object is not in its owner's account");
  account.dying -= room;
  save_vault_owner(turn, owner, account);
  return ok();
}

/// Goes on with a deleted object; whether it is gone.
bool erase_object(Turn& turn, Table table, const Row& row, std::uint64_t& most) {
  auto object = wire::decode<ObjectRow>(row.value);
  if (object && !parts_of(row.key).erase(turn, object->have, most)) {
    save(turn.rows, table, row.key, *object);
    return false;
  }
  turn.rows.erase(table, row.key);
  if (table == table::kVaultObjects) turn.rows.erase(table::kVaultUploads, row.key);
  const Status status = object ? give_back(turn, ByteView(row.key).first(proto::VaultId::kSize), room_of(object->size))
                               : fail(ErrorCode::internal, "a row of the store does not decode");
  if (!status) turn.events.push_back({proto::Event::Level::error, status.error().where, 0});
  return true;
}

}  // namespace

Result<VaultOwnerRow> load_vault_owner(const StoreView& rows, const std::string& owner) {
  return TRY(load<VaultOwnerRow>(rows, table::kVaultOwners, as_bytes(owner)))
  .value_or(VaultOwnerRow{});
}

void save_vault_owner(Turn& turn, const std::string& owner, const VaultOwnerRow& row) {
  const bool nothing = row.vaults == 0 && row.key_boxes == 0 && row.dying == 0;
  if (nothing) return turn.rows.erase(table::kVaultOwners, to_bytes(owner));
  save(turn.rows, table::kVaultOwners, to_bytes(owner), row);
}

Result<Answer> Vaults::create(Turn& turn, const std::string& owner, const proto::VaultCreate& request) const {
  TRY(crypto::verify_labelled(request.write_key, crypto::kSignVaultCreate, request.content(), request.signature));
  VaultOwnerRow account = TRY(load_vault_owner(turn.rows, owner));
  if (const auto vault = TRY(load<VaultRow>(turn.rows, table::kVaults, request.vault))) {
    REQUIRE(vault->owner == owner && vault->write_key == request.write_key, ErrorCode::conflict,
            "This vault id is taken; choose another one.");
    return vault_answer(proto::VaultRoom{left_of(quota, account)});
  }
  REQUIRE(!turn.rows.get(table::kDyingVaults, request.vault), ErrorCode::unavailable,
          "A vault of this id is just being erased; try again in a minute.");
  REQUIRE(account.vaults < proto::kMaxVaults, ErrorCode::over_limit,
          "A name has so many vaults and no more; delete one that is not needed.");
  account.vaults += 1;
  Opened{{owner, request.write_key, 0, 0}, account}.save(turn, request.vault);
  return vault_answer(proto::VaultRoom{left_of(quota, account)});
}

Result<Answer> Vaults::put(Turn& turn, const std::string& who, const proto::VaultPut& request) const {
  Opened opened = TRY(open_own(turn.rows, request.vault, who));
  const Bytes content = request.content(crypto::sha256(request.data));
  TRY(crypto::verify_labelled(opened.vault.write_key, crypto::kSignVaultPut, content, request.signature));
  const Bytes key = object_key(request.vault, request.object);
  auto object = TRY(load<ObjectRow>(turn.rows, table::kVaultObjects, key));
  if (object && (object->size != request.size || object->digest != request.digest)) {
    REQUIRE(!object->is_whole(), ErrorCode::conflict, "An object of this id is there already, with other content.");
    if (request.offset == 0 && !request.data.empty()) drop_now(turn, opened, key, *object);  // another upload begins
    object.reset();
  }
  const std::uint64_t have = object ? object->have : 0;
  if (request.data.empty() || request.offset != have) {
    return vault_answer(proto::VaultPutAnswer{have, left_of(quota, opened.owner)});
  }
  if (!object) {
    REQUIRE(!turn.rows.get(table::kDyingObjects, key), ErrorCode::unavailable,
            "An object of this id is just being erased; try again in a minute.");
    TRY(charge(opened, quota, request.size));
    object = ObjectRow{request.size, request.digest, 0};
  }
  parts_of(key).append(turn, object->have, request.data);
  object->have += request.data.size();
  const bool refused = object->is_whole() && !TRY(fits_digest(turn.rows, key, *object));
  if (object->is_whole()) turn.rows.erase(table::kVaultUploads, key);
  if (refused) {
    drop_now(turn, opened, key, *object);
  } else {
    save(turn.rows, table::kVaultObjects, key, *object);
    if (!object->is_whole()) {
      save(turn.rows, table::kVaultUploads, key, NumberRow{after(turn.now, proto::kVaultUploadMs).ms});
    }
  }
  opened.save(turn, request.vault);
  if (refused) return inconsistent();
  return vault_answer(proto::VaultPutAnswer{object->have, left_of(quota, opened.owner)});
}

Result<proto::VaultPart> Vaults::get(const StoreView& rows, const proto::VaultGet& request) {
  TRY(open(rows, request.vault));
  const Bytes key = object_key(request.vault, request.object);
  const auto object = TRY(load<ObjectRow>(rows, table::kVaultObjects, key));
  REQUIRE(object && object->is_whole(), ErrorCode::not_found, "There is no such object in this vault.");
  REQUIRE(request.offset < object->size, ErrorCode::over_limit, "The object ends before the range begins.");
  const std::uint64_t end = std::min<std::uint64_t>(object->size, request.offset + request.length);
  return proto::VaultPart { object->size, TRY(parts_of(key).read(rows, request.offset, end)) };
}

Result<proto::VaultListAnswer> Vaults::list(const StoreView& rows, const proto::VaultList& request) {
  TRY(open(rows, request.vault));
  Bytes first = to_bytes(request.vault);
  if (request.after) {
    append(first, *request.after);
    first.push_back(0);
  }
  const auto found = rows.scan(table::kVaultObjects, first, prefix_end(request.vault), proto::kMaxVaultList);
  proto::VaultListAnswer out;
  for (const Row& row : found) {
    const auto object = wire::decode<ObjectRow>(row.value);
    REQUIRE(object, ErrorCode::internal, "a row of the store does not decode");
    const auto id = TRY(proto::ObjectId::from(ByteView(row.key).subspan(proto::VaultId::kSize)));
    if (object->is_whole()) out.items.push_back({id, object->size});
    if (found.size() == proto::kMaxVaultList) out.next = id;
  }
  return out;
}

Result<Answer> Vaults::prune(Turn& turn, const std::string& who, const proto::VaultPrune& request) const {
  Opened opened = TRY(open_own(turn.rows, request.vault, who));
  TRY(crypto::verify_labelled(opened.vault.write_key, crypto::kSignVaultPrune, request.content(), request.signature));
  for (const proto::ObjectId& id : request.objects) {
    const Bytes key = object_key(request.vault, id);
    const auto object = TRY(load<ObjectRow>(turn.rows, table::kVaultObjects, key));
    if (object) drop_later(turn, opened, key, *object);
  }
  opened.save(turn, request.vault);
  return vault_answer(proto::VaultRoom{left_of(quota, opened.owner)});
}

Status Vaults::remove(Turn& turn, const std::string& who, const proto::VaultDelete& request) const {
  Opened opened = TRY(open_own(turn.rows, request.vault, who));
  TRY(crypto::verify_labelled(opened.vault.write_key, crypto::kSignVaultDelete, request.content(), request.signature));
  opened.owner.bytes -= opened.vault.bytes;
  opened.owner.dying += opened.vault.bytes;
  opened.owner.vaults -= 1;
  save_vault_owner(turn, opened.vault.owner, opened.owner);
  turn.rows.erase(table::kVaults, to_bytes(request.vault));
  turn.rows.put(table::kDyingVaults, to_bytes(request.vault), to_bytes(opened.vault.owner));
  return ok();
}

Status remove_all_of(Turn& turn, const std::string& owner) {
  constexpr std::size_t kAll = std::size_t{1} << 30;
  VaultOwnerRow account = TRY(load_vault_owner(turn.rows, owner));
  for (const Row& row : turn.rows.scan(table::kVaults, {}, {}, kAll)) {
    const auto vault = TRY(wire::decode<VaultRow>(row.value));
    if (vault.owner != owner) continue;
    turn.rows.erase(table::kVaults, row.key);
    turn.rows.put(table::kDyingVaults, row.key, to_bytes(owner));
  }
  for (const Row& row : turn.rows.scan(table::kKeyBoxes, {}, {}, kAll)) {
    if (TRY(wire::decode<KeyBoxRow>(row.value)).owner == owner) turn.rows.erase(table::kKeyBoxes, row.key);
  }
  account.dying += account.bytes;
  account.bytes = 0;
  account.vaults = account.key_boxes = 0;
  save_vault_owner(turn, owner, account);
  return ok();
}

void give_up_upload(Turn& turn, ByteView key) {
  const auto vault = proto::VaultId::from(key.first(std::min(key.size(), proto::VaultId::kSize)));
  auto opened = vault ? open(turn.rows, *vault) : Result<Opened>(tl::unexpected<Error>(vault.error()));
  const auto object = load<ObjectRow>(turn.rows, table::kVaultObjects, key);
  // Of a vault that was deleted: erase_dying comes for it.
  if (!opened || !object || !*object || (*object)->is_whole())
    return turn.rows.erase(table::kVaultUploads, to_bytes(key));
  drop_later(turn, *opened, key, **object);
  opened->save(turn, *vault);
}

bool erase_dying(Turn& turn) {
  std::uint64_t most = kEraseAtOnce;
  for (const Row& row : turn.rows.scan(table::kDyingObjects, {}, {}, kEraseRowsAtOnce)) {
    if (!erase_object(turn, table::kDyingObjects, row, most)) return true;
  }
  for (const Row& dying : turn.rows.scan(table::kDyingVaults, {}, {}, kEraseRowsAtOnce)) {
    for (const Row& row : turn.rows.scan_prefix(table::kVaultObjects, dying.key, kEraseRowsAtOnce)) {
      if (!erase_object(turn, table::kVaultObjects, row, most)) return true;
    }
    const bool empty = turn.rows.scan_prefix(table::kVaultObjects, dying.key, 1).empty() &&
                       turn.rows.scan_prefix(table::kDyingObjects, dying.key, 1).empty();
    if (empty) turn.rows.erase(table::kDyingVaults, dying.key);
  }
  return !turn.rows.scan(table::kDyingObjects, {}, {}, 1).empty() ||
         !turn.rows.scan(table::kDyingVaults, {}, {}, 1).empty();
}

}  // namespace cairn::relay
