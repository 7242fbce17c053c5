// Words found in all that was said: built in memory when it is first asked, and kept up with what changes.
#pragma once

#include "core/client/conversations.h"

namespace cairn::client {

/// How a text is compared: lower case in Latin, Greek and Cyrillic letters; anything else as it is.
std::string folded(std::string_view text);

class Search {
 public:
  explicit Search(const Conversations& conversations) : conversations_(conversations) {}

  struct Hit {
    ChannelId home;
    std::uint64_t index = 0;
    std::uint64_t time_ms = 0;
  };
  /// Messages that have all of these words, each anywhere in them; the newest first, at most `limit`; only those of
  /// `home`, if there is one. Nothing without a word.
  std::vector<Hit> find(const StoreView& store, std::string_view words, std::size_t limit,
                        const std::optional<ChannelId>& home = std::nullopt);
  /// A row came or changed.
  void changed(const ChannelId& home, std::uint64_t index, const Message& message);
  void forget_all();

 private:
  struct Entry {
    ChannelId home;
    std::uint64_t index = 0;
    std::uint64_t time_ms = 0;
    std::string text;

    friend bool operator<(const Entry& a, const Entry& b) {
      return a.home != b.home ? a.home < b.home : a.index < b.index;
    }
  };

  void open(const StoreView& store);
  static Entry entry_of(const ChannelId& home, std::uint64_t index, const Message& message);

  const Conversations& conversations_;
  std::vector<Entry> entries_;  ///< sorted
  bool is_open_ = false;
};

}  // namespace cairn::client
