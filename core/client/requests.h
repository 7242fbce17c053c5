// Who may reach the owner of this device: requests of strangers, and whom it does not want to hear
// (docs/spec/client.md s.10).
#pragma once

#include "core/client/conversations.h"
#include "core/client/gatekeeper.h"
#include "core/client/settings.h"

namespace cairn::client {

/// A Welcome of `by` was followed: of a stranger it is a request.
void note_welcome(Context& context, const Account& account, const ChannelId& home, const ConversationInfo& info,
                  const directory::Name& by);

/// Whether a name that its owner wants to hear, or another own device, brought this one into that group. False where it
/// is not known who did.
bool is_brought_by_known(const StoreView& store, const Account& account, const ChannelId& home);
/// The name that brought this one into that group; empty where it is not known.
std::string brought_by(const StoreView& store, const ChannelId& home);

/// Where this device is out of a group nobody needs to know any more who brought it there: not before its owner has
/// said yes to what was said in it, or deleted that.
void forget_who_brought(Context& context, const Conversation& conversation);

/// Its owner wants to be in it: wrote here, on this or another device, or said so. Of a pair the other name is known
/// from then on.
void accept_conversation(Context& context, const Account& account, const Conversation& conversation);

/// Nothing that was said there is left, and it is not shown until something comes; then as a request. The other own
/// devices are told up to which message (sharing.h).
void delete_conversation(Conversations& conversations, Context& context, const ChannelId& home);
/// Likewise, where another own device deleted all before this index: what was said since is left, and shows it.
void delete_up_to(Conversations& conversations, Context& context, const ChannelId& home, std::uint64_t end);

/// What came in a conversation that was deleted shows it again.
void show_again(Context& context, const ChannelId& home);

void set_blocked(Context& context, const Account& account, const std::string& name, bool blocked);
/// Whether the other name of this pair is blocked.
bool is_blocked(const StoreView& store, const Account& account, const Conversation& conversation);
/// Whether this is a request to come into a group, of a name that is blocked: it is shown nowhere until it is not.
bool is_request_of_blocked(const StoreView& store, const Account& account, const Conversation& conversation);

/// What looks like name@domain: in what people say a program may make a link of it, in a notice it is who did
/// something.
enum class Addresses : std::uint8_t { hide, show };
/// A text as it is shown before it is accepted: what could be followed is named and cannot be, whether a program makes
/// links of addresses in a text, of Markdown or of HTML.
std::string without_links(const std::string& text, Addresses addresses = Addresses::hide);
/// A text that others chose, as it is shown in that conversation: without links while it is a request.
std::string shown_text(const StoreView& store, const ChannelId& home, const std::string& text);

}  // namespace cairn::client
