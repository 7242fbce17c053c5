// Registrations of PINs: who may have an evaluation, and who may not any more (docs/spec/realm.md s.2 to 5).
#pragma once

#include "core/witness/internal/account_tokens.h"
#include "core/witness/internal/realm_log.h"
#include "core/witness/realm_tables.h"

namespace cairn::witness {

/// Each gives the body of its answer, or refuses and has written nothing.
class Pins {
 public:
  /// All must outlive this.
  Pins(const RealmList& list, RealmLog& log, const RealmId& us) : list_(list), log_(log), us_(us) {}

  Result<Bytes> enrol(Turn& turn, ByteView body);
  Result<Bytes> version(Turn& turn, ByteView body);
  /// The raised counter is among the writes of the same turn: no answer leaves before they are on disk.
  Result<Bytes> evaluate(Turn& turn, ByteView body);
  Result<Bytes> release(Turn& turn, ByteView body);
  Result<Bytes> owner(Turn& turn, ByteView body);

 private:
  Result<PinRow> find(const Turn& turn, const proto::RealmWho& who, const PinVersion& version) const;
  Status check_share(const PinShare& share, const RegistrationId& registration) const;
  Result<std::optional<proto::AccountToken>> check_right(const Turn& turn, const proto::PinRegisterRequest& request,
                                                         const std::optional<PinRow>& old) const;
  /// Saves the row with one more entry in its guess log and in the realm's.
  void record(Turn& turn, const Bytes& key, PinRow& row, proto::GuessKind kind);
  void erase(Turn& turn, const Bytes& key, const PinRow& row);
  std::vector<proto::GuessEntry> guesses(const Turn& turn, const Bytes& key) const;

  const RealmList& list_;
  RealmLog& log_;
  const RealmId& us_;
};

}  // namespace cairn::witness
