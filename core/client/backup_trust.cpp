#include "core/client/backup_trust.h"

#include "core/base/encoding.h"
#include "core/client/tables.h"
#include "core/crypto/ct.h"
#include "core/crypto/hash.h"
#include "core/crypto/labels.h"

namespace cairn::client {
namespace {

constexpr std::string_view kProposedRealms = "cairn proposed realms";
constexpr std::size_t kDigestSize = 16;

/// Behind which realms the generation in force lies, if behind any.
Result<std::optional<RealmList>> list_of(const vault::KeyBoxContent& content) {
  if (content.current().realms.empty()) return std::optional<RealmList>();
  return std::optional(TRY(RealmList::from(content.current().realms)));
}

void write_list(wire::Writer& w, const std::optional<RealmList>& list) {
  w.u8(list ? 1 : 0);
  if (list) list->write(w);
}

/// As the row says, or else as this device last wrote or saw it; what it was asked about it has only seen.
std::optional<KnownRealms> known_or_kept(const StoreView& store, const vault::StorageIdentity& storage,
                                         const BackupSetup* before) {
  auto known = known_realms(store, storage);
  if (known || realm_change(store, storage) || before == nullptr || before->head.version == 0) return known;
  const auto kept = list_of(before->content);
  return kept ? std::optional(KnownRealms{*kept}) : std::nullopt;
}

const vault::Opener* pin_opener(const vault::KeyBoxContent& content) {
  const auto found = std::ranges::find(content.openers, vault::OpenerKind::pin, &vault::Opener::kind);
  return found == content.openers.end() ? nullptr : &*found;
}

bool same_keys(const vault::PinKeys& a, const vault::PinKeys& b) {
  return a.registration == b.registration && a.number == b.number && a.box == b.box &&
         crypto::ct_equal(a.auth.expose(), b.auth.expose()) && crypto::ct_equal(a.box_key.expose(), b.box_key.expose());
}

bool same_token(const std::optional<vault::BackupToken>& a, const std::optional<vault::BackupToken>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return crypto::ct_equal(a->expose(), b->expose());
}

bool same_generation(const vault::Generation& a, const vault::Generation& b) {
  return a.created == b.created && a.chain_count == b.chain_count && a.realms == b.realms && a.data_key == b.data_key &&
         same_token(a.token, b.token);
}

std::string realm_words(const std::optional<RealmList>& list) {
  if (!list) return "none at all";
  std::string out;
  for (const RealmPlace& one : list->realms) out += (out.empty() ? "" : ", ") + one.name() + " at " + one.url;
  return out;
}

}  // namespace

std::optional<KnownRealms> known_realms(const StoreView& store, const vault::StorageIdentity& storage) {
  const auto row = store.get(tables::kRealms, storage_key(storage));
  if (!row) return std::nullopt;
  if (row->empty()) return KnownRealms{};
  auto list = wire::decode<RealmList>(*row);
  return list ? std::optional(KnownRealms{std::move(*list)}) : std::nullopt;
}

void know_realms(Context& context, const vault::StorageIdentity& storage, const std::optional<RealmList>& list) {
  context.store.put(tables::kRealms, storage_key(storage), list ? wire::encode(*list) : Bytes{});
  context.store.erase(tables::kRealmChange, storage_key(storage));
}

void RealmChange::write(wire::Writer& w) const {
  write_list(w, list);
  w.raw(by);
  w.u64(seen_ms);
}

Result<RealmChange> RealmChange::read(wire::Reader& r) {
  RealmChange out;
  if (TRY(r.presence())) out.list = TRY(RealmList::read(r));
  out.by = TRY(r.fixed<DeviceId>());
  out.seen_ms = TRY(r.u64());
  return out;
}

std::optional<RealmChange> realm_change(const StoreView& store, const vault::StorageIdentity& storage) {
  const auto row = store.get(tables::kRealmChange, storage_key(storage));
  auto change = row ? wire::decode<RealmChange>(*row) : Result<RealmChange>(fail(ErrorCode::not_found, "no change"));
  return change ? std::optional(std::move(*change)) : std::nullopt;
}

std::string realm_change_digest(const RealmChange& change, const vault::StorageIdentity& storage) {
  wire::Writer w;
  w.opaque(kProposedRealms);
  w.opaque(storage.bytes);
  write_list(w, change.list);
  return to_hex(crypto::sha256(w.view()).view().first(kDigestSize));
}

std::string realm_change_sentence(const RealmChange& change, const BackupSetup& setup) {
  const std::string place = storage_label(setup.storage);
  return "The device " + to_hex(change.by) + " has named other realms for the keys of the backup at " + place +
         " than are known here: " + realm_words(change.list) +
         ". Nothing is given to them before you say so; if that was you, type: cairn backup realms --confirm " +
         realm_change_digest(change, setup.identity) + ". If not, name yours again, cairn backup create --to " + place +
         " --realms FILE, and remove that device.";
}

bool is_by_active_device(const vault::KeyBox& box, const directory::NameState& state) {
  const auto active = device_keys(state, Signers::active);
  return std::ranges::find(active, box.signer) != active.end();
}

RealmWord review_realms(Context& context, const vault::KeyBox& box, const directory::NameState& state,
                        const vault::StorageIdentity& storage, const BackupSetup* before) {
  const auto found = list_of(box.content);
  if (!found) return RealmWord::asked;  // in a way that this program does not know
  const auto known = known_or_kept(context.store, storage, before);
  const bool first = !known.has_value();
  const bool same = !first && known->list == *found;
  // "None" takes nothing from a backup that never lay behind any.
  const bool never_any =
      std::ranges::all_of(box.content.generations, [](const vault::Generation& one) { return one.realms.empty(); });
  if (same || (first && (never_any || !is_outdated(box, state)))) {
    know_realms(context, storage, *found);
    return RealmWord::agreed;
  }
  const Bytes row = storage_key(storage);
  if (!first) context.store.put(tables::kRealms, row, known->list ? wire::encode(*known->list) : Bytes{});
  if (!first && !is_by_active_device(box, state)) return RealmWord::ignored;
  const auto* device = state.find_by_key(box.signer);
  RealmChange change{*found, device == nullptr ? DeviceId{} : device->id, context.now.ms};
  const auto stands = realm_change(context.store, storage);
  if (!stands || stands->list != change.list) {  // who signed it first answers for it
    context.store.put(tables::kRealmChange, row, wire::encode(change));
  }
  return RealmWord::asked;
}

bool keep_known_generation(vault::KeyBoxContent& content, const vault::Generation& known) {
  bool had_another = false;
  for (vault::Generation& one : content.generations) {
    const bool is_it = known.number == one.number && crypto::ct_equal(known.root.expose(), one.root.expose());
    if (!is_it || same_generation(known, one)) continue;
    one = known.clone();
    had_another = true;
  }
  return had_another;
}

bool keep_known_generations(vault::KeyBoxContent& content, const BackupSetup* before) {
  if (before == nullptr) return false;
  bool had_others = false;
  for (const vault::Generation& known : before->content.generations) {
    had_others = keep_known_generation(content, known) || had_others;
  }
  return had_others;
}

bool is_known_pin(const vault::KeyBoxContent& content, const BackupSetup* before) {
  const vault::Opener* opener = content.pin ? pin_opener(content) : nullptr;
  const vault::Opener* kept = before != nullptr && before->content.pin ? pin_opener(before->content) : nullptr;
  return opener != nullptr && kept != nullptr && opener->key == kept->key;
}

PinWord judge_pin(vault::KeyBox& box, const directory::NameState& state, const BackupSetup* before,
                  std::optional<vault::PinKeys>& doubted) {
  vault::KeyBoxContent& content = box.content;
  const vault::Opener* opener = pin_opener(content);
  if (!content.pin || opener == nullptr) return PinWord::believed;
  if (is_known_pin(content, before)) {
    // The keys come with the PIN, and change with it alone.
    if (same_keys(*before->content.pin, *content.pin)) return PinWord::believed;
    content.pin = before->content.pin->clone();
    return PinWord::known_kept;
  }
  const auto active = device_keys(state, Signers::active);
  // The registration is the opener's word too (docs/spec/backup.md s.2): whoever signs the box anew cannot change it.
  const bool is_of_it = equal(opener->context, content.pin->registration);
  const bool set_by_active = is_of_it && std::ranges::find(active, opener->signer) != active.end();
  if (set_by_active && is_by_active_device(box, state)) return PinWord::believed;
  doubted = std::move(content.pin);
  content.pin.reset();
  return PinWord::doubted;
}

Result<vault::KeyBox> believed_box(ByteView stored, const BackupSetup& setup, const directory::NameState& state) {
  const auto put = TRY(wire::decode<proto::KeyBoxPut>(stored));
  REQUIRE(put.id == setup.key_box && put.write_key == setup.write_key.public_key(), ErrorCode::inconsistent, "key box");
  TRY(crypto::verify_labelled(put.write_key, crypto::kSignKeyBoxPut, put.content(), put.signature));
  auto opened = TRY(open_with_device(put.body, setup.content.current().root, setup.device_key));
  REQUIRE(opened.head().version == put.version, ErrorCode::inconsistent, "key box: version");
  const auto signers = device_keys(state, Signers::active);
  vault::KeyBoxRules rules{signers, std::nullopt, setup.newest_pin};
  if (setup.head.version != 0) rules.newest = setup.head;
  return std::move(opened).verify(rules);
}

std::vector<RealmList> watched_realms(const StoreView& store, const BackupSetup& setup) {
  std::vector<RealmList> out;
  if (const auto of_box = list_of(setup.content); of_box && *of_box) out.push_back(**of_box);
  const auto known = known_realms(store, setup.identity);
  if (known && known->list && (out.empty() || *known->list != out[0])) out.push_back(*known->list);
  return out;
}

}  // namespace cairn::client
