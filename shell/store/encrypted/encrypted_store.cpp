#include "shell/store/encrypted/encrypted_store.h"

#include <utility>

#include "core/base/secret.h"
#include "core/crypto/aead.h"

namespace cairn::store {
namespace {

constexpr auto kAead = crypto::AeadAlgorithm::xchacha20_poly1305;
/// Beyond the tables of any mind: one row by which a wrong key is noticed.
constexpr Table kCheckTable{200};
constexpr std::string_view kCheckText = "cairn store";
constexpr const char* kUnreadable = "a record of the store cannot be opened";

Bytes associated(Table table, ByteView key) {
  const std::uint8_t number[] = {static_cast<std::uint8_t>(table)};
  return concat({number, key});
}

}  // namespace

Result<std::unique_ptr<EncryptedStore>> EncryptedStore::open(std::unique_ptr<Store> below, StoreKey key,
                                                             Entropy& entropy) {
  std::unique_ptr<EncryptedStore> store(new EncryptedStore(std::move(below), std::move(key), entropy));
  if (!store->below_->get(kCheckTable, {})) {
    TRY(store->commit({{kCheckTable, {}, to_bytes(kCheckText)}}));
    return store;
  }
  REQUIRE(store->get(kCheckTable, {}), ErrorCode::malformed,
          "The file `key` in this folder does not open its store; put the right one back.");
  return store;
}

Bytes EncryptedStore::seal(const Write& write) const {
  Bytes sealed(crypto::aead_nonce_size(kAead));
  entropy_.fill(sealed);
  append(sealed, crypto::aead_seal(kAead, key_.expose(), sealed, associated(write.table, write.key), *write.value));
  return sealed;
}

std::optional<Bytes> EncryptedStore::open_value(Table table, ByteView key, ByteView sealed) const {
  const std::size_t nonce_size = crypto::aead_nonce_size(kAead);
  if (sealed.size() >= nonce_size) {
    const auto value = crypto::aead_open(kAead, key_.expose(), sealed.first(nonce_size), associated(table, key),
                                         sealed.subspan(nonce_size));
    if (value) return to_bytes(value->expose());
  }
  read_failed_ = true;
  return std::nullopt;
}

std::optional<Bytes> EncryptedStore::get(Table table, ByteView key) const {
  const auto sealed = below_->get(table, key);
  if (!sealed) return std::nullopt;
  return open_value(table, key, *sealed);
}

std::vector<Row> EncryptedStore::scan(Table table, ByteView first, ByteView end, std::size_t limit, Order order) const {
  std::vector<Row> out;
  for (Row& row : below_->scan(table, first, end, limit, order)) {
    auto value = open_value(table, row.key, row.value);
    if (value) out.push_back({std::move(row.key), std::move(*value)});
  }
  return out;
}

/// A value is sealed anew each time, so below it is compared with what lies there now.
Result<Condition> EncryptedStore::sealed_condition(const Condition& condition) const {
  std::optional<Bytes> sealed = below_->get(condition.table, condition.key);
  std::optional<Bytes> value;
  if (sealed) value = open_value(condition.table, condition.key, *sealed);
  REQUIRE(!std::exchange(read_failed_, false), ErrorCode::storage_failed, kUnreadable);
  const bool holds = value == condition.value;
  if (value) wipe(*value);
  REQUIRE(holds, ErrorCode::conflict, kChanged);
  return Condition{condition.table, condition.key, std::move(sealed)};
}

Status EncryptedStore::commit_if(const std::vector<Condition>& conditions, const std::vector<Write>& writes) {
  REQUIRE(!std::exchange(read_failed_, false), ErrorCode::storage_failed, kUnreadable);
  std::vector<Condition> sealed_conditions;
  sealed_conditions.reserve(conditions.size());
  for (const Condition& one : conditions) sealed_conditions.push_back(TRY(sealed_condition(one)));
  std::vector<Write> sealed;
  sealed.reserve(writes.size());
  for (const Write& write : writes) {
    sealed.push_back({write.table, write.key, write.value ? std::optional<Bytes>(seal(write)) : std::nullopt});
  }
  return below_->commit_if(sealed_conditions, sealed);
}

}  // namespace cairn::store
