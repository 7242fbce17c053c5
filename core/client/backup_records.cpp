#include "core/client/backup_records.h"

#include "core/client/gatekeeper.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"
#include "core/directory/name.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMaxBackedUpTitle = 1024;
constexpr std::size_t kMaxSetUpNames = 4096;
constexpr std::size_t kMaxStorageUrl = 4096;
constexpr std::size_t kMaxIdentity = 1 + proto::kMaxNameSize;
constexpr std::string_view kArchive = "cairn archive";
constexpr std::size_t kMaxSetups = 64;
constexpr std::uint8_t kFolderKind = 2;

/// The set-up of that row; what was read is wiped.
std::optional<BackupSetup> setup_of_row(Bytes row) {
  const SecretBytes bytes(std::move(row));
  auto setup = BackupSetup::decode(bytes.expose());
  return setup ? std::optional(std::move(*setup)) : std::nullopt;
}

std::optional<BackupSetup> setup_at(const StoreView& store, ByteView key) {
  auto row = store.get(tables::kBackup, key);
  return row ? setup_of_row(std::move(*row)) : std::nullopt;
}

void put_setup(Context& context, const BackupSetup& setup, bool daily) {
  const Bytes key = storage_key(setup.identity);
  // Of earlier builds, which had one row for whatever storage it was.
  const auto before = key.empty() ? std::nullopt : setup_at(context.store, {});
  if (before && before->identity == setup.identity) context.store.erase(tables::kBackup, {});
  context.store.put(tables::kBackup, key, to_bytes(setup.encode_with(daily).expose()));
}

}  // namespace

/// No name stands in it: a device has one domain.
Bytes storage_key(const vault::StorageIdentity& identity) {
  const bool folder = !identity.bytes.empty() && identity.bytes.front() == kFolderKind;
  return folder ? to_bytes(ByteView(identity.bytes).subspan(1)) : Bytes{};
}

void BackedUpSettings::write(wire::Writer& w) const {
  w.opaque(policy);
  if (!tells_typing) w.u8(0);
}
Result<BackedUpSettings> BackedUpSettings::read(wire::Reader& r) {
  BackedUpSettings out;
  out.policy = TRY(r.opaque_text(tlog::kMaxPolicyBytes));
  out.tells_typing = r.done();
  if (!r.done()) REQUIRE(TRY(r.u8()) == 0, ErrorCode::malformed, "settings of a device");
  return out;
}

void BackedUpContact::write(wire::Writer& w) const {
  w.opaque(name);
  w.u32(admitted_resets);
}
Result<BackedUpContact> BackedUpContact::read(wire::Reader& r) {
  BackedUpContact out;
  out.name = TRY(r.opaque_text(proto::kMaxNameSize));
  out.admitted_resets = TRY(r.u32());
  return out;
}

void BackedUpConversation::write(wire::Writer& w) const {
  w.u8(static_cast<std::uint8_t>(kind));
  w.opaque(title);
  const std::size_t mark = w.begin_vector();
  for (const std::string& name : names) w.opaque(name);
  w.end_vector(mark);
  w.u64(created_ms);
}
Result<BackedUpConversation> BackedUpConversation::read(wire::Reader& r) {
  BackedUpConversation out;
  const std::uint8_t kind = TRY(r.u8());
  REQUIRE(kind >= 1 && kind <= 3, ErrorCode::malformed, "kind of a conversation");
  out.kind = static_cast<ConversationKind>(kind);
  out.title = TRY(r.opaque_text(kMaxBackedUpTitle));
  wire::Reader names = TRY(r.nested(wire::kMaxVectorSize));
  while (!names.done()) {
    REQUIRE(out.names.size() < kMaxSetUpNames, ErrorCode::over_limit, "names of a conversation");
    out.names.push_back(TRY(names.opaque_text(proto::kMaxNameSize)));
  }
  out.created_ms = TRY(r.u64());
  return out;
}

void BackedUpMessage::write(wire::Writer& w) const {
  w.u64(index);
  message.write(w);
}
Result<BackedUpMessage> BackedUpMessage::read(wire::Reader& r) {
  BackedUpMessage out;
  out.index = TRY(r.u64());
  REQUIRE(out.index <= kLastIndex, ErrorCode::over_limit, "index of a message");
  out.message = TRY(Message::read(r));
  return out;
}

void BackedUpAbout::write(wire::Writer& w) const {
  w.u8(kFormat);
  settings.write(w);
  const std::size_t mark = w.begin_vector();
  for (const std::string& name : admins) w.opaque(name);
  w.end_vector(mark);
  w.opaque(picture);
}
Result<BackedUpAbout> BackedUpAbout::read(wire::Reader& r) {
  REQUIRE(TRY(r.u8()) == kFormat, ErrorCode::unsupported, "format of what is said of a conversation");
  BackedUpAbout out;
  out.settings = TRY(ConversationSettings::read(r));
  wire::Reader names = TRY(r.nested(wire::kMaxVectorSize));
  while (!names.done()) {
    REQUIRE(out.admins.size() < kMaxAdmins, ErrorCode::over_limit, "admins of a group");
    const std::string name = TRY(names.opaque_text(proto::kMaxNameSize));
    TRY(directory::Name::from(name));
    REQUIRE(out.admins.empty() || out.admins.back() < name, ErrorCode::malformed, "order of admins");
    out.admins.push_back(name);
  }
  out.picture = TRY(r.opaque_bytes(kMaxPictureSize));
  return out;
}

void BackedUpSaid::One::write(wire::Writer& w) const {
  w.u64(index);
  said.write(w);
}
Result<BackedUpSaid::One> BackedUpSaid::One::read(wire::Reader& r) {
  One out;
  out.index = TRY(r.u64());
  out.said = TRY(SaidAbout::read(r));
  return out;
}

void BackedUpSaid::write(wire::Writer& w) const {
  w.u8(kFormat);
  w.u64(first);
  w.u64(end);
  w.vector(all);
}
Result<BackedUpSaid> BackedUpSaid::read(wire::Reader& r) {
  REQUIRE(TRY(r.u8()) == kFormat, ErrorCode::unsupported, "format of what was said about messages");
  BackedUpSaid out;
  out.first = TRY(r.u64());
  out.end = TRY(r.u64());
  out.all = TRY(r.vector<One>(wire::kMaxVectorSize, kMessagesOfEntry));
  std::uint64_t least = out.first;
  for (const One& one : out.all) {
    REQUIRE(one.index >= least && one.index < out.end, ErrorCode::malformed, "order of what was said about messages");
    least = one.index + 1;
  }
  return out;
}

ChannelId archive_home(const ChannelId& home) {
  const Hash hash = crypto::sha256({as_bytes(kArchive), home});
  return *ChannelId::from(hash.view().first(ChannelId::kSize));
}

std::string archive_title(const Account& account, const BackedUpConversation& conversation) {
  std::string title = conversation.title;
  for (const std::string& text : conversation.names) {
    const auto name = directory::Name::from(text);
    if (!title.empty() || !name || *name == account.name) continue;
    title = std::string(name->local());
    if (name->domain() != account.domain()) title += " of " + std::string(name->domain());
  }
  std::ranges::replace(title, '@', ' ');
  return (title.empty() ? "notes" : title) + " (restored)";
}

SecretBytes BackupSetup::encode_with(bool is_daily) const {
  wire::Writer w(wire::Sensitivity::is_secret);
  w.opaque(storage);
  w.opaque(identity.bytes);
  w.raw(key_box);
  w.raw(write_key.seed().expose());
  w.raw(device_key.expose());
  content.write(w);
  w.u64(head.version);
  w.raw(head.hash);
  w.u64(newest.counter);
  w.raw(newest.hash);
  w.u32(newest_generation);
  w.u64(last_ms);
  w.u8(is_daily ? 1 : 0);
  w.u64(newest_pin);
  if (files_mib != 0) w.u32(files_mib);
  return w.take_secret();
}

Result<BackupSetup> BackupSetup::decode(ByteView bytes) {
  constexpr std::size_t kKemKeySize = 32;
  wire::Reader r(bytes);
  std::string storage = TRY(r.opaque_text(kMaxStorageUrl));
  vault::StorageIdentity identity { TRY(r.opaque_bytes(kMaxIdentity)) };
  const auto key_box = TRY(r.fixed<proto::KeyBoxId>());
  auto seed = TRY(r.fixed<crypto::Ed25519Seed>());
  crypto::KemPrivateKey device_key(TRY(r.raw(kKemKeySize)));
  auto content = TRY(vault::KeyBoxContent::read(r));
  BackupSetup out{std::move(storage),
                  std::move(identity),
                  key_box,
                  crypto::SigningKey::from_seed(std::move(seed)),
                  std::move(device_key),
                  std::move(content),
                  {},
                  {},
                  0,
                  0};
  out.head.version = TRY(r.u64());
  out.head.hash = TRY(r.fixed<Hash>());
  out.newest.counter = TRY(r.u64());
  out.newest.hash = TRY(r.fixed<Hash>());
  out.newest_generation = TRY(r.u32());
  out.last_ms = TRY(r.u64());
  out.daily = TRY(r.presence());
  out.newest_pin = TRY(r.u64());
  if (!r.done()) {
    out.files_mib = TRY(r.u32());
    REQUIRE(out.files_mib != 0 && out.files_mib <= kMaxFilesMib, ErrorCode::malformed, "files of a backup");
  }
  TRY(r.finish());
  return out;
}

std::vector<BackupSetup> load_backup_setups(const StoreView& store) {
  std::vector<BackupSetup> out;
  for (Row& row : store.scan(tables::kBackup, {}, {}, kMaxSetups)) {
    auto setup = setup_of_row(std::move(row.value));
    if (setup) out.push_back(std::move(*setup));
  }
  return out;
}

std::optional<BackupSetup> load_backup_setup(const StoreView& store) {
  std::vector<BackupSetup> all = load_backup_setups(store);
  if (all.empty()) return std::nullopt;
  const auto of_pin = std::ranges::find_if(all, [](const BackupSetup& one) { return one.content.pin.has_value(); });
  return std::move(of_pin == all.end() ? all.front() : *of_pin);
}

void save_backup_setup(Context& context, const BackupSetup& setup) {
  const auto stands = setup_at(context.store, storage_key(setup.identity));
  put_setup(context, setup, stands && stands->identity == setup.identity ? stands->daily : setup.daily);
}

void save_schedule(Context& context, const BackupSetup& setup) { put_setup(context, setup, setup.daily); }

void know_newest(Context& context, const vault::StorageIdentity& identity, std::uint32_t generation,
                 const vault::SnapshotHead& head) {
  for (BackupSetup& setup : load_backup_setups(context.store)) {
    const bool is_newer =
        std::pair(generation, head.counter) > std::pair(setup.newest_generation, setup.newest.counter);
    if (setup.identity != identity || !is_newer) continue;
    setup.newest = head;
    setup.newest_generation = generation;
    save_backup_setup(context, setup);
  }
}

void forget_backup_setup(Context& context, const vault::StorageIdentity& identity) {
  for (Row& row : context.store.scan(tables::kBackup, {}, {}, kMaxSetups)) {
    const auto setup = setup_of_row(std::move(row.value));
    if (setup && setup->identity == identity) context.store.erase(tables::kBackup, row.key);
  }
  context.store.erase(tables::kRealmChange, storage_key(identity));  // there is nothing left to be asked about
}

std::string storage_label(std::string_view url) {
  constexpr std::string_view kFolder = "file://";
  return url.starts_with(kFolder) ? std::string(url.substr(kFolder.size())) : std::string("domain");
}

}  // namespace cairn::client
