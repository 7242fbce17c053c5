// Invitation links: what they say, and their text form (docs/spec/client.md s.20).
//
// A link has a name, and the policy under which the directory of that name's domain is to be judged. It has no key of
// anybody's device: those come, as always, from the directory.
#pragma once

#include "core/client/account.h"
#include "core/client/join_words.h"

namespace cairn::client {

constexpr std::string_view kInvitationScheme = "cairn:";
/// Bytes of the policy in a link at most; 64 cosigners with long names have room.
constexpr std::size_t kMaxInvitationLine = 4096;
constexpr std::size_t kMaxInvitationPolicy = std::size_t{16} * 1024;
/// Characters of a link at most, white space included.
constexpr std::size_t kMaxInvitationText = std::size_t{32} * 1024;

/// Bytes of a group's title in a link at most, as of any group's (gatekeeper.h).
constexpr std::size_t kMaxInvitedTitle = 256;

/// What a link to a group has beside a name: who shows the token may be added.
struct GroupTicket {
  InvitationToken token;
  std::string title;             ///< of the group when the link was made; UTF-8
  std::uint64_t expires_ms = 0;  ///< by its maker's clock
};

/// "Write to me", or with a ticket: "let me bring you into a group".
struct Invitation {
  directory::Name name;     ///< who made it
  std::string server_url;   ///< of the name's domain; empty: https://DOMAIN
  std::string policy_text;  ///< by which that domain is judged; as plain_policy() writes it
  std::optional<GroupTicket> group = std::nullopt;

  /// What a device says of its own name and domain. `over_limit` for a policy that is too long for a link, `malformed`
  /// for a server's address that is more than http(s)://host[:port].
  static Result<Invitation> of(const Account& account);

  void write(wire::Writer&) const;
  /// `unsupported` for another version, `not_authorised` for a policy that is too weak, `malformed` for whatever else
  /// is not in its one form.
  static Result<Invitation> read(wire::Reader&);
};

/// The title as a link may have it: in one line, without control characters.
std::string title_for_link(std::string_view title);

/// A policy without what it does not mean by: comments, empty lines, white space beyond one blank.
std::string plain_policy(std::string_view text);

/// Whether a policy can be told to others: in the one form, as long as a link may have it, nothing in it that could be
/// taken for something else where it is shown. Errors as those of Invitation::read().
Status check_told_policy(std::string_view policy);
/// Likewise of a server's address: http(s)://host[:port].
bool is_told_address(std::string_view url);

/// "cairn:" and base32 of the encoding and the first 4 bytes of its SHA-256.
std::string invitation_text(const Invitation& invitation);
/// White space does not matter, nor does case. `malformed` where something is missing or was mistyped; else as
/// Invitation::read().
Result<Invitation> parse_invitation(std::string_view text);

/// How the policy of a link goes with what counts here for its domain.
enum class InvitedPolicy : std::uint8_t {
  same,       ///< that very policy counts
  different,  ///< another one counts, by its owner's word or as the domain's log was verified under it; it stays
  unknown     ///< nothing was said of that domain, and none of its names was ever verified
};
InvitedPolicy compare_policy(const StoreView& store, const Account& account, const Invitation& invitation);

}  // namespace cairn::client
