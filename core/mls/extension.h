// Extensions (RFC 9420 s.13): typed opaque data in leaves, key packages, group contexts and group infos.
#pragma once

#include <optional>

#include "core/mls/types.h"

namespace cairn::mls {

/// Extension types that we know (s.17.3, draft-ietf-mls-extensions for last_resort). Others are carried along.
namespace extension_type {
inline constexpr std::uint16_t kApplicationId = 0x0001;
inline constexpr std::uint16_t kRatchetTree = 0x0002;
inline constexpr std::uint16_t kRequiredCapabilities = 0x0003;
inline constexpr std::uint16_t kExternalPub = 0x0004;
inline constexpr std::uint16_t kExternalSenders = 0x0005;
inline constexpr std::uint16_t kLastResort = 0x000A;
/// Those that every implementation supports and no capabilities list (s.7.2).
constexpr bool is_default(std::uint16_t type) { return type >= kApplicationId && type <= kExternalSenders; }
}  // namespace extension_type

/// One of them; `data` is as long as the message allows.
struct Extension {
  std::uint16_t type = 0;
  Bytes data;

  void write(wire::Writer& writer) const;
  static Result<Extension> read(wire::Reader& reader);
  friend bool operator==(const Extension&, const Extension&) = default;
};

/// Extension extensions<V>, in the order of the wire. No type stands twice (s.13.4); unknown and GREASE types
/// are kept as they are.
class ExtensionList {
 public:
  ExtensionList() = default;

  /// The data of that type, if it is there. The view lives as long as the list is not changed.
  std::optional<ByteView> find(std::uint16_t type) const;
  bool has(std::uint16_t type) const { return find(type).has_value(); }

  /// Puts the extension at the end, or replaces the data of the one that is there.
  void set(std::uint16_t type, Bytes data);

  const std::vector<Extension>& items() const { return items_; }
  bool empty() const { return items_.empty(); }

  void write(wire::Writer& writer) const { writer.vector(items_); }
  /// `malformed` when a type stands twice, `over_limit` beyond kMaxExtensions.
  static Result<ExtensionList> read(wire::Reader& reader);
  friend bool operator==(const ExtensionList&, const ExtensionList&) = default;

 private:
  std::vector<Extension> items_;
};

/// required_capabilities (s.11.1): what every member must support.
struct RequiredCapabilities {
  std::vector<std::uint16_t> extension_types;
  std::vector<std::uint16_t> proposal_types;
  std::vector<std::uint16_t> credential_types;

  void write(wire::Writer& writer) const;
  static Result<RequiredCapabilities> read(wire::Reader& reader);
  /// What the list of a GroupContext requires; nothing when the extension is absent, `malformed` when it is not
  /// well formed.
  static Result<RequiredCapabilities> of(const ExtensionList& extensions);
  friend bool operator==(const RequiredCapabilities&, const RequiredCapabilities&) = default;
};

}  // namespace cairn::mls
