#include "core/mls/extension.h"

namespace cairn::mls {

void Extension::write(wire::Writer& writer) const {
  writer.u16(type);
  writer.opaque(data);
}

Result<Extension> Extension::read(wire::Reader& reader) {
  Extension out;
  out.type = TRY(reader.u16());
  out.data = TRY(reader.opaque_bytes(kMaxMessageSize));
  return out;
}

std::optional<ByteView> ExtensionList::find(std::uint16_t type) const {
  for (const Extension& item : items_) {
    if (item.type == type) return ByteView(item.data);
  }
  return std::nullopt;
}

void ExtensionList::set(std::uint16_t type, Bytes data) {
  for (Extension& item : items_) {
    if (item.type == type) {
      item.data = std::move(data);
      return;
    }
  }
  items_.push_back({type, std::move(data)});
}

// RFC 9420 s.13.4: "no extension type appears more than once".
Result<ExtensionList> ExtensionList::read(wire::Reader& reader) {
  wire::Reader body = TRY(reader.nested(kMaxMessageSize));
  ExtensionList out;
  while (!body.done()) {
    REQUIRE(out.items_.size() < kMaxExtensions, ErrorCode::over_limit, "extensions");
    Extension item = TRY(Extension::read(body));
    REQUIRE(!out.has(item.type), ErrorCode::malformed, "extension type twice");
    out.items_.push_back(std::move(item));
  }
  return out;
}

void RequiredCapabilities::write(wire::Writer& writer) const {
  writer.u16_vector(extension_types);
  writer.u16_vector(proposal_types);
  writer.u16_vector(credential_types);
}

Result<RequiredCapabilities> RequiredCapabilities::read(wire::Reader& reader) {
  RequiredCapabilities out;
  out.extension_types = TRY(reader.u16_vector(kMaxCapabilities));
  out.proposal_types = TRY(reader.u16_vector(kMaxCapabilities));
  out.credential_types = TRY(reader.u16_vector(kMaxCapabilities));
  return out;
}

Result<RequiredCapabilities> RequiredCapabilities::of(const ExtensionList& extensions) {
  const auto data = extensions.find(extension_type::kRequiredCapabilities);
  if (!data) return RequiredCapabilities{};
  return wire::decode<RequiredCapabilities>(*data);
}

}  // namespace cairn::mls
