#include "apps/lab/legacy/backup.h"

#include "apps/lab/legacy/symmetric.h"

namespace cairn::lab::legacy {
namespace {

constexpr const char* kMessagesFile = "messages";
const std::string kAttachments = "attachments/";
constexpr const char* kBackupPurpose = "keychain in a backup";

/// One-pass Diffie-Hellman (NIST SP 800-56A): what wraps a file's key.
Result<Bytes> wrapping_key(ByteView private_key, ByteView public_key, ByteView ephemeral, ByteView class_public) {
  const Bytes shared = TRY(curve25519_shared(private_key, public_key));
  return sha256(concat({shared, ephemeral, class_public}));
}

/// A new key of a class, as it lies in the keybag.
ClassKey make_class_key(ByteView keybag_key) {
  const Bytes private_key = random_bytes(32);
  return {curve25519_public(private_key), aes_wrap(keybag_key, private_key)};
}

BackedUpFile seal_file(ByteView content, ProtectionClass protection, ByteView class_public) {
  const Bytes ephemeral_private = random_bytes(32);
  const Bytes file_key = random_bytes(32);
  BackedUpFile out;
  out.protection = protection;
  out.ephemeral = curve25519_public(ephemeral_private);
  const auto wrapping = wrapping_key(ephemeral_private, class_public, out.ephemeral, class_public);
  CHECK(wrapping.has_value());
  out.wrapped_key = aes_wrap(*wrapping, file_key);
  out.ciphertext = aes_ctr(file_key, first_counter(), content);
  return out;
}

/// Lines of "from TAB text".
Bytes encode_conversation(const std::vector<Shown>& conversation) {
  std::string out;
  for (const Shown& one : conversation) out += one.from + "\t" + one.text + "\n";
  return to_bytes(out);
}

std::vector<Shown> decode_conversation(ByteView bytes) {
  std::vector<Shown> out;
  const std::string text = as_text(bytes);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    const std::size_t tab = line.find('\t');
    if (tab != std::string::npos) out.push_back({line.substr(0, tab), line.substr(tab + 1)});
    at = end + 1;
  }
  return out;
}

/// Keychain items are of any size; RFC 3394 takes multiples of 8.
Bytes padded(ByteView item) {
  Bytes out = to_bytes(item);
  const std::size_t fill = 8 - out.size() % 8;
  out.insert(out.end(), fill, static_cast<std::uint8_t>(fill));
  return out;
}

}  // namespace

BackupSet back_up(const Device& device) {
  BackupSet set;
  set.keybag_key = random_bytes(32);
  for (const auto one : {ProtectionClass::unless_open, ProtectionClass::until_first_authentication})
    set.keybag[one] = make_class_key(set.keybag_key);
  const auto add = [&](const std::string& name, ProtectionClass protection, ByteView content) {
    set.files[name] = seal_file(content, protection, set.keybag.at(protection).public_key);
  };
  add(kMessagesFile, ProtectionClass::until_first_authentication, encode_conversation(device.conversation));
  for (const auto& [url, file] : device.files) add(kAttachments + url, ProtectionClass::unless_open, file);
  for (const auto& [name, item] : device.keychain)
    set.keychain[name] = aes_wrap(device.bound_key(kBackupPurpose), padded(item));
  return set;
}

Result<Bytes> open_file(const BackupSet& set, const std::string& name) {
  const auto found = set.files.find(name);
  REQUIRE(found != set.files.end(), ErrorCode::not_found, "file of a backup");
  const BackedUpFile& file = found->second;
  const auto own = set.keybag.find(file.protection);
  REQUIRE(own != set.keybag.end(), ErrorCode::not_found, "class key of a backup");
  const Bytes class_private = TRY(aes_unwrap(set.keybag_key, own->second.wrapped_private));
  const Bytes wrapping = TRY(wrapping_key(class_private, file.ephemeral, file.ephemeral, own->second.public_key));
  const Bytes key = TRY(aes_unwrap(wrapping, file.wrapped_key));
  return aes_ctr(key, first_counter(), file.ciphertext);
}

Result<Restored> restore(const BackupSet& set, const Device& onto) {
  Restored out;
  out.conversation = decode_conversation(TRY(open_file(set, kMessagesFile)));
  for (const auto& [name, file] : set.files) {
    if (!name.starts_with(kAttachments)) continue;
    Bytes content = TRY(open_file(set, name));
    out.files[name.substr(kAttachments.size())] = std::move(content);
  }
  for (const auto& [name, wrapped] : set.keychain) {
    auto item = aes_unwrap(onto.bound_key(kBackupPurpose), wrapped);
    if (!item) continue;  // of another device
    const std::size_t fill = item->back();
    REQUIRE(fill >= 1 && fill <= 8, ErrorCode::malformed, "keychain item");
    out.keychain[name] = to_bytes(ByteView(*item).first(item->size() - fill));
  }
  return out;
}

}  // namespace cairn::lab::legacy
