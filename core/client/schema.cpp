#include "core/client/schema.h"

#include "core/client/account.h"
#include "core/client/client.h"
#include "core/client/tables.h"
#include "core/wire/reader.h"

namespace cairn::client {

Status check_store(const StoreView& store) {
  if (const auto row = store.get(tables::kSchemaVersion, {})) {
    wire::Reader r(*row);
    const auto version = r.u64();
    const bool is_newer = version && r.finish() && *version > kSchema;
    REQUIRE(!is_newer, ErrorCode::unsupported,
            "This folder was written by a newer version of Cairn: install that version or a later one.");
    REQUIRE(version && *version == kSchema, ErrorCode::malformed,
            "What this folder holds cannot be read: put a copy of it in its place, or link this device anew.");
  }
  const auto account = store.get(tables::kAccount, {});
  if (!account) return ok();
  const auto decoded = Account::decode(*account);
  if (decoded) return ok();
  REQUIRE(decoded.error().code != ErrorCode::unsupported, ErrorCode::unsupported,
          "This folder was written by another version of Cairn, which this one cannot read: install that one, or link "
          "this device anew in another folder.");
  return fail(ErrorCode::malformed,
              "What this folder holds cannot be read: put a copy of it in its place, or link this device anew.");
}

}  // namespace cairn::client
