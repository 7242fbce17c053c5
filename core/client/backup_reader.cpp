#include "core/client/backup_reader.h"

#include "core/base/encoding.h"

namespace cairn::client {
namespace {

std::pair<std::uint32_t, std::uint64_t> place_of(const vault::ManifestContent& manifest) {
  return {manifest.generation, manifest.counter};
}

}  // namespace

void ReaderJob::unlocked(Context& context) {
  if (!box_) return fail_with(ErrorCode::not_found, kNoBackup);
  doing_ = "looking for the newest snapshots";
  // By whoever's snapshots are read: where an owner comes back without the other devices those are out by now.
  const Signers whose = removed_ == RemovedSigner::accept ? Signers::ever : Signers::active;
  ask_for_word(context, whose, [self = self_as<ReaderJob>()](Context& later) {
    self->look_in(later, self->box_->content.generations.size());
  });
}

void ReaderJob::look_in(Context& context, std::size_t at) {
  const bool is_enough = depth_ == Depth::newest_generation && !chosen_.empty();
  if (at == 0 || is_enough) return all_found(context);
  const auto self = self_as<ReaderJob>();
  const auto further = [self, at](Context& later) { self->look_in(later, at - 1); };
  const bool is_newest = at == box_->content.generations.size();
  enter(
      context, box_->content.generations[at - 1],
      [self, at](Context& later) {
        self->find_snapshots(
            later, [self, at](Context& then, std::vector<Found> found) { self->choose(then, at - 1, found); });
      },
      [self, further](Context& later) {
        self->erased_ = true;
        further(later);
      },
      // An older one for the newest would be a roll-back that is not said.
      is_newest ? Then() : Then(further));
}

bool ReaderJob::is_wanted(const Chosen& one) const {
  if (choice_.generation != kAllGenerations && one.manifest.generation != choice_.generation) return false;
  if (choice_.snapshot != 0 && one.manifest.counter != choice_.snapshot) return false;
  return to_hex(one.device).starts_with(choice_.device);
}

void ReaderJob::choose(Context& context, std::size_t at, const std::vector<Found>& found) {
  const vault::Generation& generation = box_->content.generations[at];
  const auto signers = device_keys(task_.state, Signers::ever);
  bool any = false;
  std::set<PublicKey> seen_here;
  for (auto one = found.rbegin(); one != found.rend(); ++one) {
    auto manifest = one->manifest.verify({generation.number, vault_of(generation), signers, 0});
    const auto* device = task_.state.find_by_key(one->manifest.signer());
    if (!manifest || device == nullptr) continue;
    // One that is out by now could have everything refused that the others show.
    if (device->active() && !task_.last_word) {
      know_newest(context, *identity_, generation.number, manifest->head());
    }
    shown_ = std::max(shown_.value_or(place_of(*manifest)), place_of(*manifest));
    Chosen chosen{at, std::move(*manifest), device->id, device->added,
                  device->active() ? vault::SignerState::active : vault::SignerState::removed};
    const PublicKey& signer = one->manifest.signer();
    if (!is_wanted(chosen) || !seen_here.insert(signer).second) continue;
    const bool is_new = signers_.size() < vault::kKeptSigners && signers_.insert(signer).second;
    const bool has_files =
        choice_.with_files && chosen.manifest.own.size != 0 && seen_here.size() <= vault::kKeptSigners;
    if (!is_new && !has_files) continue;
    (is_new ? chosen_ : older_).push_back(std::move(chosen));
    any = true;
  }
  if (any) entered_[at] = {std::move(keys_), std::move(items_)};
  look_in(context, at);
}

void ReaderJob::fail_without_any() {
  if (shown_) return fail_with(ErrorCode::not_found, "There is no such snapshot; backup list shows them.");
  if (erased_) {
    return fail_with(ErrorCode::invalid_state,
                     "The realms have erased their parts of this backup's key, as its owner asked: what it held opens "
                     "never again.");
  }
  if (task_.setup && task_.setup->newest.counter != 0) {
    return fail_with(ErrorCode::stale,
                     "The storage shows none of the snapshots that this device has made; they were destroyed, or are "
                     "held back: use another copy, and back up anew.");
  }
  if (const auto behind = behind_word(std::nullopt)) return fail_with(ErrorCode::stale, *behind + ".");
  fail_with(ErrorCode::not_found, "There is no snapshot in this backup yet; backup create makes one.");
}

bool ReaderJob::leave_out_removed() {
  if (removed_ == RemovedSigner::accept) return true;
  const std::size_t all = chosen_.size();
  const auto is_out = [](const Chosen& one) { return one.state == vault::SignerState::removed; };
  std::erase_if(chosen_, is_out);
  std::erase_if(older_, is_out);
  if (chosen_.size() == all) return true;
  if (chosen_.empty()) {
    fail_with(ErrorCode::not_authorised,
              "What is there was made by devices that are no longer the name's; if you trust what they wrote, say so: "
              "backup restore --accept-removed.");
    return false;
  }
  warnings_.push_back(std::to_string(all - chosen_.size()) +
                      " of the snapshots were made by devices that are no longer the name's, and were left out; backup "
                      "list shows them. If you trust what they wrote, say so: backup restore --accept-removed.");
  return true;
}

/// Of fewer statements than there are by now the heads are not kept, so nothing is compared.
void ReaderJob::compare_chains() {
  const directory::NameState& state = task_.state;
  for (const Chosen& one : chosen_) {
    const auto known = wire::decode<KnownChain>(one.manifest.chain);
    const bool is_other =
        known && (known->count > state.count() || (known->count == state.count() && known->head != state.head()));
    if (!is_other) continue;
    warnings_.push_back(
        "The device " + to_hex(one.device) + " knew " + std::to_string(known->count) +
        " statements of this name when it made its snapshot, and this device " +
        (known->count == state.count() ? "as many others" : "has seen " + std::to_string(state.count())) +
        ": look again (contact verify " + state.name().text() +
        "). If it stays so, the directory was set back, or shows two histories; tell its auditors.");
  }
}

void ReaderJob::all_found(Context& context) {
  if (chosen_.empty()) return fail_without_any();
  if (task_.setup && *shown_ < std::pair(task_.setup->newest_generation, task_.setup->newest.counter)) {
    return fail_with(
        ErrorCode::stale,
        "The storage shows an older snapshot than this device knows, and nothing was done; use another copy "
        "of the backup, or ask its operator.");
  }
  if (const auto behind = behind_word(vault::SnapshotWord{shown_->first, shown_->second})) {
    // Its owner has said which one, or nobody can say who is out by now.
    const bool is_wanted_so = choice_.snapshot != 0 || task_.last_word;
    if (!is_wanted_so) {
      return fail_with(ErrorCode::stale, *behind +
                                             "; an older one is read when you name it: the newest that is shown is "
                                             "--snapshot " +
                                             std::to_string(shown_->second) + ".");
    }
    warnings_.push_back(*behind + ".");
  }
  if (!leave_out_removed()) return;
  compare_chains();
  std::ranges::stable_sort(chosen_, {}, [](const Chosen& one) { return std::pair(one.added, place_of(one.manifest)); });
  read_next(context);
}

void ReaderJob::read_next(Context& context) {
  if (next_ == chosen_.size()) return all_read(context);
  at_ = next_++;
  open_snapshot(context, snapshot(), [self = self_as<ReaderJob>()](Context& later) { self->opened(later); });
}

std::vector<const ReaderJob::Chosen*> ReaderJob::with_files() const {
  std::vector<const Chosen*> out;
  for (const auto* list : {&chosen_, &older_}) {
    for (const Chosen& one : *list) {
      if (choice_.with_files && one.manifest.own.size != 0) out.push_back(&one);
    }
  }
  return out;
}

void ReaderJob::open_snapshot(Context& context, const Chosen& one, ThenIndex then) {
  const std::size_t generation = one.generation;
  if (reading_ != generation) {
    if (reading_) entered_[*reading_] = {std::move(keys_), std::move(items_)};
    keys_ = std::move(entered_.at(generation).keys);
    items_ = std::move(entered_.at(generation).items);
    reading_ = generation;
    open_vault(box_->content.generations[generation]);
  }
  index_ = {};
  fetch_indexes(context, one.manifest.indexes, std::move(then));
}

const ReaderJob::Chosen& ReaderJob::newest() const {
  return *std::ranges::max_element(chosen_, {}, [](const Chosen& one) { return place_of(one.manifest); });
}

nlohmann::json ReaderJob::snapshots_json() const {
  nlohmann::json all = nlohmann::json::array();
  const auto words = [](const Chosen& one) {
    return nlohmann::json{{"snapshot", one.manifest.counter},
                          {"generation", one.manifest.generation},
                          {"created_ms", one.manifest.created.ms}};
  };
  for (const Chosen& one : chosen_) {
    nlohmann::json told = words(one);
    told["device"] = to_hex(one.device);
    told["device_active"] = one.state == vault::SignerState::active;
    all.push_back(std::move(told));
  }
  nlohmann::json out = words(newest());
  out["snapshots"] = std::move(all);
  return out;
}

}  // namespace cairn::client
