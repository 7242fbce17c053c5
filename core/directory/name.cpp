#include "core/directory/name.h"

#include <algorithm>
#include <optional>

namespace cairn::directory {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || is_digit(c); }
bool is_local_char(char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; }
bool is_domain_char(char c) { return is_letter_or_digit(c) || c == '-'; }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// What is wrong with a text, and at which byte of it.
struct Fault {
  const char* rule = nullptr;
  std::size_t at = 0;
};

std::optional<Fault> find_local_fault(std::string_view local) {
  if (local.empty()) return Fault{"name: nothing before the @", 0};
  for (std::size_t i = 0; i < local.size(); ++i) {
    if (!is_local_char(local[i])) return Fault{"name: a character that cannot stand before the @", i};
  }
  if (local.size() > kMaxLocalBytes) return Fault{"name: more than 64 characters before the @", kMaxLocalBytes};
  if (!is_letter_or_digit(local.front())) return Fault{"name: begins with neither a letter nor a digit", 0};
  if (!is_letter_or_digit(local.back())) {
    return Fault{"name: neither a letter nor a digit stands before the @", local.size() - 1};
  }
  return {};
}

std::optional<Fault> find_label_fault(std::string_view label, std::size_t at) {
  if (label.empty()) return Fault{"domain: nothing between two dots, or at an end", at};
  if (label.size() > kMaxDomainLabelBytes)
    return Fault{"domain: more than 63 characters without a dot", at + kMaxDomainLabelBytes};
  if (label.front() == '-') return Fault{"domain: a part begins with a hyphen", at};
  if (label.back() == '-') return Fault{"domain: a part ends with a hyphen", at + label.size() - 1};
  return {};
}

std::optional<Fault> find_domain_fault(std::string_view domain) {
  if (domain == "localhost") return {};
  if (domain.empty()) return Fault{"domain: nothing after the @", 0};
  for (std::size_t i = 0; i < domain.size(); ++i) {
    if (!is_domain_char(domain[i]) && domain[i] != '.')
      return Fault{"domain: a character that cannot stand after the @", i};
  }
  if (domain.size() > kMaxDomainBytes) return Fault{"domain: more than 253 characters", kMaxDomainBytes};
  std::size_t begin = 0;
  for (;;) {
    const std::size_t dot = std::min(domain.find('.', begin), domain.size());
    const std::string_view label = domain.substr(begin, dot - begin);
    if (auto fault = find_label_fault(label, begin)) return fault;
    if (dot == domain.size()) {
      if (begin == 0) return Fault{"domain: has no dot", dot};
      // A number at the end makes it an address, not a domain.
      if (std::all_of(label.begin(), label.end(), is_digit)) return Fault{"domain: ends with a number", begin};
      return {};
    }
    begin = dot + 1;
  }
}

std::optional<Fault> find_fault(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos) {
    // A wrong character tells more than the lack of an @.
    auto fault = find_local_fault(text);
    if (fault && fault->at < text.size() && !is_local_char(text[fault->at])) return fault;
    return Fault{"name: has no @", text.size()};
  }
  if (auto fault = find_local_fault(text.substr(0, at))) return fault;
  if (auto fault = find_domain_fault(text.substr(at + 1))) return Fault{fault->rule, fault->at + at + 1};
  return {};
}

std::string tidy(std::string_view typed) {
  while (!typed.empty() && is_space(typed.front())) typed.remove_prefix(1);
  while (!typed.empty() && is_space(typed.back())) typed.remove_suffix(1);
  std::string out(typed);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// The character at a byte, for a person: itself in quotes when it can be shown, else its bytes in hex.
std::string show_character(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  while (end < text.size() && is_continuation(text[end])) ++end;
  const std::string_view character = text.substr(at, end - at);
  const auto first = static_cast<unsigned char>(character[0]);
  const bool shown = character.size() == 1 ? first >= 0x20 && first < 0x7f : first >= 0xc3 && character.size() <= 4;
  if (shown && first != 0xe2) return "\"" + std::string(character) + "\"";  // U+2000 on has marks that turn text around
  std::string out = "0x";
  for (char c : character) {
    constexpr char kDigits[] = "0123456789abcdef";
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

}  // namespace

Result<Name> Name::parse(std::string_view typed) {
  // Far longer than any name: not worth a copy.
  REQUIRE(typed.size() <= 4 * kMaxNameBytes, ErrorCode::invalid_name, "name: too long");
  return from(tidy(typed));
}

Result<Name> Name::from(std::string_view text) {
  REQUIRE(text.size() <= kMaxNameBytes, ErrorCode::invalid_name, "name: too long");
  if (auto fault = find_fault(text)) return fail(ErrorCode::invalid_name, fault->rule);
  return Name(text, text.find('@'));
}

void Name::write(wire::Writer& writer) const { writer.opaque(text_); }

Result<Name> Name::read(wire::Reader& reader) {
  const ByteView bytes = TRY(reader.opaque(kMaxNameBytes));
  return from({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string explain_name(std::string_view typed) {
  if (typed.size() > 4 * kMaxNameBytes) return "This is too long for a name, which looks like alice@example.org.";
  const std::string text = tidy(typed);
  const auto fault = find_fault(text);
  if (!fault) return {};
  const std::string rule = fault->rule;
  if (fault->at >= text.size()) return "Not a name like alice@example.org: " + rule + ".";
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(fault->at);
  const auto place = std::count_if(text.begin(), end, [](char c) { return !is_continuation(c); }) + 1;
  return "Not a name like alice@example.org: " + rule + "; look at character " + std::to_string(place) + ", " +
         show_character(text, fault->at) + ".";
}

Status check_domain(std::string_view domain) {
  if (auto fault = find_domain_fault(domain)) return fail(ErrorCode::invalid_name, fault->rule);
  return ok();
}

std::string origin_of(std::string_view domain) { return std::string(domain) + "/cairn"; }

}  // namespace cairn::directory
