#include "apps/cairn/mentions.h"

#include <algorithm>

#include "core/client/message_id.h"

namespace cairn::apps {
namespace {

using nlohmann::json;

bool is_of_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-' || c == '@';
}

/// Whether a mention may begin at this @: not in an address, nor in a link.
bool begins_mention(std::string_view text, std::size_t at) {
  if (at == 0) return true;
  const char before = text[at - 1];
  return !is_of_name(before) && before != '[' && before != '/';
}

std::string domain_of(const std::string& name) { return name.substr(std::min(name.find('@'), name.size())); }

/// The name that would be meant by a word: names are ASCII, in small letters.
std::string name_meant(const std::string& word, const std::string& own) {
  std::string name = word.find('@') == std::string::npos ? word + domain_of(own) : word;
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return name;
}

/// As one types it: without the own domain.
std::string as_typed(const std::string& name, const std::string& own) {
  return domain_of(name) == domain_of(own) ? name.substr(0, name.find('@')) : name;
}

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

}  // namespace

std::vector<std::string> mentions_in(std::string_view text, const std::vector<std::string>& names,
                                     const std::string& own) {
  std::vector<std::string> out;
  for (std::size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
    if (!begins_mention(text, at)) continue;
    std::size_t end = at + 1;
    while (end < text.size() && is_of_name(text[end])) ++end;
    std::string word(text.substr(at + 1, end - at - 1));
    const auto is_meant = [&] { return std::ranges::find(names, name_meant(word, own)) != names.end(); };
    // What ends a sentence may end a name, too.
    while (!word.empty() && !is_meant() && std::string_view("._-").find(word.back()) != std::string_view::npos)
      word.pop_back();
    if (is_meant() && std::ranges::find(out, word) == out.end()) out.push_back(std::move(word));
  }
  return out;
}

MentionCompletion complete_mention(std::string_view before, const std::vector<std::string>& names,
                                   const std::string& own) {
  MentionCompletion out;
  std::size_t begin = before.size();
  while (begin > 0 && is_of_name(before[begin - 1])) --begin;
  if (begin == before.size() || before[begin] != '@' || !begins_mention(before, begin)) return out;
  const std::string typed(before.substr(begin + 1));
  for (const std::string& name : names) {
    std::string choice = as_typed(name, own);
    if (name != own && choice.starts_with(typed)) out.choices.push_back(std::move(choice));
  }
  if (out.choices.empty()) return out;
  std::string common = out.choices.front();
  for (const std::string& one : out.choices) common.erase(std::ranges::mismatch(common, one).in1, common.end());
  out.rest = common.substr(typed.size());
  if (out.choices.size() > 1) return out;
  out.rest += ' ';
  out.choices.clear();
  return out;
}

std::string with_mentions_shown(std::string text, const json& mentions,
                                const std::function<std::string(const std::string&)>& shown) {
  for (const json& one : mentions) {
    if (!one.is_string() || one.get<std::string>().find('@') == std::string::npos) continue;
    const std::string uri = client::user_uri(one.get<std::string>());
    const std::string name = "@" + shown(one.get<std::string>());
    replace_all(text, "<" + uri + ">", name);
    const std::string tail = "](" + uri + ")";
    for (std::size_t at = text.find(tail); at != std::string::npos;) {
      const std::size_t open = text.rfind('[', at);
      const bool is_link = open != std::string::npos && text.find_first_of("]\n", open) == at;
      if (is_link) text.replace(open, at + tail.size() - open, name);
      at = text.find(tail, is_link ? open + name.size() : at + 1);
    }
  }
  return text;
}

}  // namespace cairn::apps
