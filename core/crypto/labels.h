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
inline constexpr std::string_view kSignErase = "erase";
inline constexpr std::string_view kSignKeyBox = "backup keys";
inline constexpr std::string_view kSignOpener = "backup opener";

}  // namespace cairn::crypto
