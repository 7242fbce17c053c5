// Any bytes as what entries of a backup hold: what is taken is the same when it is written and read again.
#include "core/client/backup_records.h"
#include "core/client/backup_settings.h"
#include "tests/support/round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::client;
  const cairn::ByteView input(data, size);
  cairn::testing::round_trip<BackedUpContact>(input);
  cairn::testing::round_trip<BackedUpConversation>(input);
  cairn::testing::round_trip<BackedUpMessage>(input);
  cairn::testing::round_trip<BackedUpSettings>(input);
  cairn::testing::round_trip<BackedUpAbout>(input);
  cairn::testing::round_trip<BackedUpShared>(input);
  cairn::testing::round_trip<BackedUpSaid>(input);
  return 0;
}
