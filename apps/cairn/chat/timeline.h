// The messages of one conversation that are known so far, and the part of them that is looked at.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "apps/cairn/chat/screen.h"
#include "shell/images/images.h"

namespace cairn::apps::chat {

/// How names are shown.
struct Names {
  std::string own;                              ///< with its domain; empty while it is not known
  std::map<std::string, std::string> petnames;  ///< by name

  /// What its owner calls them; else the name, without the own domain.
  std::string shown(const std::string& name) const;
};

/// What a message says, with the names of those whom it mentions.
std::string text_shown(const nlohmann::json& message, const Names& names);

/// "14:05", of this machine's time zone.
std::string clock_of(std::uint64_t time_ms);

class Timeline {
 public:
  using Messages = std::map<std::uint64_t, nlohmann::json>;  ///< by index

  /// A message as the RPC tells it, new or changed. What is older than all that was loaded is left for load().
  void put(nlohmann::json message);
  /// The answer to a question for everything from `first` on, up to what was known.
  void load(std::uint64_t first, nlohmann::json messages);
  void clear();
  /// Takes away what has disappeared by then; whether there was any.
  bool forget_expired(std::uint64_t now_ms);
  /// Whether pictures are drawn that came with files; if not, as at first, none is opened.
  void show_pictures(bool on);

  const Messages& messages() const { return messages_; }
  const nlohmann::json* find(std::uint64_t index) const;
  /// Everything with this index or a larger one is here, 0: all.
  std::uint64_t loaded_from() const { return loaded_from_; }

  // ---- what is looked at ----

  /// Rows that fill `size`, as seen from where one has scrolled to; fewer when there are no more.
  std::vector<ScreenRow> rows(Size size, const Names& names) const;
  /// Up (negative) or down by so many rows.
  void scroll(int rows, Size size, const Names& names);
  void to_newest() { bottom_.reset(); }
  bool at_newest() const { return !bottom_; }
  /// Shows this message, which is marked until something else is done.
  void show(std::uint64_t index);
  void unmark() { marked_.reset(); }
  /// Whether the oldest that is loaded is on the screen, and there may be more before it.
  bool wants_older(Size size, const Names& names) const;

 private:
  /// A row of a message, counted from its first one.
  struct Place {
    std::uint64_t index = 0;
    std::size_t row = 0;
  };

  std::vector<ScreenRow> block(Messages::const_iterator at, int columns, const Names& names) const;
  /// The rows that end with the lowest one that is looked at, from the bottom up.
  struct Upward {
    std::vector<ScreenRow> rows;
    std::vector<Place> places;
    bool reaches_top = false;
  };
  Upward upward(std::size_t count, int columns, const Names& names) const;
  void open_picture(std::uint64_t index, const nlohmann::json& message);
  std::optional<Place> below(Place place, int rows, int columns, const Names& names) const;

  Messages messages_;
  bool shows_pictures_ = false;
  std::map<std::uint64_t, images::Picture> pictures_;  ///< by index
  std::uint64_t loaded_from_ = ~std::uint64_t{0};
  std::optional<Place> bottom_;  ///< absent: the newest
  std::optional<std::uint64_t> marked_;
};

/// The rows of one message. `quoted` is what it answers, if that is known.
std::vector<ScreenRow> rows_of_message(const nlohmann::json& message, const nlohmann::json* quoted, bool is_marked,
                                       int columns, const Names& names);

}  // namespace cairn::apps::chat
