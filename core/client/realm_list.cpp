#include "core/client/realm_list.h"

#include <charconv>

#include "core/tlog/note.h"

namespace cairn::client {
namespace {

/// What spaces and tabs part.
std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view kBlanks = " \t";
  std::vector<std::string_view> out;
  for (std::size_t at = line.find_first_not_of(kBlanks); at != std::string_view::npos;
       at = line.find_first_not_of(kBlanks)) {
    line.remove_prefix(at);
    const std::size_t end = std::min(line.find_first_of(kBlanks), line.size());
    out.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return out;
}

/// Of a url without its scheme.
bool is_this_machine(std::string_view rest) {
  constexpr std::string_view kLoopback6 = "[::1]";
  if (rest.starts_with(kLoopback6)) {
    rest.remove_prefix(kLoopback6.size());
    return rest.empty() || rest.front() == ':' || rest.front() == '/';
  }
  const std::string_view host = rest.substr(0, rest.find_first_of("/:"));
  return host == "localhost" || host == "127.0.0.1";
}

/// Shares go over it: in the clear on this machine alone.
Status check_url(std::string_view url) {
  REQUIRE(url.size() <= kMaxRealmUrl, ErrorCode::over_limit, "realm list: url");
  const std::size_t scheme = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
  REQUIRE(scheme != 0 && url.size() > scheme && url[scheme] != '/' && !url.ends_with('/'), ErrorCode::malformed,
          "realm list: url");
  REQUIRE(scheme == 8 || is_this_machine(url.substr(scheme)), ErrorCode::not_authorised, "realm list: url without TLS");
  for (const char c : url) {
    REQUIRE(c > ' ' && c < '\x7f' && c != '?' && c != '#' && c != '@', ErrorCode::malformed, "realm list: url");
  }
  return ok();
}

Result<tlog::VerifierKey> key_of(std::string_view vkey) {
  REQUIRE(vkey.size() <= kMaxRealmVkey, ErrorCode::over_limit, "realm list: key");
  auto key = TRY(tlog::VerifierKey::parse(vkey));
  REQUIRE(key.type() == tlog::SignatureType::ed25519, ErrorCode::malformed, "realm list: type of a key");
  return key;
}

Result<RealmPlace> place_of(std::string_view vkey, std::string_view url) {
  TRY(key_of(vkey));
  TRY(check_url(url));
  return RealmPlace{std::string(vkey), std::string(url)};
}

Result<RealmList> checked(RealmList list) {
  REQUIRE(list.realms.size() <= kMaxRealms, ErrorCode::over_limit, "realm list: realms");
  TRY(list.set().check());
  return list;
}

}  // namespace

std::string RealmPlace::name() const { return key_of(vkey)->name().text(); }
RealmId RealmPlace::id() const { return key_of(vkey)->key(); }

Result<RealmList> RealmList::parse(std::string_view text) {
  REQUIRE(text.size() <= kMaxRealmListText, ErrorCode::over_limit, "realm list");
  RealmList out;
  out.threshold = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto words = words_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.empty() || words[0].starts_with('#')) continue;
    if (words[0] == "threshold" && words.size() == 2 && out.threshold == 0) {
      const auto read = std::from_chars(words[1].data(), words[1].data() + words[1].size(), out.threshold);
      REQUIRE(read.ec == std::errc() && read.ptr == words[1].data() + words[1].size() && out.threshold != 0,
              ErrorCode::malformed, "realm list: threshold");
      continue;
    }
    REQUIRE(words[0] == "realm" && words.size() == 3, ErrorCode::malformed, "realm list: unknown line");
    REQUIRE(out.realms.size() < kMaxRealms, ErrorCode::over_limit, "realm list: realms");
    std::string_view url = words[2];
    if (url.ends_with('/')) url.remove_suffix(1);
    out.realms.push_back(TRY(place_of(words[1], url)));
  }
  if (out.threshold == 0) out.threshold = static_cast<std::uint8_t>(out.realms.size() / 2 + 1);
  return checked(std::move(out));
}

Result<RealmList> RealmList::from(const std::vector<vault::RealmEntry>& entries) {
  RealmList out;
  out.threshold = 0;
  for (const vault::RealmEntry& one : entries) {
    wire::Reader r(one.bytes);
    const std::uint8_t threshold = TRY(r.u8());
    const std::string vkey = TRY(r.opaque_text(kMaxRealmVkey));
    const std::string url = TRY(r.opaque_text(kMaxRealmUrl));
    TRY(r.finish());
    REQUIRE(out.realms.empty() || threshold == out.threshold, ErrorCode::malformed, "realm list: two thresholds");
    REQUIRE(out.realms.size() < kMaxRealms, ErrorCode::over_limit, "realm list: realms");
    out.threshold = threshold;
    out.realms.push_back(TRY(place_of(vkey, url)));
  }
  return checked(std::move(out));
}

std::vector<vault::RealmEntry> RealmList::entries() const {
  std::vector<vault::RealmEntry> out;
  for (const RealmPlace& one : realms) {
    wire::Writer w;
    w.u8(threshold);
    w.opaque(one.vkey);
    w.opaque(one.url);
    out.push_back({w.take()});
  }
  return out;
}

vault::RealmSet RealmList::set() const {
  vault::RealmSet out{{}, threshold};
  for (const RealmPlace& one : realms) out.realms.push_back(one.id());
  return out;
}

void RealmList::write(wire::Writer& w) const { w.vector(entries()); }

Result<RealmList> RealmList::read(wire::Reader& r) {
  return from(TRY(r.vector<vault::RealmEntry>(wire::kMaxVectorSize, kMaxRealms)));
}

}  // namespace cairn::client
