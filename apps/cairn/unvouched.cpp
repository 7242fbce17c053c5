#include "apps/cairn/unvouched.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "apps/cairn/backup.h"
#include "apps/cairn/export.h"
#include "apps/cairn/folder_reader.h"
#include "apps/cairn/render.h"
#include "apps/cairn/secret.h"
#include "core/base/encoding.h"
#include "core/client/backup_keys.h"
#include "core/client/backup_records.h"
#include "core/client/own_name.h"
#include "core/client/printed_token.h"
#include "core/directory/name.h"
#include "core/vault/pack.h"
#include "core/vault/snapshot_reader.h"
#include "shell/os/clock.h"
#include "shell/os/file.h"

namespace cairn::apps {
namespace {

using nlohmann::json;

/// Each use of a recovery key in the chain makes another one; without the directory nobody says how many there were.
constexpr std::uint32_t kKeysTried = 256;
constexpr std::size_t kMaxEntryRead = std::size_t{64} << 20;
/// A longer conversation goes into several files, so that none has to be held as a whole.
constexpr std::size_t kMessagesOfFile = 20'000;
constexpr const char* kUnchecked = "Nobody has checked who wrote this: no directory answered.";

/// Of one signer, whoever that is.
struct SignersSnapshot {
  PublicKey signer;
  vault::VaultId vault;
  std::shared_ptr<const vault::VaultKeys> keys;
  vault::ManifestContent manifest;
};

Reply refused(std::string sentence) { return {Exit::refused, {}, std::move(sentence), {}}; }

Result<vault::KeyBoxContent> open_box(const FolderReader& reader, const vault::StorageIdentity& identity,
                                      const directory::RecoverySecret& secret, const directory::Name& name) {
  const Bytes body = TRY(reader.key_box(vault::key_box_address(secret.expose(), identity).id));
  for (std::uint32_t n = 0; n < kKeysTried; ++n) {
    const auto key = directory::RecoveryKey::derive(secret, name, n);
    auto opened = vault::UnverifiedKeyBox::open(body, key.kem_private_key());
    if (!opened && opened.error().code == ErrorCode::crypto_failed) continue;
    if (!opened) return tl::unexpected<Error>(opened.error());
    const PublicKey signer = opened->signer();
    return TRY(std::move(*opened).verify({{&signer, 1}, std::nullopt, 0}))
    .content.clone();
  }
  return fail(ErrorCode::crypto_failed, "the key box is sealed to other keys");
}

/// The newest of each signer in this generation of whom there is none yet.
Status take_newest_of_each(const FolderReader& reader, const vault::StorageIdentity& identity,
                           const vault::Generation& generation, const vault::BackupToken& token,
                           std::vector<SignersSnapshot>& out) {
  const auto keys = std::make_shared<const vault::VaultKeys>(TRY(client::keys_of(generation, token)));
  const vault::VaultId vault = vault::vault_id(generation.root, identity);
  const auto listed = reader.list(vault);
  if (!listed && listed.error().code == ErrorCode::not_found) return ok();
  std::map<PublicKey, vault::ManifestContent> newest;
  for (const auto& [id, size] : TRY(listed)) {
    if (!vault::is_kind(id, vault::ObjectKind::manifest)) continue;
    const auto sealed = reader.object(vault, id, vault::kMaxManifestSize);
    const auto opened = sealed ? vault::UnverifiedManifest::open(*keys, id, *sealed)
                               : Result<vault::UnverifiedManifest>(tl::unexpected<Error>(sealed.error()));
    if (!opened) continue;  // its copy may be good
    const PublicKey signer = opened->signer();
    auto manifest = opened->verify({generation.number, vault, {&signer, 1}, 0});
    if (!manifest) continue;
    const auto [place, is_new] = newest.try_emplace(signer, *manifest);
    if (!is_new && place->second.counter < manifest->counter) place->second = std::move(*manifest);
  }
  for (auto& [signer, manifest] : newest) {
    const bool is_known = std::ranges::find(out, signer, &SignersSnapshot::signer) != out.end();
    if (!is_known) out.push_back({signer, vault, keys, std::move(manifest)});
  }
  return ok();
}

/// Where chunks lie; where an index is gone, by the tables of all packs.
vault::ChunkIndex index_of(const FolderReader& reader, const SignersSnapshot& one) {
  vault::ChunkIndex out;
  bool is_lost = false;
  for (const vault::IndexReference& named : one.manifest.indexes) {
    const auto sealed = reader.object(one.vault, named.id, named.size);
    const auto listings = sealed ? vault::open_index(*one.keys, named, *sealed)
                                 : Result<std::vector<vault::Listing>>(tl::unexpected<Error>(sealed.error()));
    is_lost = is_lost || !listings;
    if (listings) out.add_index(named, *listings);
  }
  const auto listed = is_lost ? reader.list(one.vault) : Result<vault::StoredObjects>(vault::StoredObjects{});
  for (const auto& [id, size] : listed ? *listed : vault::StoredObjects{}) {
    if (!vault::is_kind(id, vault::ObjectKind::pack) || out.find_pack(id)) continue;
    const auto pack = reader.object(one.vault, id, vault::kMaxPackSize);
    auto table = pack ? vault::open_table(*one.keys, id, pack->size(), *pack)
                      : Result<std::vector<vault::Chunk>>(tl::unexpected<Error>(pack.error()));
    if (table) out.add_stored_pack({id, static_cast<std::uint32_t>(pack->size()), std::move(*table)});
  }
  return out;
}

/// Pages and JSON, a conversation at a time.
class PagesOfBackup {
 public:
  explicit PagesOfBackup(std::string folder) : folder_(std::move(folder)) {}

  void begin_snapshot(const SignersSnapshot& one) {
    list_ += "<h2>As the key " + to_hex(one.signer) + " signed it, on " +
             day_of({{"at", one.manifest.created.ms}}, "at") + "</h2>\n";
  }
  /// `storage_full` or `storage_failed` where it cannot be written; any other for an entry that cannot be read.
  Status take(std::string_view path, ByteView data) {
    if (path.starts_with("conversation/")) return begin(data);
    return path.starts_with("messages/") ? add(data) : ok();
  }
  /// What was begun is written.
  Status end() {
    if (!about_) return ok();
    if (!messages_.empty() || files_of_this_ == 0) TRY(write_messages());
    ++conversations_;
    about_.reset();
    return ok();
  }
  Status write_list() const {
    return os::write_file(folder_ + "/index.html",
                          as_bytes("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Backup</title></head>"
                                   "<body>\n<p>" +
                                   std::string(kUnchecked) + "</p>\n" + list_ + "</body></html>\n"));
  }
  std::uint64_t conversations() const { return conversations_; }
  std::uint64_t messages() const { return count_; }

 private:
  Status begin(ByteView data) {
    TRY(end());
    about_ = TRY(wire::decode<client::BackedUpConversation>(data));
    files_of_this_ = 0;
    return ok();
  }
  Status write_messages() {
    const std::string title = title_of();
    const std::string file = std::to_string(++files_);
    const json whole = {{"unchecked", kUnchecked}, {"title", title}, {"names", about_->names}, {"messages", messages_}};
    const std::string text = whole.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
    TRY(os::write_file(folder_ + "/" + file + ".html", as_bytes(export_page(title, messages_, kUnchecked))));
    TRY(os::write_file(folder_ + "/" + file + ".json", as_bytes(text)));
    list_ += "<p><a href=\"" + file + ".html\">" + escape_html(title) + "</a>, " + std::to_string(messages_.size()) +
             " messages</p>\n";
    count_ += messages_.size();
    ++files_of_this_;
    messages_ = json::array();
    return ok();
  }
  Status add(ByteView data) {
    REQUIRE(about_, ErrorCode::malformed, "messages of no conversation");
    wire::Reader reader(data);
    while (!reader.done()) {
      const auto one = TRY(client::BackedUpMessage::read(reader));
      const client::Message& message = one.message;
      const std::uint64_t ends_ms =
          message.expires_ms != 0 ? message.expires_ms : message.time_ms + std::uint64_t{message.life_s} * kSecondMs;
      const bool is_gone = (message.expires_ms != 0 || message.life_s != 0) && ends_ms <= os::now().ms;
      if (is_gone) continue;
      messages_.push_back({{"sender", message.sender},
                           {"time_ms", message.time_ms},
                           {"text", message.text},
                           {"unknown_type", message.unknown_type}});
    }
    return messages_.size() < kMessagesOfFile ? ok() : write_messages();
  }
  std::string title_of() const {
    if (!about_->title.empty()) return about_->title;
    std::string out;
    for (const std::string& one : about_->names) out += (out.empty() ? "" : ", ") + one;
    return out.empty() ? "(without a title)" : out;
  }

  std::string folder_;
  std::string list_;
  std::optional<client::BackedUpConversation> about_;
  json messages_ = json::array();
  std::uint64_t conversations_ = 0;
  std::uint64_t count_ = 0;  ///< of messages
  std::uint64_t files_ = 0;
  std::uint64_t files_of_this_ = 0;  ///< of the conversation that was begun
};

/// Not there, or empty: nothing that somebody has checked, or else needs, is replaced.
bool is_free(const std::string& folder) {
  std::error_code error;
  const auto status = std::filesystem::status(folder, error);
  if (status.type() == std::filesystem::file_type::not_found) return !folder.empty();
  return std::filesystem::is_directory(status) && std::filesystem::is_empty(folder, error) && !error;
}

bool is_of_disk(const Error& error) {
  return error.code == ErrorCode::storage_full || error.code == ErrorCode::storage_failed;
}

/// How many entries are damaged or cannot be read.
Result<std::uint64_t> write_snapshot(const FolderReader& reader, const SignersSnapshot& one, PagesOfBackup& pages) {
  const vault::ChunkIndex index = index_of(reader, one);
  vault::StoredChunks chunks(*one.keys, index);
  vault::SnapshotReader entries(one.manifest, chunks, vault::ReadMode::data);
  pages.begin_snapshot(one);
  std::uint64_t damaged = 0;
  bool is_sound = true;
  Bytes whole;
  for (;;) {
    const vault::ReadStep step = entries.next();
    if (step == vault::ReadStep::want_pack) {
      const vault::ObjectId id = chunks.wanted();
      auto pack = reader.object(one.vault, id, vault::kMaxPackSize);
      if (pack) chunks.give(id, std::move(*pack));
      if (!pack) chunks.missing(id);
    } else if (step == vault::ReadStep::entry) {
      // Files stand behind everything else, and are not read.
      if (as_text(entries.entry().path).starts_with("file/")) break;
      whole.clear();
      is_sound = entries.entry().size <= kMaxEntryRead;
    } else if (step == vault::ReadStep::data) {
      if (is_sound) append(whole, entries.data());
    } else if (step == vault::ReadStep::damage) {
      is_sound = false;
    } else if (step == vault::ReadStep::end_entry) {
      const Status taken = is_sound ? pages.take(as_text(entries.entry().path), whole)
                                    : Status(fail(ErrorCode::malformed, "a damaged entry"));
      if (!taken && is_of_disk(taken.error())) return tl::unexpected<Error>(taken.error());
      damaged += taken ? 0 : 1;
    } else if (step == vault::ReadStep::lost_entries) {
      ++damaged;
    } else if (step == vault::ReadStep::end) {
      break;
    }
  }
  wipe(whole);
  TRY(pages.end());
  return damaged;
}

/// Of the generations whose token is in the box or was printed; the others are left out.
std::vector<SignersSnapshot> find_snapshots(const FolderReader& reader, const vault::StorageIdentity& identity,
                                            const vault::KeyBoxContent& box,
                                            const std::optional<client::PrintedToken>& printed, json& left_out) {
  std::vector<SignersSnapshot> out;
  for (auto one = box.generations.rbegin(); one != box.generations.rend(); ++one) {
    const bool is_printed = printed && printed->generation == one->number;
    const vault::BackupToken* token = one->token ? &*one->token : is_printed ? &printed->token : nullptr;
    const bool is_open = token != nullptr && take_newest_of_each(reader, identity, *one, *token, out);
    if (!is_open) left_out.push_back(one->number);
  }
  return out;
}

Reply write_pages(const FolderReader& reader, const std::vector<SignersSnapshot>& snapshots, const std::string& folder,
                  json left_out) {
  const auto not_written = [](const Error& error) {
    return refused(error.code == ErrorCode::storage_full ? "The disk is full; make room, and name an empty folder."
                                                         : "The folder cannot be written; look at its permissions.");
  };
  if (const auto made = os::make_folder(folder); !made) return not_written(made.error());
  PagesOfBackup pages(folder);
  std::uint64_t damaged = 0;
  for (const SignersSnapshot& one : snapshots) {
    const auto lost = write_snapshot(reader, one, pages);
    if (!lost) return not_written(lost.error());
    damaged += *lost;
  }
  if (const auto done = pages.write_list(); !done) return not_written(done.error());
  json result = {{"conversations", pages.conversations()},
                 {"messages", pages.messages()},
                 {"snapshots", snapshots.size()},
                 {"folder", folder},
                 {"damaged", damaged},
                 {"left_out", std::move(left_out)}};
  return {Exit::done, std::move(result), {}, {}};
}

}  // namespace

Reply read_unvouched(const json& params) {
  const std::string typed_name = params.value("name", "");
  const auto name = directory::Name::parse(typed_name);
  if (!name) return {Exit::refused, {}, directory::explain_name(typed_name), "invalid_name"};
  if (!is_free(params.value("to", ""))) {
    return refused("Something lies where the pages are to be written, and it is not replaced; name another folder.");
  }
  const FolderReader reader(folder_url(params.value("from", ""), Missing::keep));
  const auto identity = reader.identity();
  if (!identity) return refused("There is no backup in this folder; look whether it is the right one.");
  std::string typed = ask_for_secret("Type the recovery key (it is not shown): ");
  const auto secret = client::parse_recovery_text(typed);
  wipe(typed.data(), typed.size());
  if (!secret) return refused("That is no recovery key; look for a slip.");
  std::optional<client::PrintedToken> printed;
  if (params.value("with_token", false)) {
    std::string text = ask_for_secret("Type the printed token (it is not shown): ");
    auto token = client::parse_printed_token(text);
    wipe(text.data(), text.size());
    if (!token) return refused("That is no printed token; look for a slip.");
    printed = std::move(*token);
  }
  const auto box = open_box(reader, *identity, *secret, *name);
  if (!box) return refused("No backup in this folder opens with that recovery key; it is of another name, or damaged.");
  json left_out = json::array();
  const auto snapshots = find_snapshots(reader, *identity, *box, printed, left_out);
  if (!snapshots.empty()) return write_pages(reader, snapshots, params.value("to", ""), std::move(left_out));
  return refused(left_out.empty() ? "There is no snapshot in this backup."
                                  : "Realms hold parts of this backup's keys, and this command asks nobody: it opens "
                                    "with the printed token alone (--token).");
}

std::string render_unvouched(const json& result) {
  const auto number = [&](const char* key) { return std::to_string(result.value(key, std::uint64_t{0})); };
  std::string out = "Wrote " + number("messages") + " messages of " + number("conversations") +
                    " conversations; begin with index.html in " + harmless_text(result.value("folder", "")) +
                    ". Nobody has checked who wrote them: whoever had a device of this name, or has one, could put "
                    "some there. Nothing of it is encrypted.\n";
  if (result.value("damaged", std::uint64_t{0}) != 0)
    out += number("damaged") + " parts were damaged, and are not here.\n";
  const json left_out = result.value("left_out", json::array());
  if (!left_out.empty()) {
    out += "Generations of keys that did not open here, and were left out: " + left_out.dump() + ".\n";
  }
  return out;
}

}  // namespace cairn::apps
