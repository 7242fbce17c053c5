// The recovery key on paper.
#pragma once

#include "apps/cairn/speaker.h"
#include "core/base/secret.h"

namespace cairn::apps {

/// One page of SVG, black on white, that fits A4 and Letter: the key in its groups and as a QR code, whose it is, the
/// day, and what it is for. `key` is what recovery_text() makes: letters, digits and dashes. Everything stands in one
/// file, and nothing is loaded. No part of the key is left in memory by it, but what the library that draws the code
/// works with.
SecretBytes recovery_page(const std::string& key, const std::string& name, const std::string& day);

/// Checks what was typed and writes the page, mode 0600. Refused, with a sentence, for what is no recovery key and
/// where a file is already; then nothing is written. `typed` is wiped.
Reply print_recovery_key(std::string& typed, const std::string& name, const std::string& day, const std::string& file);

/// Whose key it is: the name of this device. `speaker` is asked for it.
Reply name_of_device(Speaker& speaker);

}  // namespace cairn::apps
