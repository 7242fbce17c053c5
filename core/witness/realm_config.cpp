#include "core/witness/realm_config.h"

#include <set>

#include "core/directory/name.h"
#include "core/witness/config.h"
#include "core/witness/internal/list_lines.h"

namespace cairn::witness {
namespace {

Result<tlog::VerifierKey> parse_key(std::string_view text) {
  auto key = TRY(tlog::VerifierKey::parse(text));
  REQUIRE(key.type() == tlog::SignatureType::ed25519, ErrorCode::malformed, "list: type of a key");
  return key;
}

class RealmListReader {
 public:
  Status read_line(const Items& items) {
    if (items[0] == "issuer") return read_issuer(items);
    if (items[0] == "peer") return read_peer(items);
    return fail(ErrorCode::malformed, "list: unknown line");
  }
  RealmList take() { return std::move(list_); }

 private:
  Status read_issuer(const Items& items) {
    REQUIRE(items.size() == 2, ErrorCode::malformed, "list: issuer line");
    const auto key = TRY(parse_key(items[1]));
    REQUIRE(directory::check_domain(key.name().text()), ErrorCode::malformed, "list: domain of an issuer");
    REQUIRE(list_.issuers.size() < kMaxIssuers, ErrorCode::over_limit, "list: issuers");
    REQUIRE(list_.issuers.emplace(key.name().text(), key.key()).second, ErrorCode::malformed, "list: issuer twice");
    return ok();
  }

  Status read_peer(const Items& items) {
    REQUIRE(items.size() == 3, ErrorCode::malformed, "list: peer line");
    const auto key = TRY(parse_key(items[1]));
    auto url = TRY(parse_url(items[2]));
    REQUIRE(list_.peers.size() < kMaxRealms, ErrorCode::over_limit, "list: peers");
    REQUIRE(keys_.insert(key.key()).second, ErrorCode::malformed, "list: peer twice");
    list_.peers.push_back({key.key(), std::move(url)});
    return ok();
  }

  RealmList list_;
  std::set<RealmId> keys_;
};

}  // namespace

Result<RealmList> RealmList::parse(std::string_view text) {
  REQUIRE(text.size() <= kMaxListBytes, ErrorCode::over_limit, "list");
  RealmListReader reader;
  TRY(for_each_line(text, [&](const Items& items) { return reader.read_line(items); }));
  return reader.take();
}

}  // namespace cairn::witness
