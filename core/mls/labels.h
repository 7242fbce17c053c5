// Every label of RFC 9420. Those for SignWithLabel, EncryptWithLabel and ExpandWithLabel get the prefix
// "MLS 1.0 " where they are used.
#pragma once

#include <string_view>

namespace cairn::mls {

inline constexpr std::string_view kLabelPrefix = "MLS 1.0 ";

// RefHash (s.5.2), used as they are.
inline constexpr std::string_view kRefKeyPackage = "MLS 1.0 KeyPackage Reference";
inline constexpr std::string_view kRefProposal = "MLS 1.0 Proposal Reference";

// SignWithLabel (s.5.1.2, 17.6).
inline constexpr std::string_view kSignFramedContent = "FramedContentTBS";
inline constexpr std::string_view kSignLeafNode = "LeafNodeTBS";
inline constexpr std::string_view kSignKeyPackage = "KeyPackageTBS";
inline constexpr std::string_view kSignGroupInfo = "GroupInfoTBS";

// EncryptWithLabel (s.5.1.3, 17.7).
inline constexpr std::string_view kEncryptPathNode = "UpdatePathNode";
inline constexpr std::string_view kEncryptWelcome = "Welcome";

// The export context of external initialisation (s.8.3), used as it is.
inline constexpr std::string_view kExternalInit = "MLS 1.0 external init secret";

// The key schedule (s.8, table 4).
inline constexpr std::string_view kDeriveJoiner = "joiner";
inline constexpr std::string_view kDeriveWelcome = "welcome";
inline constexpr std::string_view kDeriveEpoch = "epoch";
inline constexpr std::string_view kDeriveInit = "init";
inline constexpr std::string_view kDeriveSenderData = "sender data";
inline constexpr std::string_view kDeriveEncryption = "encryption";
inline constexpr std::string_view kDeriveExporter = "exporter";
inline constexpr std::string_view kDeriveExternal = "external";
inline constexpr std::string_view kDeriveConfirm = "confirm";
inline constexpr std::string_view kDeriveMembership = "membership";
inline constexpr std::string_view kDeriveResumption = "resumption";
inline constexpr std::string_view kDeriveAuthentication = "authentication";
inline constexpr std::string_view kDeriveExported = "exported";
inline constexpr std::string_view kDerivePsk = "derived psk";

// The ratchet tree (s.7.4) and the secret tree (s.9).
inline constexpr std::string_view kDerivePath = "path";
inline constexpr std::string_view kDeriveNode = "node";
inline constexpr std::string_view kDeriveTree = "tree";
inline constexpr std::string_view kDeriveHandshake = "handshake";
inline constexpr std::string_view kDeriveApplication = "application";
inline constexpr std::string_view kDeriveKey = "key";
inline constexpr std::string_view kDeriveNonce = "nonce";
inline constexpr std::string_view kDeriveSecret = "secret";

}  // namespace cairn::mls
