#include "core/client/file_name.h"

#include <array>
#include <utility>

#include "core/base/check.h"
#include "core/base/utf8.h"

namespace cairn::client {
namespace {

/// An ending is kept when a name is cut, if it is no longer than this.
constexpr std::size_t kMaxEnding = 16;

/// Separators of paths; characters that drive a terminal, turn the direction of writing (Unicode TR9) or cannot be
/// seen.
bool is_harmful_in_name(char32_t c) {
  if (c == U'/' || c == U'\\' || c < 0x20 || (c >= 0x7f && c < 0xa0)) return true;
  constexpr std::pair<char32_t, char32_t> kUnseen[] = {
      {0xad, 0xad},     {0x34f, 0x34f},   {0x61c, 0x61c},   {0x115f, 0x1160}, {0x17b4, 0x17b5},
      {0x180b, 0x180f}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},
      {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff}};
  for (const auto& [first, last] : kUnseen) {
    if (c >= first && c <= last) return true;
  }
  return false;
}

/// The first bytes of a text, at most `most`, without half a character at the end.
std::string_view first_of(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  return text.substr(0, most);
}

/// Where the ending of a name begins, its dot included; the end of the name when it has none.
std::size_t ending_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  const bool has_one = dot != std::string_view::npos && dot > 0 && name.size() - dot <= kMaxEnding;
  return has_one ? dot : name.size();
}

void trim_name(std::string& name) {
  const std::size_t begin = name.find_first_not_of(". ");
  name.erase(0, begin);
  while (!name.empty() && (name.back() == '.' || name.back() == ' ')) name.pop_back();
  if (name.starts_with('-')) name.front() = '_';
}

}  // namespace

std::string clean_file_name(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const std::string_view before = name;
    const auto character = take_character(name);
    if (!character) {
      name.remove_prefix(1);
      out += '_';
    } else if (is_harmful_in_name(*character)) {
      out += '_';
    } else {
      out += before.substr(0, before.size() - name.size());
    }
  }
  trim_name(out);
  if (out.size() > kMaxFileName) {
    const std::string ending = out.substr(ending_of(out));
    out = std::string(first_of(out, kMaxFileName - ending.size())) + ending;
    trim_name(out);
  }
  return out.empty() ? "file" : out;
}

std::string numbered_file_name(const std::string& name, unsigned number) {
  CHECK(number >= 1);
  if (number == 1) return name;
  const std::size_t ending = ending_of(name);
  return name.substr(0, ending) + " (" + std::to_string(number) + ")" + name.substr(ending);
}

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string media_type_of(std::string_view name) {
  constexpr std::pair<std::string_view, const char*> kTypes[] = {{".txt", "text/plain;charset=utf-8"},
                                                                 {".md", "text/markdown"},
                                                                 {".html", "text/html"},
                                                                 {".csv", "text/csv"},
                                                                 {".pdf", "application/pdf"},
                                                                 {".json", "application/json"},
                                                                 {".zip", "application/zip"},
                                                                 {".gz", "application/gzip"},
                                                                 {".png", "image/png"},
                                                                 {".jpg", "image/jpeg"},
                                                                 {".jpeg", "image/jpeg"},
                                                                 {".gif", "image/gif"},
                                                                 {".webp", "image/webp"},
                                                                 {".svg", "image/svg+xml"},
                                                                 {".mp3", "audio/mpeg"},
                                                                 {".ogg", "audio/ogg"},
                                                                 {".opus", "audio/ogg"},
                                                                 {".wav", "audio/wav"},
                                                                 {".mp4", "video/mp4"},
                                                                 {".webm", "video/webm"},
                                                                 {".mkv", "video/matroska"}};
  std::string ending(name.substr(ending_of(name)));
  for (char& c : ending) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const auto& [known, type] : kTypes) {
    if (ending == known) return type;
  }
  return "application/octet-stream";
}

}  // namespace cairn::client
