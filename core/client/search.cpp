#include "core/client/search.h"

#include "core/base/utf8.h"

namespace cairn::client {
namespace {

constexpr std::size_t kSearchedAtOnce = 1024;

char32_t lower(char32_t c) {
  if (c >= 'A' && c <= 'Z') return c + 0x20;
  if (c < 0xc0) return c;
  if (c <= 0xde && c != 0xd7) return c + 0x20;
  if (c >= 0x391 && c <= 0x3a9) return c + 0x20;
  if (c >= 0x410 && c <= 0x42f) return c + 0x20;
  if (c >= 0x400 && c <= 0x40f) return c + 0x50;
  return c;
}

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) out.push_back(folded(text.substr(at, end - at)));
    at = end + 1;
  }
  return out;
}

}  // namespace

std::string folded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::string_view before = text;
    const auto character = take_character(text);
    if (!character) {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const char32_t low = lower(*character);
    if (low == *character) {
      out += before.substr(0, before.size() - text.size());
    } else {
      append_utf8(out, low);
    }
  }
  return out;
}

Search::Entry Search::entry_of(const ChannelId& home, std::uint64_t index, const Message& message) {
  const bool is_said = message.delivery != Delivery::notice;
  return {home, index, message.time_ms, is_said ? folded(message.text) : std::string()};
}

void Search::open(const StoreView& store) {
  if (std::exchange(is_open_, true)) return;
  for (const Conversation& conversation : conversations_.list(store)) {
    for (std::uint64_t first = 0;;) {
      const auto some = conversations_.messages(store, conversation.channel, first, kSearchedAtOnce);
      for (const auto& one : some) {
        Entry entry = entry_of(conversation.channel, one.index, one.message);
        if (!entry.text.empty()) entries_.push_back(std::move(entry));
      }
      if (some.size() < kSearchedAtOnce) break;
      first = some.back().index + 1;
    }
  }
  std::sort(entries_.begin(), entries_.end());
}

void Search::changed(const ChannelId& home, std::uint64_t index, const Message& message) {
  if (!is_open_) return;
  Entry entry = entry_of(home, index, message);
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), entry);
  const bool is_there = at != entries_.end() && at->home == home && at->index == index;
  if (entry.text.empty()) {
    if (is_there) entries_.erase(at);
  } else if (is_there) {
    *at = std::move(entry);
  } else {
    entries_.insert(at, std::move(entry));
  }
}

std::vector<Search::Hit> Search::find(const StoreView& store, std::string_view words, std::size_t limit,
                                      const std::optional<ChannelId>& home) {
  open(store);
  std::vector<Hit> out;
  const std::vector<std::string> wanted = words_of(words);
  if (wanted.empty()) return out;
  for (const Entry& entry : entries_) {
    if (home && entry.home != *home) continue;
    const bool has_all = std::all_of(wanted.begin(), wanted.end(), [&](const std::string& word) {
      return entry.text.find(word) != std::string::npos;
    });
    if (has_all) out.push_back({entry.home, entry.index, entry.time_ms});
  }
  std::stable_sort(out.begin(), out.end(), [](const Hit& a, const Hit& b) { return a.time_ms > b.time_ms; });
  // What was forgotten meanwhile is found no more.
  std::vector<Hit> still;
  for (const Hit& hit : out) {
    if (still.size() == limit) break;
    if (conversations_.message(store, hit.home, hit.index)) still.push_back(hit);
  }
  return still;
}

void Search::forget_all() {
  entries_.clear();
  is_open_ = false;
}

}  // namespace cairn::client
