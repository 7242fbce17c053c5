#include "shell/store/owned_store.h"

namespace cairn::store {
namespace {

/// Beyond the tables of any mind, and that of an EncryptedStore: one row, by which its owner is known.
constexpr Table kOwnerTable{201};
constexpr std::size_t kMarkSize = 16;

constexpr const char* kTakenOver = "another process has taken this store over: let one alone serve it";

}  // namespace

Result<std::unique_ptr<OwnedStore>> OwnedStore::claim(Store& below, Entropy& entropy) {
  Bytes mark(kMarkSize);
  entropy.fill(mark);
  TRY(below.commit({{kOwnerTable, {}, mark}}));
  return std::unique_ptr<OwnedStore>(new OwnedStore(below, std::move(mark)));
}

Status OwnedStore::commit_if(const std::vector<Condition>& conditions, const std::vector<Write>& writes) {
  std::vector<Condition> all = {{kOwnerTable, {}, mark_}};
  all.insert(all.end(), conditions.begin(), conditions.end());
  Status done = below_.commit_if(all, writes);
  if (done || done.error().code != ErrorCode::conflict) return done;
  const auto mark = below_.get(kOwnerTable, {});
  if (mark && *mark != mark_) return fail(ErrorCode::conflict, kTakenOver);
  // Nobody took it over. A store that another process has open for a moment, to look into it or to copy it, says
  // conflict too, or cannot be read; that passes, and is no reason to give it up.
  if (mark && !all_hold(below_, conditions)) return done;
  return fail(ErrorCode::storage_failed, done.error().where);
}

}  // namespace cairn::store
