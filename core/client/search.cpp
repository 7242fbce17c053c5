#include "core/client/search.h"

#include <algorithm>
#include <map>

#include "core/base/utf8.h"
#include "core/client/attachment.h"
#include "core/client/row_keys.h"
#include "core/client/tables.h"

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

/// Names of the files of a conversation, by the index of their message.
std::map<std::uint64_t, std::string> files_of(const StoreView& store, const ChannelId& home) {
  std::map<std::uint64_t, std::string> out;
  for (const Row& row : store.scan_prefix(tables::kAttachments, home, ~std::size_t{0})) {
    const auto attachment = wire::decode<AttachmentRow>(row.value);
    if (attachment) out.emplace(index_of(row.key), attachment->file.name);
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

Sought::Sought(std::string_view typed) {
  for (std::size_t at = 0; at < typed.size();) {
    const std::size_t end = std::min(typed.find(' ', at), typed.size());
    if (end > at) words_.push_back(folded(typed.substr(at, end - at)));
    at = end + 1;
  }
}

bool Sought::are_in(const std::string& text) const {
  return std::all_of(words_.begin(), words_.end(),
                     [&](const std::string& word) { return text.find(word) != std::string::npos; });
}

Search::Entry Search::entry_of(const ChannelId& home, std::uint64_t index, const Message& message,
                               const std::string& file) {
  Entry out{home, index, message.time_ms, {}};
  if (message.delivery == Delivery::notice) return out;
  out.text = folded(message.text);
  if (!file.empty() && message.shows_file()) out.text += "\n" + folded(file);
  return out;
}

void Search::open(const StoreView& store) {
  if (std::exchange(is_open_, true)) return;
  for (const Conversation& conversation : conversations_.list(store)) {
    const auto files = files_of(store, conversation.channel);
    for (std::uint64_t first = 0;;) {
      const auto some = conversations_.messages(store, conversation.channel, first, kSearchedAtOnce);
      for (const auto& one : some) {
        const auto file = files.find(one.index);
        Entry entry =
            entry_of(conversation.channel, one.index, one.message, file == files.end() ? std::string() : file->second);
        if (!entry.text.empty()) entries_.push_back(std::move(entry));
      }
      if (some.size() < kSearchedAtOnce) break;
      first = some.back().index + 1;
    }
  }
  std::sort(entries_.begin(), entries_.end());
}

void Search::changed(const ChannelId& home, std::uint64_t index) {
  if (is_open_) changed_.emplace(home, index);
}

void Search::take_changes(const StoreView& store) {
  for (const auto& [home, index] : std::exchange(changed_, {})) {
    const auto message = conversations_.message(store, home, index);
    const auto file = attachment_of(store, home, index);
    Entry entry{home, index, 0, {}};
    if (message) entry = entry_of(home, index, *message, file ? file->file.name : std::string());
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
}

std::vector<Search::Hit> Search::find(const StoreView& store, std::string_view words, std::size_t limit,
                                      const std::optional<ChannelId>& home) {
  open(store);
  take_changes(store);
  std::vector<Hit> out;
  const Sought wanted(words);
  if (wanted.empty()) return out;
  for (const Entry& entry : entries_) {
    if (home && entry.home != *home) continue;
    if (wanted.are_in(entry.text)) out.push_back({entry.home, entry.index, entry.time_ms});
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
  changed_.clear();
  is_open_ = false;
}

}  // namespace cairn::client
