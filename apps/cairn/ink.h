// Colours, for a person at a terminal alone: what is written into a file or a pipe has none.
#pragma once

#include <cstdint>
#include <string>

namespace cairn::apps {

enum class Ink : std::uint8_t { none, terminal };

/// What to write to a descriptor in. None where it is no terminal, where NO_COLOR is set to anything (no-color.org), or
/// where TERM is "dumb" or not set.
Ink ink_for(int descriptor);

/// What a text is; how that looks is a matter of ink.cpp.
enum class Shade : std::uint8_t { bold, faint, trouble, alarm };

/// The text as it is without ink, else between what switches the shade on and off.
std::string shaded(Ink ink, Shade shade, const std::string& text);

}  // namespace cairn::apps
