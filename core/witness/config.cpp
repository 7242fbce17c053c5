#include "core/witness/config.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

#include "core/directory/name.h"
#include "core/tlog/proof.h"
#include "core/witness/internal/list_lines.h"

namespace cairn::witness {
namespace {

constexpr std::size_t kMaxWellKnownBytes = 64 * 1024;

/// The optional last item of a line.
Result<std::uint64_t> parse_adopted(const Items& items, std::size_t place) {
  if (items.size() <= place) return std::uint64_t{0};
  const std::string_view text = items[place];
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  REQUIRE(error == std::errc() && size <= tlog::kMaxTreeSize && std::to_string(size) == text, ErrorCode::malformed,
          "list: adopted size");
  return size;
}

Result<tlog::VerifierKey> parse_log_key(std::string_view text) {
  auto key = TRY(tlog::VerifierKey::parse(text));
  REQUIRE(key.type() == tlog::SignatureType::ed25519, ErrorCode::malformed, "type of a log's key");
  return key;
}

/// Reads the list line by line and sees to it that nothing is there twice.
class ListReader {
 public:
  Status read_line(const Items& items) {
    if (items[0] == "log") return read_log(items);
    if (items[0] == "domain") return read_domain(items);
    if (items[0] == "peer") return read_peer(items);
    return fail(ErrorCode::malformed, "list: unknown line");
  }
  LogList take() { return std::move(list_); }

 private:
  Status read_log(const Items& items) {
    REQUIRE(items.size() == 3 || items.size() == 4, ErrorCode::malformed, "list: log line");
    auto key = TRY(parse_log_key(items[1]));
    auto url = TRY(parse_url(items[2]));
    const std::uint64_t adopted = TRY(parse_adopted(items, 3));
    TRY(admit(key.name().text()));
    list_.logs.push_back({std::move(key), std::move(url), adopted});
    return ok();
  }

  Status read_domain(const Items& items) {
    REQUIRE(items.size() == 2 || items.size() == 3, ErrorCode::malformed, "list: domain line");
    REQUIRE(directory::check_domain(items[1]), ErrorCode::malformed, "list: domain");
    const std::uint64_t adopted = TRY(parse_adopted(items, 2));
    TRY(admit(directory::origin_of(items[1])));
    list_.domains.push_back({std::string(items[1]), adopted});
    return ok();
  }

  Status read_peer(const Items& items) {
    REQUIRE(items.size() == 2, ErrorCode::malformed, "list: peer line");
    REQUIRE(list_.peers.size() < kMaxPeers, ErrorCode::over_limit, "list: peers");
    auto url = TRY(parse_url(items[1]));
    REQUIRE(peers_.insert(url).second, ErrorCode::malformed, "list: peer twice");
    list_.peers.push_back(std::move(url));
    return ok();
  }

  Status admit(const std::string& origin) {
    REQUIRE(origins_.size() < kMaxListedLogs, ErrorCode::over_limit, "list: logs");
    REQUIRE(origins_.insert(origin).second, ErrorCode::malformed, "list: log twice");
    return ok();
  }

  LogList list_;
  std::set<std::string> origins_;
  std::set<std::string> peers_;
};

}  // namespace

Result<LogList> LogList::parse(std::string_view text) {
  REQUIRE(text.size() <= kMaxListBytes, ErrorCode::over_limit, "list");
  ListReader reader;
  TRY(for_each_line(text, [&](const Items& items) { return reader.read_line(items); }));
  return reader.take();
}

Result<ListedLog> parse_well_known(std::string_view text, std::string_view domain) {
  REQUIRE(text.size() <= kMaxWellKnownBytes, ErrorCode::over_limit, "well-known");
  const auto json = nlohmann::json::parse(text, nullptr, false);
  REQUIRE(json.is_object() && json.contains("log") && json["log"].is_object(), ErrorCode::malformed, "well-known: log");
  const auto& log = json["log"];
  for (const char* name : {"origin", "vkey", "path"}) {
    REQUIRE(log.contains(name) && log[name].is_string(), ErrorCode::malformed, "well-known: log");
  }
  auto key = TRY(parse_log_key(log["vkey"].get<std::string>()));
  REQUIRE(log["origin"] == directory::origin_of(domain) && key.name().text() == directory::origin_of(domain),
          ErrorCode::malformed, "well-known: origin");
  const std::string path = log["path"].get<std::string>();
  REQUIRE(path.starts_with('/'), ErrorCode::malformed, "well-known: path");
  auto url = TRY(parse_url("https://" + std::string(domain) + path));
  return ListedLog{std::move(key), std::move(url), 0};
}

}  // namespace cairn::witness
