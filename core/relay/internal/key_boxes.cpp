#include "core/relay/internal/key_boxes.h"

#include "core/crypto/labels.h"
#include "core/crypto/signature.h"
#include "core/relay/internal/vaults.h"

namespace cairn::relay {
namespace {

constexpr const char* kMovedOn = "The key box stands at another version; get it, and put again on top of it.";

Result<std::optional<KeyBoxRow>> find(const StoreView& rows, const proto::KeyBoxId& id) {
  return load<KeyBoxRow>(rows, table::kKeyBoxes, id);
}

Result<KeyBoxRow> load_key_box(const StoreView& rows, const proto::KeyBoxId& id) {
  auto row = TRY(find(rows, id));
  REQUIRE(row, ErrorCode::not_found, "There is no such key box here.");
  return std::move(*row);
}

Status check_owner(const KeyBoxRow& row, const std::string& who) {
  REQUIRE(row.owner == who, ErrorCode::not_authorised,
          "This key box belongs to another name; use a device of the name that made it.");
  return ok();
}

Status make(Turn& turn, const proto::KeyBoxPut& request, const std::string& owner) {
  REQUIRE(request.version == 1, ErrorCode::conflict, kMovedOn);
  VaultOwnerRow account = TRY(load_vault_owner(turn.rows, owner));
  REQUIRE(account.key_boxes < proto::kMaxKeyBoxes, ErrorCode::over_limit,
          "A name has so many key boxes and no more; delete one that is not needed.");
  account.key_boxes += 1;
  save_vault_owner(turn, owner, account);
  save(turn.rows, table::kKeyBoxes, to_bytes(request.id), KeyBoxRow{owner, request});
  return ok();
}

}  // namespace

Status put_key_box(Turn& turn, const std::string& who, const proto::KeyBoxPut& request) {
  auto row = TRY(find(turn.rows, request.id));
  REQUIRE(!row || row->last.write_key == request.write_key, ErrorCode::conflict,
          "This key box id is taken; choose another one.");
  TRY(crypto::verify_labelled(request.write_key, crypto::kSignKeyBoxPut, request.content(), request.signature));
  if (!row) return make(turn, request, who);
  TRY(check_owner(*row, who));
  if (request.version == row->last.version && request.body == row->last.body) return ok();
  REQUIRE(request.version - 1 == row->last.version, ErrorCode::conflict, kMovedOn);
  row->last = request;
  save(turn.rows, table::kKeyBoxes, to_bytes(request.id), *row);
  return ok();
}

Result<proto::KeyBoxPut> get_key_box(const StoreView& rows, const proto::KeyBoxGet& request) {
  return TRY(load_key_box(rows, request.id))
  .last;
}

Status delete_key_box(Turn& turn, const std::string& who, const proto::KeyBoxDelete& request) {
  const KeyBoxRow row = TRY(load_key_box(turn.rows, request.id));
  TRY(check_owner(row, who));
  TRY(crypto::verify_labelled(row.last.write_key, crypto::kSignKeyBoxDelete, request.content(), request.signature));
  REQUIRE(request.version == row.last.version, ErrorCode::conflict, kMovedOn);
  VaultOwnerRow account = TRY(load_vault_owner(turn.rows, row.owner));
  REQUIRE(account.key_boxes > 0, ErrorCode::internal, "a key box is not in its owner's account");
  account.key_boxes -= 1;
  save_vault_owner(turn, row.owner, account);
  turn.rows.erase(table::kKeyBoxes, to_bytes(request.id));
  return ok();
}

}  // namespace cairn::relay
