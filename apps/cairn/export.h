// Everything that this device can read, as pages and as JSON, for people who want to leave or to keep it on paper.
#pragma once

#include "apps/cairn/speaker.h"

namespace cairn::apps {

/// Text that stands for itself in HTML.
std::string escape_html(std::string_view text);

/// One conversation as a page; `messages` as `read` gives them, and in an attachment `saved_as`, a path beside the
/// page, or `not_saved`, the sentence why. `warning` stands above them, if there is one.
std::string export_page(const std::string& title, const nlohmann::json& messages, const std::string& warning = {});

enum class ExportFiles : std::uint8_t { named, saved };

/// Writes index.html and, of each conversation, NUMBER.html and NUMBER.json into the folder, which is made if it is
/// missing. Nothing of it is encrypted. Files of messages are named, or saved into files-CONVERSATION beside them; one
/// that stands there from an earlier export stays. What the server has no more, or is not there to give, is told in
/// `not_saved`.
Reply export_all(Speaker& speaker, const std::string& folder, ExportFiles files = ExportFiles::named);

std::string render_export(const nlohmann::json& result);

}  // namespace cairn::apps
