// The labels under which keys of Cairn's own protocols sign (docs/spec). All differ, none is a prefix of another;
// tests/tidy holds them to it.
#pragma once

#include <string_view>

namespace cairn::crypto {

// Signatures: "cairn/v1 " || label || 0x00 || content.
inline constexpr std::string_view kSignStatement = "statement";
inline constexpr std::string_view kSignVeto = "veto";
inline constexpr std::string_view kSignLogin = "login";
inline constexpr std::string_view kSignChannelCommit = "channel commit";
inline constexpr std::string_view kSignChannelSend = "channel send";
inline constexpr std::string_view kSignManifest = "manifest";
inline constexpr std::string_view kSignRejoin = "rejoin";
inline constexpr std::string_view kSignRejoinAnswer = "answer to a rejoin";
inline constexpr std::string_view kSignSignal = "fleeting signal";
inline constexpr std::string_view kSignErase = "erase";
inline constexpr std::string_view kSignKeyBox = "backup keys";
inline constexpr std::string_view kSignOpener = "backup opener";
inline constexpr std::string_view kSignPinShare = "pin share";
inline constexpr std::string_view kSignPinReplace = "pin replace";
inline constexpr std::string_view kSignPinOwner = "pin owner";
inline constexpr std::string_view kSignAccountToken = "account token";
inline constexpr std::string_view kSignTokenRequest = "token request";
inline constexpr std::string_view kSignTokenNote = "token note";
inline constexpr std::string_view kSignSnapshotWord = "newest snapshot";
inline constexpr std::string_view kSignReceipt = "receipt of erasure";
inline constexpr std::string_view kSignRealmHead = "realm head";

// KDF, of what realms hold (docs/spec/realm.md s.2, 6).
inline constexpr std::string_view kDerivePinUnlock = "pin unlock";
inline constexpr std::string_view kDerivePinCommitment = "pin commitment";
inline constexpr std::string_view kDerivePinTag = "pin tag";
inline constexpr std::string_view kDerivePinMac = "pin mac";
inline constexpr std::string_view kDerivePinSeal = "pin seal";
inline constexpr std::string_view kDeriveBackupToken = "backup token";
inline constexpr std::string_view kDeriveTokenCheck = "token check";
inline constexpr std::string_view kDeriveTokenRecord = "token record";
inline constexpr std::string_view kDeriveTokenAuth = "token auth";
inline constexpr std::string_view kDeriveTokenErase = "token erase";
inline constexpr std::string_view kDeriveTokenMac = "token mac";

// Hashes: "cairn/v1 " || label || 0x00 || what is hashed.
inline constexpr std::string_view kHashPinSalt = "cairn/v1 pin salt";
inline constexpr std::string_view kHashRealmLog = "cairn/v1 realm log";

// Vaults and key boxes (docs/spec/relay.md s.5).
inline constexpr std::string_view kSignVaultCreate = "vault create";
inline constexpr std::string_view kSignVaultPut = "vault put";
inline constexpr std::string_view kSignVaultPrune = "vault prune";
inline constexpr std::string_view kSignVaultDelete = "vault delete";
inline constexpr std::string_view kSignKeyBoxPut = "key box put";
inline constexpr std::string_view kSignKeyBoxDelete = "key box delete";

// Blobs (docs/spec/relay.md s.6).
inline constexpr std::string_view kSignBlobPut = "blob put";
inline constexpr std::string_view kSignBlobOfChannel = "blob of a channel";
inline constexpr std::string_view kSignBlobDelete = "blob delete";

// Between domains (docs/spec/relay.md s.10).
inline constexpr std::string_view kSignPassport = "passport";
inline constexpr std::string_view kSignForward = "forward";

}  // namespace cairn::crypto
