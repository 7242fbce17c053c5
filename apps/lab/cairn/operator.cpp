#include "apps/lab/cairn/operator.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>

#include "core/base/encoding.h"
#include "core/directory/record.h"
#include "shell/store/encrypted/key_file.h"

namespace cairn::lab {
namespace {

constexpr std::uint32_t kServersStore = 0x63726e64;  // cairnd's SQLite application_id
constexpr std::uint32_t kDevicesStore = 0x6361726e;  // cairn's
constexpr std::size_t kAll = ~std::size_t{0};

std::string utf16(const std::string& text) {
  std::string out;
  for (const char c : text) out += std::string{c, '\0'};
  return out;
}

}  // namespace

Operator::Operator(World& world) : world_(world) {
  world_.village().stop_server(SIGTERM);
  store_ = open_store(world_.village().server_folder() + "/store.sqlite", kServersStore);
}

Operator::~Operator() {
  store_.reset();
  world_.village().start_server();
}

std::vector<Operator::Body> Operator::bodies() const {
  std::vector<Body> out;
  for (const Row& row : store_->scan(relay::table::kBodies, {}, {}, kAll)) {
    auto body = wire::decode<relay::BodyRow>(row.value);
    if (body) out.push_back({relay::number_of_key(row.key), std::move(*body)});
  }
  return out;
}

std::vector<Operator::Body> Operator::messages(std::size_t newest) const {
  auto out = bodies();
  std::erase_if(out, [](const Body& body) { return body.row.kind != proto::EnvelopeKind::message; });
  if (out.size() > newest) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(newest));
  return out;
}

void Operator::replace(const Body& body) {
  const Write write{relay::table::kBodies, relay::u64_key(body.number), wire::encode(body.row)};
  CHECK(store_->commit({write}).has_value());
}

void Operator::deliver(const DeviceId& device, relay::BodyRow row) {
  for (const Row& one : store_->scan(relay::table::kMailboxes, {}, {}, kAll)) {
    const auto mailbox = wire::decode<relay::MailboxRow>(one.value);
    if (!mailbox || mailbox->device != device) continue;
    std::uint64_t sequence = mailbox->acknowledged;
    for (const Row& reference : store_->scan_prefix(relay::table::kReferences, one.key, kAll))
      sequence = std::max(sequence, relay::number_of_key(reference.key));
    std::uint64_t number = 1;
    for (const Row& body : store_->scan(relay::table::kBodies, {}, {}, kAll))
      number = std::max(number, relay::number_of_key(body.key) + 1);
    CHECK(
        store_
            ->commit({{relay::table::kBodies, relay::u64_key(number), wire::encode(row)},
                      {relay::table::kBodyCounts, relay::u64_key(number), relay::u64_key(1)},
                      {relay::table::kReferences, relay::numbered_key(one.key, sequence + 1), relay::u64_key(number)}})
            .has_value());
    return;
  }
}

std::vector<Operator::Blob> Operator::blobs() const {
  std::vector<Blob> out;
  for (const Row& row : store_->scan(relay::table::kBlobs, {}, {}, kAll)) {
    const auto blob = wire::decode<relay::BlobRow>(row.value);
    if (!blob) continue;
    Blob& one = out.emplace_back(Blob{row.key, blob->name, {}});
    for (const Row& part : store_->scan_prefix(relay::table::kBlobParts, row.key, kAll)) append(one.bytes, part.value);
  }
  return out;
}

std::size_t Operator::backup_bytes(const std::string& owner) const {
  std::size_t out = 0;
  for (const Row& row : store_->scan(relay::table::kVaults, {}, {}, kAll)) {
    const auto vault = wire::decode<relay::VaultRow>(row.value);
    if (!vault || vault->owner != owner) continue;
    for (const Row& part : store_->scan_prefix(relay::table::kVaultParts, row.key, kAll)) out += part.value.size();
  }
  return out;
}

std::set<Bytes> Operator::key_boxes() const {
  std::set<Bytes> out;
  for (const Row& row : store_->scan(relay::table::kKeyBoxes, {}, {}, kAll)) out.insert(row.key);
  return out;
}

std::size_t Operator::lay_backup(const std::string& from, const std::set<Bytes>& boxes, const std::string& to) {
  std::vector<Write> writes;
  std::optional<relay::KeyBoxRow> hers, box;
  Bytes key;
  for (const Row& row : store_->scan(relay::table::kKeyBoxes, {}, {}, kAll)) {
    auto one = wire::decode<relay::KeyBoxRow>(row.value);
    if (!one) continue;
    (boxes.contains(row.key) ? hers : box) = std::move(*one);
    if (!boxes.contains(row.key)) key = row.key;
  }
  std::map<std::string, Bytes> vaults;
  for (const Row& row : store_->scan(relay::table::kVaults, {}, {}, kAll)) {
    if (const auto vault = wire::decode<relay::VaultRow>(row.value)) vaults[vault->owner] = row.key;
  }
  if (!hers || !box || !vaults.contains(from) || !vaults.contains(to)) return 0;
  box->last.version = hers->last.version;
  box->last.body = hers->last.body;
  writes.push_back({relay::table::kKeyBoxes, key, wire::encode(*box)});
  for (const Table table : {relay::table::kVaultObjects, relay::table::kVaultParts}) {
    for (const Row& row : store_->scan_prefix(table, vaults[to], kAll)) writes.push_back({table, row.key, {}});
    for (const Row& row : store_->scan_prefix(table, vaults[from], kAll)) {
      Bytes place = vaults[to];
      place.insert(place.end(), row.key.begin() + static_cast<std::ptrdiff_t>(place.size()), row.key.end());
      writes.push_back({table, std::move(place), row.value});
    }
  }
  const std::size_t objects = store_->scan_prefix(relay::table::kVaultObjects, vaults[from], kAll).size();
  CHECK(store_->commit(writes).has_value());
  return 1 + objects;
}

DeviceId Operator::device_of(const std::string& name) const {
  for (const Row& row : store_->scan(relay::table::kDevices, {}, {}, kAll)) {
    if (as_text(row.value) == name) return *DeviceId::from(row.key);
  }
  return {};
}

std::vector<mls::KeyPackage> Operator::key_packages() const {
  std::vector<mls::KeyPackage> out;
  for (const Row& row : store_->scan(relay::table::kKeyPackages, {}, {}, kAll)) {
    const auto item = wire::decode<proto::KeyPackageUpload::Item>(row.value);
    auto package = item ? wire::decode<mls::KeyPackage>(item->key_package)
                        : Result<mls::KeyPackage>(fail(ErrorCode::malformed, "key package"));
    if (package) out.push_back(std::move(*package));
  }
  return out;
}

std::vector<Operator::Reset> Operator::resets() const {
  const auto row = store_->get(relay::table::kKeys, as_bytes(relay::kConfigRow));
  const auto config = row ? wire::decode<directory::DirectoryConfig>(*row)
                          : Result<directory::DirectoryConfig>(fail(ErrorCode::not_found, "the server has no log"));
  if (!config) must({1, {}, config.error().where});
  std::vector<Reset> out;
  for (const Row& one : store_->scan(relay::table::kNotices, {}, {}, kAll)) {
    const auto notice = wire::decode<directory::RequestNotice>(one.value);
    const std::string key = as_text(one.key);
    if (notice) out.push_back({key.substr(0, key.find('\0')), {config->origin, notice->request.hash(), {}}});
  }
  return out;
}

crypto::SigningKey Operator::realm_token_key() const {
  return key_in("realm tokens", "The server has no key of account tokens.");
}

crypto::SigningKey Operator::log_key() const { return key_in(relay::kLogKeyRow, "The server has no key of its log."); }

crypto::SigningKey Operator::key_in(std::string_view name, const char* where) const {
  const auto row = store_->get(relay::table::kKeys, as_bytes(name));
  auto seed = row ? crypto::Ed25519Seed::from(*row) : Result<crypto::Ed25519Seed>(fail(ErrorCode::not_found, where));
  if (!seed) must({1, {}, seed.error().where});
  return crypto::SigningKey::from_seed(std::move(*seed));
}

std::vector<Row> Operator::rows(Table table) const { return store_->scan(table, {}, {}, kAll); }

Searched search_files(const std::string& folder, const std::vector<std::string>& words) {
  Searched out;
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    out.bytes += content.size();
    for (const std::string& word : words) {
      for (const std::string& form : {word, utf16(word), to_hex(as_bytes(word)), to_base64(as_bytes(word))}) {
        if (content.find(form) != std::string::npos) found.insert(word);
      }
    }
  }
  out.found.assign(found.begin(), found.end());
  return out;
}

std::unique_ptr<store::SqliteStore> open_store(const std::string& path, std::uint32_t application_id) {
  store::SqliteOptions options;
  options.path = path;
  options.application_id = application_id;
  auto opened = store::SqliteStore::open(options);
  if (!opened) must({1, {}, opened.error().where});
  return std::move(*opened);
}

std::unique_ptr<store::Store> open_stolen(const std::string& device_folder, Entropy& entropy) {
  auto key = store::open_key_file(device_folder + "/key", entropy);
  if (!key) must({1, {}, key.error().where});
  auto sealed =
      store::EncryptedStore::open(open_store(device_folder + "/store.sqlite", kDevicesStore), std::move(*key), entropy);
  if (!sealed) must({1, {}, sealed.error().where});
  return std::move(*sealed);
}

}  // namespace cairn::lab
