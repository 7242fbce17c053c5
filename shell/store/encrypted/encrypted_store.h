// A store whose values are sealed record by record (docs/spec/client.md s.6).
#pragma once

#include <memory>
#include <string>

#include "core/base/environment.h"
#include "core/base/secret.h"
#include "shell/store/store.h"

namespace cairn::store {

using StoreKey = Secret<struct StoreKeyTag, 32>;

/// XChaCha20-Poly1305 with a random nonce in front, table and key as associated data: no value can stand at another
/// place. Keys of rows are not hidden, nor is how many there are and how large.
class EncryptedStore final : public Store {
 public:
  /// `malformed` when the store was written under another key. `entropy` must outlive it.
  static Result<std::unique_ptr<EncryptedStore>> open(std::unique_ptr<Store> below, StoreKey key, Entropy& entropy);

  std::optional<Bytes> get(Table table, ByteView key) const override;
  std::vector<Row> scan(Table table, ByteView first, ByteView end, std::size_t limit,
                        Order order = Order::ascending) const override;
  Status commit_if(const std::vector<Condition>& conditions, const std::vector<Write>& writes) override;
  bool full() const override { return below_->full(); }

 private:
  EncryptedStore(std::unique_ptr<Store> below, StoreKey key, Entropy& entropy)
      : below_(std::move(below)), key_(std::move(key)), entropy_(entropy) {}
  Bytes seal(const Write& write) const;
  Result<Condition> sealed_condition(const Condition& condition) const;
  std::optional<Bytes> open_value(Table table, ByteView key, ByteView sealed) const;

  std::unique_ptr<Store> below_;
  StoreKey key_;
  Entropy& entropy_;
  mutable bool read_failed_ = false;
};

}  // namespace cairn::store
