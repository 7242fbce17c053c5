// Any bytes as a row of a witness's, an auditor's or a realm's store: what is read is written back as it was. The
// tables of a realm stand here behind those of the others.
#include "core/witness/realm_tables.h"
#include "core/witness/tables.h"
#include "tests/support/round_trip.h"

namespace {

using namespace cairn::witness;
using cairn::testing::round_trip;
namespace directory = cairn::directory;
namespace proto = cairn::proto;

constexpr cairn::Table of_realm(cairn::Table table) {
  return cairn::Table{static_cast<std::uint8_t>(static_cast<std::uint8_t>(table) + 100)};
}

constexpr cairn::testing::RowFormat kFormats[] = {
    {table::kLogs, round_trip<LogRow>},
    {table::kSettled, round_trip<directory::Auditor>},
    {table::kWorking, round_trip<directory::Auditor>},
    {table::kOpen, round_trip<directory::OpenRequest>},
    {table::kOpenWorking, round_trip<WorkingRequest>},
    {table::kRoots, round_trip<RootRow>},
    {table::kVetoes, round_trip<directory::VetoNotice>},
    {table::kEvidence, round_trip<Evidence>},
    {of_realm(realm_table::kPins), round_trip<PinRow>},
    {of_realm(realm_table::kGuesses), round_trip<proto::GuessEntry>},
    {of_realm(realm_table::kTokens), round_trip<TokenRow>},
    {of_realm(realm_table::kPeerHeads), round_trip<proto::RealmHead>},
    {of_realm(realm_table::kRollback), round_trip<proto::RealmHead>},
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  cairn::testing::check_row(kFormats, data, size);
  return 0;
}
