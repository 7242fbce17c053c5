// Names of files that somebody else chose, made harmless before they are shown or written (docs/spec/client.md s.14).
#pragma once

#include <string>
#include <string_view>

namespace cairn::client {

/// Bytes of a file's name at most: with a number behind it and what a file system allows it still fits.
constexpr std::size_t kMaxFileName = 200;

/// A name for one file of a folder, whatever `name` is: UTF-8 of 1 to kMaxFileName bytes without path separators,
/// characters that are not seen or turn the direction of writing, a dot or a dash at the beginning, and dots or blanks
/// at the end. What is no UTF-8 is replaced. The same again for what is such a name already.
std::string clean_file_name(std::string_view name);

/// "photo (2).png" for the second of that name; `name` itself for the first. `number` is at least 1 (CHECKed).
std::string numbered_file_name(const std::string& name, unsigned number);

/// What stands behind the last "/" of a path.
std::string_view base_name(std::string_view path);

/// A media type by the ending of a name; application/octet-stream where it says nothing.
std::string media_type_of(std::string_view name);

}  // namespace cairn::client
