// Other domains: under which policy their directories are judged, and where their servers are. Both are the owner's
// word alone (docs/spec/client.md s.17).
#pragma once

#include "core/client/account.h"
#include "core/proto/transport.h"

namespace cairn::client {

struct Answer;

/// Other domains that the owner said something of, at most.
constexpr std::size_t kMaxDomainPins = 1024;

struct DomainPin {
  std::string domain;
  std::string policy_text;  ///< C2SP tlog-policy; empty: as of the own domain
  std::string server_url;   ///< http(s)://host[:port], no path; empty: https://DOMAIN

  void write(wire::Writer&) const;
  static Result<DomainPin> read(wire::Reader&);
};

/// By whose invitation link a domain was pinned, where its owner did not type it himself.
struct DomainOrigin {
  std::string name;
  std::uint64_t time_ms = 0;

  void write(wire::Writer&) const;
  static Result<DomainOrigin> read(wire::Reader&);
};

std::optional<DomainPin> domain_pin(const StoreView& store, const Account& account, std::string_view domain);
/// By name.
std::vector<DomainPin> domain_pins(const StoreView& store);
/// In the place of what was said of that domain before. `invalid_state` for the own one, `invalid_name`; what
/// ClientPolicy::parse says of a policy; `malformed` for an address that is none; `over_limit`. Another policy than
/// before counts at once: see is_of_former_policy(). Where it came from before is forgotten.
Status pin_domain(Context& context, const Account& account, const DomainPin& pin);
/// False when nothing was said of it.
bool unpin_domain(Context& context, const Account& account, std::string_view domain);
/// What stands there came by a link.
void note_origin(Context& context, const Account& account, std::string_view domain, const DomainOrigin& origin);
std::optional<DomainOrigin> domain_origin(const StoreView& store, const Account& account, std::string_view domain);

/// The policy under which a domain's directory is judged: what its owner said, else the account's own. So who pins the
/// same witnesses and auditors verifies every domain that they follow.
std::string policy_of(const StoreView& store, const Account& account, std::string_view domain);
/// Whether the owner said one for this domain.
bool has_policy(const StoreView& store, const Account& account, std::string_view domain);

/// Whether the view of `name` was accepted under a policy that is not its domain's any more: nothing is sent to it
/// until it was looked up again.
bool is_of_former_policy(const StoreView& store, const Account& account, const directory::Name& name);
/// Whether the policy of `domain` became one under which what is pinned of its log is no quorum. Then its owner has
/// said that another history counts, and the pinned one, with all that was verified in it, stands in the way of none.
bool is_log_of_former_policy(const StoreView& store, const Account& account, std::string_view domain);
/// Whether the view was verified in a log that another one took the place of: a look-up does not start from it.
bool is_view_of_former_log(const StoreView& store, const Account& account, const directory::Name& name);
/// A view was accepted under the present policy: the name's mark goes. Of a log of a former policy its checkpoint goes
/// too, the heads that were compared, and what others said of it; the views of its names are marked.
void judged_by_present_policy(Context& context, const Account& account, const directory::Name& name);

/// A call to a path of a domain's server: the account's own, what its owner said, or by rule https://DOMAIN, which then
/// leads to public addresses alone: names of strangers' choice come this way.
proto::Call call_to(const StoreView& store, const Account& account, std::string_view domain, std::string_view path);

/// What stands before a sentence of a domain's server: nothing for the own one's, "The server of DOMAIN says: " for
/// another one's, which is not to speak as if it were the own.
std::string server_says(const Account& account, std::string_view domain);
/// Why an answer is no good, for a person: the sentence of the domain's server, or of this machine that makes no
/// connection; if there is neither, "The server [of DOMAIN] cannot be reached" and `tail`.
std::string why_not(const Account& account, std::string_view domain, const Answer& answer,
                    std::string_view tail = "; it is tried again.");

}  // namespace cairn::client
