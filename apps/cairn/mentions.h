// "@NAME" in what is written, and how a mention is shown (docs/spec/client.md s.12).
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::apps {

/// Words behind an @ that mean one of these names, as they are typed and each once: what `send` takes as mentions. A
/// name without a domain has that of `own`.
std::vector<std::string> mentions_in(std::string_view text, const std::vector<std::string>& names,
                                     const std::string& own);

/// What the TAB key does where a mention is being written.
struct MentionCompletion {
  std::string rest;                  ///< to be put in behind what is there
  std::vector<std::string> choices;  ///< when more than one name begins so: all of them
};
/// `before`: what stands before the cursor. Nobody mentions `own`.
MentionCompletion complete_mention(std::string_view before, const std::vector<std::string>& names,
                                   const std::string& own);

/// A text in which each link to one of `mentions` (names) stands as "@" and what `shown` makes of that name, whatever
/// the link itself calls them.
std::string with_mentions_shown(std::string text, const nlohmann::json& mentions,
                                const std::function<std::string(const std::string&)>& shown);

}  // namespace cairn::apps
