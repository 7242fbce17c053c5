// Any bytes as what this device keeps of its backups, and as what entries of a backup hold: what is taken is the same
// when it is written and read again.
#include "core/client/backup_delete.h"
#include "core/client/backup_records.h"
#include "core/client/backup_settings.h"
#include "core/client/backup_troubles.h"
#include "core/client/backup_trust.h"
#include "core/client/lost_generations.h"
#include "core/client/pin_others.h"
#include "core/client/realm_debts.h"

namespace {

template <class T>
void once(cairn::ByteView input) {
  const auto value = cairn::wire::decode<T>(input);
  if (value) CHECK(cairn::equal(cairn::wire::encode(*value), input));
}

template <class T>
void once_wiped(cairn::ByteView input) {
  const auto value = cairn::wire::decode<T>(input);
  if (value) CHECK(cairn::equal(cairn::wire::encode_secret(*value).expose(), input));
}

template <class T>
void once_secret(cairn::ByteView input) {
  const auto value = T::decode(input);
  if (value) CHECK(cairn::equal(value->encode().expose(), input));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::client;
  const cairn::ByteView input(data, size);
  once<BackedUpContact>(input);
  once<BackedUpConversation>(input);
  once<BackedUpMessage>(input);
  once<BackedUpSettings>(input);
  once<BackedUpAbout>(input);
  once<BackedUpShared>(input);
  once_wiped<BackedUpSaid>(input);
  once<BackupTrouble>(input);
  once<KeptReceipt>(input);
  once<RealmChange>(input);
  once<PinToWatch>(input);
  once<OwnPinWord>(input);
  once_secret<BackupSetup>(input);
  once_secret<LostGeneration>(input);
  once_secret<RealmDebt>(input);
  return 0;
}
