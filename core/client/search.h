// Words found in all that was said, and in the names of files: built in memory when it is first asked, and kept up
// with what changes (docs/spec/client.md s.10).
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/client/conversations.h"

namespace cairn::client {

/// How a text is compared: lower case in Latin, Greek and Cyrillic letters; anything else as it is.
std::string folded(std::string_view text);

/// What somebody looks for.
class Sought {
 public:
  explicit Sought(std::string_view typed);

  bool empty() const { return words_.empty(); }
  /// Whether each of them is anywhere in a text that is folded().
  bool are_in(const std::string& text) const;

 private:
  std::vector<std::string> words_;
};

class Search {
 public:
  explicit Search(const Conversations& conversations) : conversations_(conversations) {}

  struct Hit {
    ChannelId home;
    std::uint64_t index = 0;
    std::uint64_t time_ms = 0;
  };
  /// Messages whose text or file's name has all of these words, each anywhere in it; the newest first, at most `limit`;
  /// only those of `home`, if there is one. Nothing without a word.
  std::vector<Hit> find(const StoreView& store, std::string_view words, std::size_t limit,
                        const std::optional<ChannelId>& home = std::nullopt);
  /// A row came or changed, or is about to, with what belongs to it: it is read when somebody asks.
  void changed(const ChannelId& home, std::uint64_t index);
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
  void take_changes(const StoreView& store);
  /// `file`: the name of what came with it; empty for none.
  static Entry entry_of(const ChannelId& home, std::uint64_t index, const Message& message, const std::string& file);

  const Conversations& conversations_;
  std::vector<Entry> entries_;  ///< sorted
  std::set<std::pair<ChannelId, std::uint64_t>> changed_;
  bool is_open_ = false;
};

}  // namespace cairn::client
