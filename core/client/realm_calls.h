// Carries what core/vault asks of a realm: as HTTP calls, and back (docs/spec/realm.md s.5).
#pragma once

#include "core/proto/realm.h"
#include "core/proto/transport.h"
#include "core/vault/pin.h"
#include "core/vault/snapshot_word.h"
#include "core/vault/token.h"

namespace cairn::client {

// `url` is where the realm takes requests, without a slash at the end; the id of each call is the caller's to set.
// `token` is the AccountToken for it, encoded. What a call holds is wiped when
// it has left, by who sends it (shell/net), or the loop where it is not sent; what came back, by who asked.

proto::Call pin_register_call(const std::string& url, const proto::RealmWho& who, const PinShare& share, ByteView token,
                              const std::optional<Signature>& replaces = {});
proto::Call pin_call(const std::string& url, const proto::RealmWho& who, const vault::PinRecovery::Ask& ask,
                     ByteView token);
proto::Call pin_owner_call(const std::string& url, const proto::PinOwnerRequest& request);
proto::Call token_store_call(const std::string& url, const TokenRecordId& record, const PublicKey& release_key,
                             const std::optional<PublicKey>& erase_key, const TokenShare& share, ByteView token);
proto::Call token_note_call(const std::string& url, const vault::TokenNoteAsk& ask, ByteView note);
proto::Call token_call(const std::string& url, const vault::TokenAsk& ask);

/// 200 with a body that is nothing.
Status realm_done(const Result<proto::CallReply>& reply);
/// Of a reply that is none, or not understood: `unavailable`. Of a refusal: its code.
Result<proto::PinVersionAnswer> pin_version_reply(const Result<proto::CallReply>& reply);
Result<proto::PinOwnerAnswer> pin_owner_reply(const Result<proto::CallReply>& reply);
Result<Bytes> token_note_reply(const Result<proto::CallReply>& reply);
Result<TokenState> token_reply(const Result<proto::CallReply>& reply);
/// Hands the reply to `ask` in.
void take_pin_reply(vault::PinRecovery& recovery, const vault::PinRecovery::Ask& ask,
                    const Result<proto::CallReply>& reply);

}  // namespace cairn::client
