#include "apps/cairn/chat/emoji.h"

#include <algorithm>
#include <array>
#include <utility>

namespace cairn::apps::chat {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 40> kEmoji = {{
    {"+1", "👍"},         {"-1", "👎"},       {"100", "💯"},    {"angry", "😠"},    {"cake", "🎂"},
    {"check", "✅"},      {"clap", "👏"},     {"coffee", "☕"}, {"confused", "😕"}, {"cry", "😢"},
    {"eyes", "👀"},       {"fire", "🔥"},     {"flower", "🌸"}, {"grin", "😁"},     {"heart", "❤️"},
    {"hug", "🤗"},     {"joy", "😂"},      {"kiss", "😘"},   {"laugh", "😆"},    {"love", "😍"},
    {"moon", "🌙"},       {"muscle", "💪"},   {"ok", "👌"},     {"party", "🎉"},    {"pray", "🙏"},
    {"question", "❓"},   {"rocket", "🚀"},   {"sad", "😞"},    {"shrug", "🤷"}, {"sleepy", "😴"},
    {"smile", "😄"},      {"star", "⭐"},     {"sun", "🌞"},    {"tada", "🎉"},     {"thinking", "🤔"},
    {"thumbsdown", "👎"}, {"thumbsup", "👍"}, {"wave", "👋"},   {"wink", "😉"},     {"x", "❌"},
}};

}  // namespace

std::string emoji_of(std::string_view typed) {
  if (typed.size() < 3 || typed.front() != ':' || typed.back() != ':') return std::string(typed);
  const std::string_view name = typed.substr(1, typed.size() - 2);
  const auto found = std::ranges::find(kEmoji, name, &std::pair<std::string_view, std::string_view>::first);
  return found == kEmoji.end() ? std::string() : std::string(found->second);
}

}  // namespace cairn::apps::chat
