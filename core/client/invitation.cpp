#include "core/client/invitation.h"

#include "core/base/encoding.h"
#include "core/base/utf8.h"
#include "core/client/domains.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"

namespace cairn::client {
namespace {

constexpr std::uint8_t kInvitationVersion = 1;
constexpr std::uint8_t kOfPerson = 1;
constexpr std::uint8_t kOfGroup = 2;
constexpr std::size_t kInvitationChecksum = 4;

ByteView invitation_checksum(const Hash& hash) { return hash.view().first(kInvitationChecksum); }

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
         c == ':' || c == '[' || c == ']';
}

/// http(s)://host[:port] and, of a cosigner, a path: no query, no user, and nothing that a terminal could take for
/// something else.
enum class Path : std::uint8_t { no, may_be };
bool is_server_address(std::string_view url, Path path = Path::no) {
  const std::string_view scheme = url.starts_with("https://") ? "https://" : "http://";
  if (!url.starts_with(scheme) || url.size() > kMaxServerUrl) return false;
  const std::string_view rest = url.substr(scheme.size());
  const std::size_t end = std::min(rest.find('/'), rest.size());
  if (end == 0 || (end != rest.size() && path == Path::no)) return false;
  return std::all_of(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(end), is_host_character) &&
         std::all_of(rest.begin() + static_cast<std::ptrdiff_t>(end), rest.end(), [](char c) {
           return (is_host_character(c) && c != '[' && c != ']' && c != ':') || c == '/' || c == '_' || c == '~';
         });
}

std::string usual_server(const directory::Name& name) { return "https://" + std::string(name.domain()); }

/// Without white space: a link that was sent by mail may come in several lines.
std::string without_gaps(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') out += c;
  }
  return out;
}

/// RFC 3986 s.3.1: a scheme is the same in upper case.
bool has_invitation_scheme(std::string_view text) {
  if (text.size() < kInvitationScheme.size()) return false;
  for (std::size_t i = 0; i < kInvitationScheme.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != kInvitationScheme[i]) return false;
  }
  return true;
}

/// UTF-8 without control characters (C0, DEL, C1): it is shown in terminals, beside what must not be imitated.
bool is_one_line(std::string_view text) {
  if (!is_utf8(text)) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    const bool is_c1 = byte == 0xc2 && static_cast<std::uint8_t>(text[i + 1]) < 0xa0;  // U+0080 to U+009F
    if (byte < 0x20 || byte == 0x7f || is_c1) return false;
  }
  return true;
}

Result<GroupTicket> read_ticket(wire::Reader& r) {
  GroupTicket out;
  out.token = TRY(r.fixed<InvitationToken>());
  out.title = TRY(r.opaque_text(kMaxInvitedTitle));
  REQUIRE(!out.title.empty() && is_one_line(out.title), ErrorCode::malformed, "title of an invitation");
  out.expires_ms = TRY(r.u64());
  return out;
}

/// Who is asked to believe it sees it line by line: so nothing in it may pass for a line of the client's own, nor lead
/// to an address that no server of a domain could have. What it means: tlog::ClientPolicy.
Status check_can_be_shown(std::string_view policy) {
  std::size_t length = 0;
  for (const char c : policy) {
    REQUIRE(c == '\n' || (c >= ' ' && c <= '~'), ErrorCode::malformed, "a character in the policy");
    length = c == '\n' ? 0 : length + 1;
    REQUIRE(length <= kMaxInvitationLine, ErrorCode::over_limit, "a line of the policy");
  }
  const auto parsed = TRY(tlog::ClientPolicy::parse(policy));
  for (const tlog::Policy::Witness& one : parsed.policy().witnesses()) {
    REQUIRE(one.url.empty() || is_server_address(one.url, Path::may_be), ErrorCode::malformed,
            "an address in the policy");
  }
  return ok();
}

}  // namespace

std::string title_for_link(std::string_view title) {
  std::string out;
  for (const char c : title) out += static_cast<std::uint8_t>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return is_one_line(out) ? out : "a group";
}

// tlog-policy, "Structure": items between sequences of spaces and tabs; a line whose first one begins with # says
// nothing.
std::string plain_policy(std::string_view text) {
  std::string out;
  std::string line;
  bool gap = false;
  const auto end_line = [&] {
    if (!line.empty() && line.front() != '#') out += line + "\n";
    line.clear();
    gap = false;
  };
  for (const char c : text) {
    if (c == '\n') {
      end_line();
    } else if (c == ' ' || c == '\t') {
      gap = !line.empty();
    } else {
      if (gap) line += ' ';
      gap = false;
      line += c;
    }
  }
  end_line();
  return out;
}

// What is shown is what is pinned.
Status check_told_policy(std::string_view policy) {
  REQUIRE(policy.size() <= kMaxInvitationPolicy, ErrorCode::over_limit, "the policy");
  REQUIRE(policy == plain_policy(policy), ErrorCode::malformed, "policy of an invitation");
  return check_can_be_shown(policy);
}

bool is_told_address(std::string_view url) { return is_server_address(url); }

Result<Invitation> Invitation::of(const Account& account) {
  Invitation out{account.name, account.server_url, plain_policy(account.policy_text), std::nullopt};
  if (out.server_url == usual_server(out.name)) out.server_url.clear();
  REQUIRE(out.server_url.empty() || is_server_address(out.server_url), ErrorCode::malformed, "the server's address");
  REQUIRE(out.policy_text.size() <= kMaxInvitationPolicy, ErrorCode::over_limit, "the policy");
  TRY(check_can_be_shown(out.policy_text));
  return out;
}

void Invitation::write(wire::Writer& w) const {
  w.u8(kInvitationVersion);
  w.u8(group ? kOfGroup : kOfPerson);
  name.write(w);
  w.opaque(server_url);
  w.opaque(policy_text);
  if (!group) return;
  w.raw(group->token.expose());
  w.opaque(group->title);
  w.u64(group->expires_ms);
}

Result<Invitation> Invitation::read(wire::Reader& r) {
  REQUIRE(TRY(r.u8()) == kInvitationVersion, ErrorCode::unsupported, "version of an invitation");
  const std::uint8_t kind = TRY(r.u8());
  REQUIRE(kind == kOfPerson || kind == kOfGroup, ErrorCode::unsupported, "kind of an invitation");
  directory::Name name = TRY(directory::Name::read(r));
  std::string url = TRY(r.opaque_text(kMaxServerUrl));
  REQUIRE(url.empty() || (is_server_address(url) && url != usual_server(name)), ErrorCode::malformed,
          "server of an invitation");
  std::string policy = TRY(r.opaque_text(kMaxInvitationPolicy));
  TRY(check_told_policy(policy));
  Invitation out{std::move(name), std::move(url), std::move(policy), std::nullopt};
  if (kind == kOfGroup) out.group = TRY(read_ticket(r));
  return out;
}

std::string invitation_text(const Invitation& invitation) {
  const SecretBytes said = wire::encode_secret(invitation);
  const SecretBytes all(concat({said.expose(), invitation_checksum(crypto::sha256(said.expose()))}));
  return std::string(kInvitationScheme) + to_base32(all.expose());
}

Result<Invitation> parse_invitation(std::string_view text) {
  REQUIRE(text.size() <= kMaxInvitationText, ErrorCode::malformed, "invitation: length");
  const std::string whole = without_gaps(text);
  REQUIRE(has_invitation_scheme(whole), ErrorCode::malformed, "invitation: scheme");
  const SecretBytes all(TRY(from_base32(std::string_view(whole).substr(kInvitationScheme.size()))));
  REQUIRE(all.size() > kInvitationChecksum, ErrorCode::malformed, "invitation: length");
  const ByteView said = all.expose().first(all.size() - kInvitationChecksum);
  REQUIRE(equal(invitation_checksum(crypto::sha256(said)), all.expose().subspan(said.size())), ErrorCode::malformed,
          "invitation: checksum");
  return wire::decode<Invitation>(said);
}

InvitedPolicy compare_policy(const StoreView& store, const Account& account, const Invitation& invitation) {
  const std::string_view domain = invitation.name.domain();
  if (plain_policy(policy_of(store, account, domain)) == invitation.policy_text) return InvitedPolicy::same;
  const bool is_verified = store.get(tables::kDomains, name_key(account, domain)).has_value() &&
                           !is_log_of_former_policy(store, account, domain);
  const bool is_pinned = domain == account.domain() || has_policy(store, account, domain) || is_verified;
  return is_pinned ? InvitedPolicy::different : InvitedPolicy::unknown;
}

}  // namespace cairn::client
