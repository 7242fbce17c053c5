#include "apps/lab/cairn/realms.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "apps/lab/cairn/operator.h"
#include "core/client/realm_list.h"
#include "core/crypto/aead.h"
#include "core/witness/realm_tables.h"
#include "shell/os/file.h"
#include "shell/os/slot_file.h"

namespace cairn::lab {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kRealmsStore = 0x63726e77;  // cairn-witness's SQLite application_id
constexpr std::size_t kAllOfARealm = ~std::size_t{0};
constexpr std::chrono::seconds kMostOfARealm{30};
constexpr std::chrono::hours kThreeDaysAndOne{73};

template <class Condition>
void wait_for(Condition condition, const std::string& sentence) {
  const auto until = std::chrono::steady_clock::now() + kMostOfARealm;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) must({1, {}, sentence});
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace

Realms::Realms(World& world, const WorldOptions& options) : world_(world), options_(options) {
  const std::string url = world_.village().url();
  const auto issuer =
      demo::http_get(static_cast<unsigned>(std::stoul(url.substr(url.rfind(':') + 1))), "/v1/realm/vkey");
  if (!issuer) must({1, {}, "the server tells no key of account tokens"});
  std::ofstream(world_.folder() + "/issuers") << "issuer " << *issuer;
  std::string list;
  for (std::size_t i = 0; i < kCount; ++i) {
    const std::string vkey = demo::init_cosigner({options_.programs + "/" + options_.realm, "--data", data(i)}, "realm",
                                                 "localhost/r" + std::to_string(i));
    start(i);
    list += "realm " + vkey + " http://127.0.0.1:" + std::to_string(ports_[i]) + "\n";
  }
  list += "threshold " + std::to_string(kThreshold) + "\n";
  std::ofstream(file()) << list;
  const auto parsed = client::RealmList::parse(list);
  if (!parsed) must({1, {}, parsed.error().where});
  set_ = parsed->set();
}

void Realms::start(std::size_t realm) {
  const std::string log = data(realm) + ".log";
  fs::remove(log);
  std::vector<std::string> words = weakened_by(options_);
  if (words.empty()) words.emplace_back("/usr/bin/env");
  words.push_back("LD_PRELOAD=" + options_.programs + "/libcairn_trouble.so");  // another clock: tests/e2e/shim
  words.push_back("CAIRN_TROUBLE=" + data(realm));
  for (const std::string& word :
       {options_.programs + "/" + options_.realm, std::string("--data"), data(realm), std::string("serve"),
        std::string("--role"), std::string("realm"), std::string("--name"), "localhost/r" + std::to_string(realm),
        std::string("--listen"), "127.0.0.1:" + std::to_string(ports_[realm]), std::string("--realm-list"),
        world_.folder() + "/issuers"})
    words.push_back(word);
  demo::Process& process = processes_[realm].emplace(demo::Process::start(words, log));
  const std::string mark = "listening on http://127.0.0.1:";
  wait_for([&] { return process.output().find(mark) != std::string::npos; }, "a realm did not start");
  const std::string output = process.output();
  ports_[realm] = static_cast<unsigned>(std::stoul(output.substr(output.find(mark) + mark.size())));
  wait_for(
      [&] {
        const auto health = demo::http_get(ports_[realm], "/health");
        return health && health->find("serving") != std::string::npos;
      },
      "a realm does not serve");
}

void Realms::stop(std::size_t realm) {
  processes_[realm]->signal(SIGTERM);
  processes_[realm]->wait(kMostOfARealm);
  processes_[realm].reset();
}

demo::HttpAnswer Realms::ask(std::size_t realm, std::string_view target, const Bytes& body) const {
  return demo::http_post(ports_[realm], std::string(target), as_text(body)).value_or(demo::HttpAnswer{});
}

void Realms::pass_three_days() {
  for (std::size_t i = 0; i < kCount; ++i) {
    stop(i);
    std::ofstream(data(i) + ".clock") << std::chrono::seconds(kThreeDaysAndOne).count();
    start(i);
  }
}

std::array<std::string, Realms::kCount> Realms::copy_disks(const std::string& mark) {
  std::array<std::string, kCount> out;
  for (std::size_t i = 0; i < kCount; ++i) {
    stop(i);
    out[i] = data(i) + "-" + mark;
    fs::copy(data(i), out[i], fs::copy_options::recursive);
    start(i);
  }
  return out;
}

// ---- a stolen disk ----

RealmDisk::RealmDisk(std::string folder)
    : folder_(std::move(folder)), rows_(open_store(folder_ + "/store.sqlite", kRealmsStore)) {}

std::optional<PinShare> RealmDisk::pin() const {
  for (const Row& row : rows_->scan(witness::realm_table::kPins, {}, {}, kAllOfARealm)) {
    auto pin = wire::decode<witness::PinRow>(row.value);
    if (pin) return std::move(pin->share);
  }
  return std::nullopt;
}

std::optional<TokenShare> RealmDisk::token(const TokenRecordId& record) const {
  constexpr auto kAead = crypto::AeadAlgorithm::xchacha20_poly1305;
  const std::size_t nonce_size = crypto::aead_nonce_size(kAead);
  const auto found = rows_->get(witness::realm_table::kTokens, record);
  const auto row = found ? wire::decode<witness::TokenRow>(*found)
                         : Result<witness::TokenRow>(fail(ErrorCode::not_found, "no such share"));
  const auto keys = os::SlotFile::open(folder_ + "/keys");
  if (!row || !keys || row->sealed.size() < nonce_size) return std::nullopt;
  const auto slots = static_cast<std::uint32_t>(fs::file_size(folder_ + "/keys") / os::kSlotStride + 1);
  for (std::uint32_t slot = 0; slot < slots; ++slot) {
    const auto key = (*keys)->read(slot);
    if (!key || !*key) continue;
    const ByteView sealed(row->sealed);
    const auto plain = crypto::aead_open(kAead, (*key)->expose().subspan(TokenRecordId::kSize),
                                         sealed.first(nonce_size), record, sealed.subspan(nonce_size));
    if (!plain) continue;
    wire::Reader reader(plain->expose());
    auto index = reader.u8();
    auto share = reader.fixed<EncodedScalar>();
    auto check = reader.fixed<TokenCheck>();
    auto mac = reader.fixed<TokenMac>();
    if (index && share && check && mac) return TokenShare{*index, std::move(*share), *check, *mac};
  }
  return std::nullopt;
}

}  // namespace cairn::lab
