#include "core/client/gatekeeper.h"

#include "core/client/identity.h"
#include "core/crypto/hash.h"

namespace cairn::client {

Status Gatekeeper::authenticate(const mls::LeafNode& leaf) {
  // RFC 9420 s.7.2: "Applications MUST define a maximum total lifetime that is acceptable for a LeafNode".
  const auto* lifetime = std::get_if<mls::Lifetime>(&leaf.origin);
  REQUIRE(lifetime == nullptr || lifetime->total_seconds() <= kMaxLeafLifeMs / kSecondMs, ErrorCode::not_authorised,
          "lifetime of a leaf");
  const Identity who = TRY(parse_identity(leaf));
  const PublicKey key = TRY(PublicKey::from(leaf.signature_key));
  const auto view = views_.view(context_.store, account_, who.name);
  if (view) {
    const directory::AuthorisedDevice* device = view->state().find(who.device);
    if (device != nullptr) {
      REQUIRE(device->device.signature_key == key, ErrorCode::not_authorised, "leaf key is not the device's");
      return ok();
    }
  }
  const std::uint64_t accepted = views_.accepted(who.name);
  if (accepted <= awaited_.emplace(who.name, accepted).first->second) {
    missing_.insert(who.name);
    return fail(ErrorCode::unavailable, "look the name up first");
  }
  return fail(ErrorCode::not_authorised, "no such device in the chain of its name");
}

Result<std::set<directory::Name>> names_of(const std::vector<mls::Member>& members) {
  std::set<directory::Name> names;
  for (const mls::Member& member : members) {
    names.insert(TRY(parse_identity(*member.node)).name);
  }
  return names;
}

// A removal is the device's owner's, or follows its chain; in a group a member may remove a whole name.
Status Doorkeeper::check_removal(const mls::CommitSummary& commit, const mls::Member& removed) {
  const Identity gone = TRY(parse_identity(*removed.node));
  const Identity by = TRY(parse_identity(*commit.committer.node));
  if (gone.name == by.name) return ok();
  const auto view = views_.view(context_.store, account_, gone.name);
  if (view && !view->state().is_active(gone.device)) return ok();
  bool whole_name = true;
  for (const mls::Member& member : commit.members) {
    const Identity other = TRY(parse_identity(*member.node));
    const bool goes = std::any_of(commit.removed.begin(), commit.removed.end(),
                                  [&](const mls::Member& m) { return m.leaf == member.leaf; });
    whole_name = whole_name && (other.name != gone.name || goes);
  }
  if (whole_name && kind_ == ConversationKind::group && is_admin(by.name)) return ok();
  const std::uint64_t accepted = views_.accepted(gone.name);
  if (accepted <= awaited_.emplace(gone.name, accepted).first->second) {
    missing_.insert(gone.name);
    return fail(ErrorCode::unavailable, "look the name up first");
  }
  return fail(ErrorCode::not_authorised, "an active device of another name was removed");
}

bool Doorkeeper::is_admin(const directory::Name& name) const {
  const auto info = current_ ? ConversationInfo::of(*current_) : Result<ConversationInfo>(ConversationInfo{});
  return info && info->is_admin(name.text());
}

// Title, picture and admins are for admins to change, in a group; kind, channel and all other extensions stay.
Status Doorkeeper::check_extensions(const mls::CommitSummary& commit) const {
  REQUIRE(kind_ == ConversationKind::group && current_ != nullptr, ErrorCode::not_authorised,
          "a conversation's kind and title stay");
  const ConversationInfo before = TRY(ConversationInfo::of(*current_));
  const ConversationInfo info = TRY(ConversationInfo::of(*commit.group_context_extensions));
  const Identity by = TRY(parse_identity(*commit.committer.node));
  REQUIRE(before.is_admin(by.name.text()), ErrorCode::not_authorised, "a change that is for admins");
  mls::ExtensionList expected = *current_;
  expected.set(ConversationInfo::kExtensionType, wire::encode(info));
  REQUIRE(expected == *commit.group_context_extensions, ErrorCode::not_authorised, "another extension was changed");
  REQUIRE(info.kind == before.kind && info.channel == before.channel && info.domain == before.domain,
          ErrorCode::not_authorised, "a conversation's kind and channel stay");
  REQUIRE(!info.title.empty(), ErrorCode::not_authorised, "a group has a title");
  REQUIRE(before.admins.empty() || !info.admins.empty(), ErrorCode::not_authorised, "a group keeps an admin");
  std::set<std::string> names;
  const auto takes_part = [&](const mls::Member& member) -> Status {
    const Identity who = TRY(parse_identity(*member.node));
    names.insert(who.name.text());
    return ok();
  };
  for (const mls::Member& member : commit.added) TRY(takes_part(member));
  for (const mls::Member& member : commit.members) {
    const bool goes = std::any_of(commit.removed.begin(), commit.removed.end(),
                                  [&](const mls::Member& m) { return m.leaf == member.leaf; });
    if (!goes) TRY(takes_part(member));
  }
  for (const std::string& admin : info.admins) {
    REQUIRE(names.contains(admin), ErrorCode::not_authorised, "an admin who is not in the group");
  }
  return ok();
}

Status Doorkeeper::check_commit(const mls::CommitSummary& commit) {
  if (commit.group_context_extensions) TRY(check_extensions(commit));
  REQUIRE(!commit.reinit, ErrorCode::not_authorised, "a conversation keeps its suite");
  REQUIRE(commit.psks.empty(), ErrorCode::not_authorised, "no pre-shared keys are agreed");
  const auto before = TRY(names_of(commit.members));
  const auto added = TRY(names_of(commit.added));
  for (const directory::Name& name : added) {
    if (before.contains(name)) continue;
    REQUIRE(kind_ != ConversationKind::self, ErrorCode::not_authorised, "another name in one's own conversation");
    // A pair is opened by adding its second name, and then nobody more.
    std::set<directory::Name> all = added;
    all.insert(before.begin(), before.end());
    const bool opens = before.size() == 1 && commit.epoch == 1 && all.size() == 2;
    REQUIRE(kind_ == ConversationKind::group || opens, ErrorCode::not_authorised, "nobody enters a pair");
  }
  for (const mls::Member& removed : commit.removed) TRY(check_removal(commit, removed));
  return ok();
}

Status Doorkeeper::check_external_commit(const mls::CommitSummary& commit) {
  const Identity by = TRY(parse_identity(*commit.committer.node));
  const auto before = TRY(names_of(commit.members));
  REQUIRE(before.contains(by.name), ErrorCode::not_authorised, "a name that is not in it came in by itself");
  REQUIRE(commit.removed.size() == 1, ErrorCode::not_authorised, "who comes in by itself takes its own place");
  const Identity gone = TRY(parse_identity(*commit.removed.front().node));
  REQUIRE(gone.name == by.name && gone.device == by.device, ErrorCode::not_authorised,
          "who came in by itself took another device's place");
  // RFC 9420 s.12.2 leaves an external commit nothing else but these.
  REQUIRE(commit.psks.empty(), ErrorCode::not_authorised, "no pre-shared keys are agreed");
  return ok();
}

Status Doorkeeper::check_join(const mls::GroupSummary& group) {
  const ConversationInfo info = TRY(ConversationInfo::of(group.extensions));
  REQUIRE(group.suite == mls::kDefaultSuite, ErrorCode::unsupported, "suite of a conversation");
  REQUIRE(equal(group.group_id, info.channel), ErrorCode::not_authorised, "group id is the channel's");
  const auto names = TRY(names_of(group.members));
  REQUIRE(names.contains(account_.name), ErrorCode::not_authorised, "own name is not in the group");
  REQUIRE(info.kind != ConversationKind::pair || names.size() == 2, ErrorCode::not_authorised, "a pair is two names");
  const bool at_home = std::any_of(names.begin(), names.end(),
                                   [&](const directory::Name& name) { return name.domain() == info.domain; });
  REQUIRE(info.kind != ConversationKind::pair || at_home, ErrorCode::not_authorised, "a pair at a third domain");
  REQUIRE(info.kind != ConversationKind::self || names.size() == 1, ErrorCode::not_authorised, "one name alone");
  for (const mls::Member& member : group.members) {
    if (member.leaf == group.sender) welcomed_by_ = TRY(parse_identity(*member.node))
    .name;
  }
  return ok();
}

bool ConversationInfo::is_admin(const std::string& name) const {
  return admins.empty() || std::binary_search(admins.begin(), admins.end(), name);
}

void ConversationInfo::write(wire::Writer& w) const {
  w.u8(2);
  w.u8(static_cast<std::uint8_t>(kind));
  w.raw(channel);
  w.opaque(domain);
  w.opaque(title);
  const std::size_t mark = w.begin_vector();
  for (const std::string& admin : admins) w.opaque(admin);
  w.end_vector(mark);
  w.opaque(picture);
}

Result<ConversationInfo> ConversationInfo::read(wire::Reader& r) {
  REQUIRE(TRY(r.u8()) == 2, ErrorCode::unsupported, "conversation version");
  const std::uint8_t kind = TRY(r.u8());
  REQUIRE(kind >= 1 && kind <= 3, ErrorCode::unsupported, "conversation kind");
  ConversationInfo out;
  out.kind = static_cast<ConversationKind>(kind);
  out.channel = TRY(r.fixed<ChannelId>());
  out.domain = TRY(r.opaque_text(directory::kMaxDomainBytes));
  TRY(directory::check_domain(out.domain));
  out.title = TRY(r.opaque_text(kMaxTitleSize));
  wire::Reader admins = TRY(r.nested(kMaxAdmins * (directory::kMaxNameBytes + 2)));
  while (!admins.done()) {
    REQUIRE(out.admins.size() < kMaxAdmins, ErrorCode::over_limit, "admins of a group");
    const std::string text = TRY(admins.opaque_text(directory::kMaxNameBytes));
    const auto name = TRY(directory::Name::from(text));
    REQUIRE(out.admins.empty() || out.admins.back() < name.text(), ErrorCode::malformed, "order of admins");
    out.admins.push_back(name.text());
  }
  out.picture = TRY(r.opaque_bytes(kMaxPictureSize));
  REQUIRE(out.kind == ConversationKind::group || (out.admins.empty() && out.picture.empty()), ErrorCode::malformed,
          "admins or picture of what is no group");
  return out;
}

Result<ConversationInfo> ConversationInfo::of(const mls::ExtensionList& extensions) {
  const auto data = extensions.find(kExtensionType);
  REQUIRE(data, ErrorCode::malformed, "no conversation extension");
  return wire::decode<ConversationInfo>(*data);
}

Result<std::vector<proto::Address>> recipients_of(const StoreView& store, const Account& account, const Views& views,
                                                  const std::vector<mls::Member>& members) {
  std::set<proto::Address> sorted;
  for (const mls::Member& member : members) {
    const Identity who = TRY(parse_identity(*member.node));
    const auto view = views.view(store, account, who.name);
    const directory::AuthorisedDevice* device = view ? view->state().find(who.device) : nullptr;
    REQUIRE(device != nullptr, ErrorCode::not_authorised, "a leaf has no mailbox in its chain");
    sorted.insert({std::string(who.name.domain()), device->device.mailbox});
  }
  return std::vector<proto::Address>(sorted.begin(), sorted.end());
}

Bytes commit_binding(const ChannelId& channel, std::uint64_t next_epoch,
                     const std::vector<proto::Address>& recipients) {
  wire::Writer w;
  w.raw(as_bytes("cairn/v1 channel"));
  w.u8(0);
  w.raw(channel);
  w.u64(next_epoch);
  w.vector(recipients);
  return to_bytes(crypto::sha256(w.view()).view());
}

}  // namespace cairn::client
