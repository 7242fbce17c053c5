// Everything that this device can read, as pages and as JSON, for people who want to leave or to keep it on paper.
#pragma once

#include "apps/cairn/speaker.h"

namespace cairn::apps {

/// Text that stands for itself in HTML.
std::string escape_html(std::string_view text);

/// One conversation as a page; `messages` as `read` gives them.
std::string export_page(const std::string& title, const nlohmann::json& messages);

/// Writes index.html and, of each conversation, NUMBER.html and NUMBER.json into the folder, which is made if it is
/// missing. Nothing of it is encrypted.
Reply export_all(Speaker& speaker, const std::string& folder);

}  // namespace cairn::apps
