// The recovery key on paper.
#pragma once

#include "apps/cairn/speaker.h"
#include "core/base/secret.h"

namespace cairn::apps {

/// What restores a backup without its realms: printed_token_text(), and of which generation it is.
struct PageToken {
  std::uint64_t generation = 0;
  std::string text;
};

/// One page of SVG, black on white, that fits A4 and Letter: the key in its groups and as a QR code, whose it is, the
/// day, what it is for, and the token, if there is one. `key` is what recovery_text() makes: letters, digits and
/// dashes. Everything stands in one file, and nothing is loaded. No part of the key is left in memory by it, but what
/// the library that draws the code works with.
SecretBytes recovery_page(const std::string& key, const std::string& name, const std::string& day,
                          const PageToken* token = nullptr);

/// Checks what was typed and writes the page, mode 0600. Refused, with a sentence, for what is no recovery key and
/// where a file is already; then nothing is written. `typed` is wiped.
Reply print_recovery_key(std::string& typed, const std::string& name, const std::string& day, const std::string& file,
                         const PageToken* token = nullptr);

/// `recovery print`: asks for the key, and writes its page into `file`. `params`: `name`, by default that of this
/// device; `token`, whether the token of its backup is to stand on it, of the one at `from`.
Reply run_recovery_print(const std::string& data_folder, const nlohmann::json& params, const std::string& file);

}  // namespace cairn::apps
