#include "core/client/backup_troubles.h"

#include "core/client/tables.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMaxTroubles = 256;
constexpr std::size_t kMaxTroubleUrl = 4096;

Bytes trouble_key(BackupTrouble::Kind kind, const vault::StorageIdentity& storage) {
  return concat({Bytes{static_cast<std::uint8_t>(kind)}, storage_key(storage)});
}

}  // namespace

void BackupTrouble::write(wire::Writer& w) const {
  w.u8(static_cast<std::uint8_t>(kind));
  w.opaque(storage);
  w.u64(since_ms);
  w.opaque(sentence);
}

Result<BackupTrouble> BackupTrouble::read(wire::Reader& r) {
  BackupTrouble out;
  const std::uint8_t kind = TRY(r.u8());
  REQUIRE(kind >= 1 && kind <= 3, ErrorCode::malformed, "kind of a trouble");
  out.kind = static_cast<Kind>(kind);
  out.storage = TRY(r.opaque_text(kMaxTroubleUrl));
  out.since_ms = TRY(r.u64());
  out.sentence = TRY(r.opaque_text(kMaxSentence));
  return out;
}

std::vector<BackupTrouble> backup_troubles(const StoreView& store) {
  std::vector<BackupTrouble> out;
  for (const Row& row : store.scan(tables::kBackupTroubles, {}, {}, kMaxTroubles)) {
    auto trouble = wire::decode<BackupTrouble>(row.value);
    if (trouble) out.push_back(std::move(*trouble));
  }
  return out;
}

void note_trouble(Context& context, const vault::StorageIdentity& storage, BackupTrouble trouble) {
  Bytes key = trouble_key(trouble.kind, storage);
  if (context.store.get(tables::kBackupTroubles, key)) return;
  if (trouble.sentence.size() > BackupTrouble::kMaxSentence) trouble.sentence.resize(BackupTrouble::kMaxSentence);
  context.store.put(tables::kBackupTroubles, std::move(key), wire::encode(trouble));
}

void settle_trouble(Context& context, const vault::StorageIdentity& storage, BackupTrouble::Kind kind) {
  context.store.erase(tables::kBackupTroubles, trouble_key(kind, storage));
}

std::size_t forget_troubles(Context& context) {
  const auto rows = context.store.scan(tables::kBackupTroubles, {}, {}, kMaxTroubles);
  for (const Row& row : rows) context.store.erase(tables::kBackupTroubles, row.key);
  return rows.size();
}

void forget_troubles_of(Context& context, const vault::StorageIdentity& storage) {
  using Kind = BackupTrouble::Kind;
  for (const Kind kind : {Kind::create, Kind::verify, Kind::rolled_back}) settle_trouble(context, storage, kind);
}

}  // namespace cairn::client
