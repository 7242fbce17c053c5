#include "core/relay/federation.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/directory/name.h"
#include "core/tlog/note.h"

namespace cairn::relay {
namespace {

constexpr std::string_view kBlanks = " \t\r";

/// The next word of a line, taken off its front; empty at the end.
std::string_view take_word_of(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::size_t end = std::min(line.find_first_of(kBlanks), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

Status take_line(Federation& federation, std::string_view line) {
  const std::string_view verb = take_word_of(line);
  if (verb.empty()) return ok();
  const std::string_view domain = take_word_of(line);
  REQUIRE(directory::check_domain(domain), ErrorCode::malformed, "behind the verb stands no domain");
  std::string_view url = take_word_of(line);
  REQUIRE(take_word_of(line).empty() && url.empty() == (verb != "url"), ErrorCode::malformed,
          "a line is: allow DOMAIN, or block DOMAIN, or url DOMAIN URL");
  if (verb == "allow") {
    federation.allowed.emplace(domain);
  } else if (verb == "block") {
    federation.blocked.emplace(domain);
  } else {
    REQUIRE(verb == "url", ErrorCode::malformed, "a line is: allow DOMAIN, or block DOMAIN, or url DOMAIN URL");
    while (url.ends_with('/')) url.remove_suffix(1);
    REQUIRE(url.starts_with("https://") || url.starts_with("http://"), ErrorCode::malformed,
            "a URL begins with https://, or with http:// on this machine");
    federation.urls.insert_or_assign(std::string(domain), std::string(url));
  }
  return ok();
}

}  // namespace

bool Federation::speaks_to(std::string_view domain) const {
  if (mode == Mode::off || blocked.contains(domain)) return false;
  return mode == Mode::on || allowed.contains(domain);
}

std::string server_key_name(std::string_view domain) { return std::string(domain) + "/server"; }

Result<PublicKey> server_key_in(ByteView well_known, std::string_view domain) {
  using Json = nlohmann::json;
  constexpr int kMostDepth = 8;
  constexpr const char* kNone = "no server key of that domain";
  const auto shallow = [](int depth, Json::parse_event_t, const Json&) { return depth < kMostDepth; };
  const Json json = Json::parse(as_text(well_known), shallow, false);
  REQUIRE(json.is_object() && json.contains("domain") && json["domain"] == domain, ErrorCode::malformed, kNone);
  const auto found = json.find("federation");
  REQUIRE(found != json.end() && found->is_object() && found->contains("key") && (*found)["key"].is_string(),
          ErrorCode::malformed, kNone);
  const auto vkey = TRY(tlog::VerifierKey::parse((*found)["key"].get<std::string>()));
  REQUIRE(vkey.type() == tlog::SignatureType::ed25519 && vkey.name().text() == server_key_name(domain),
          ErrorCode::malformed, kNone);
  return vkey.key();
}

Status take_domains(Federation& federation, std::string_view text) {
  REQUIRE(text.size() <= kMaxFederationFile, ErrorCode::over_limit, "the file is longer than a megabyte");
  Federation taken = federation;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    TRY(take_line(taken, line.substr(0, line.find('#'))));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  federation = std::move(taken);
  return ok();
}

}  // namespace cairn::relay
