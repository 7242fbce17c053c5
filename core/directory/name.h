// Names: local@domain (docs/spec/directory.md s.1).
#pragma once

#include <string>
#include <string_view>

#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::directory {

constexpr std::size_t kMaxLocalBytes = 64;
constexpr std::size_t kMaxDomainBytes = 253;
constexpr std::size_t kMaxDomainLabelBytes = 63;
constexpr std::size_t kMaxNameBytes = kMaxLocalBytes + 1 + kMaxDomainBytes;

/// A name in its one spelling.
class Name {
 public:
  /// What a person typed: trims ASCII white space, lower-cases ASCII, then as from(). explain_name says what is wrong.
  static Result<Name> parse(std::string_view typed);
  /// Exactly a name; `invalid_name` otherwise.
  static Result<Name> from(std::string_view text);

  const std::string& text() const { return text_; }
  /// Views into this name.
  std::string_view local() const { return std::string_view(text_).substr(0, at_); }
  std::string_view domain() const { return std::string_view(text_).substr(at_ + 1); }
  /// The bytes that the VRF takes.
  ByteView bytes() const { return as_bytes(text_); }

  /// opaque name<V>.
  void write(wire::Writer& writer) const;
  static Result<Name> read(wire::Reader& reader);

  friend bool operator==(const Name& a, const Name& b) { return a.text_ == b.text_; }
  friend auto operator<=>(const Name& a, const Name& b) { return a.text_ <=> b.text_; }

 private:
  Name(std::string_view text, std::size_t at) : text_(text), at_(at) {}
  std::string text_;
  std::size_t at_;
};

/// Why parse(typed) refuses, as one sentence for the person who typed it, naming the character at fault and where it
/// stands; empty when it does not refuse.
std::string explain_name(std::string_view typed);

/// `invalid_name` unless `domain` is one as it stands in names.
Status check_domain(std::string_view domain);

/// The origin of a domain's log: "<domain>/cairn".
std::string origin_of(std::string_view domain);

}  // namespace cairn::directory
