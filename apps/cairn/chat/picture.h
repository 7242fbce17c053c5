// Small pictures in a terminal: half blocks, each of two pixels, in the 256 colours that most terminals have.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "apps/cairn/chat/screen.h"
#include "shell/images/images.h"

namespace cairn::apps::chat {

constexpr int kPictureColumns = 32;
constexpr int kPictureRows = 12;

/// The picture that came with the file of a message, small enough to be drawn; nothing where there is none, or one that
/// cannot be opened.
std::optional<images::Picture> picture_of(const nlohmann::json& message);
/// In at most so many columns.
std::vector<ScreenRow> rows_of_picture(const images::Picture& picture, int columns);
/// The nearest of xterm's colours 16 to 255: a cube of six levels each, and greys.
int palette_colour(int red, int green, int blue);

}  // namespace cairn::apps::chat
